package item

import (
	"net/url"
	"regexp"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// anchor is a link or a button that a citizen can use.
type anchor struct {
	node   *html.Node
	href   string
	host   string // of an absolute address, lower case
	name   string // what it says: its text, label, picture's alternative or title
	folded string
	at     int // where its text stands, -1 where it has none
}

const maxAnchors = 3000

func (r *reader) readAnchors() []anchor {
	starts := map[*html.Node]int{}
	for _, run := range r.runs {
		for p := run.node; p != nil; p = p.Parent {
			if p.DataAtom == atom.A || p.DataAtom == atom.Button {
				if _, known := starts[p]; !known {
					starts[p] = run.from
				}
				break
			}
		}
	}
	var out []anchor
	for _, n := range r.doc.Find("a[href], button, [role=button], [role=link], area[href]").Nodes {
		if len(out) >= maxAnchors {
			break
		}
		if hidden(n) && !inMenu(n) {
			continue
		}
		a := anchor{node: n, href: strings.TrimSpace(cut(attr(n, "href"), 2000)), at: -1}
		if at, ok := starts[n]; ok {
			a.at = at
		}
		if u, err := url.Parse(a.href); err == nil {
			a.host = strings.ToLower(u.Hostname())
		}
		a.name = nameOf(n)
		a.folded = foldLine(cut(a.name, 300))
		out = append(out, a)
	}
	return out
}

// nameOf is what a link says: label, text, alternatives of its pictures, title.
func nameOf(n *html.Node) string {
	if s := squeeze(attr(n, "aria-label")); s != "" {
		return s
	}
	s := squeeze(textOf(n, 1000))
	var pictures func(*html.Node)
	pictures = func(n *html.Node) {
		for c := n.FirstChild; c != nil && len(s) < 300; c = c.NextSibling {
			if c.DataAtom == atom.Img {
				s = squeeze(s + " " + attr(c, "alt"))
			} else if l := attr(c, "aria-label"); l != "" && c.Type == html.ElementNode {
				s = squeeze(s + " " + l)
			}
			pictures(c)
		}
	}
	pictures(n)
	if s == "" {
		s = squeeze(attr(n, "title"))
	}
	return s
}

// offer is something that a link offers: its words decide, or where it leads.
type offer struct {
	code  Code
	words *regexp.Regexp // of the folded name
	where *regexp.Regexp // of the folded address
	most  int            // octets that the name may have: a headline is no offer
}

func words(s string) *regexp.Regexp { return regexp.MustCompile(`(?:` + s + `)`) }

var offers = []offer{
	{Appointment, words(`\b(prendre|prenez|prise de|reserver|demander|fixer)( un| votre| mon)? (rendez-?vous|rdv)\b|\b(rendez-?vous|rdv) en ligne\b|\b(book|make) an? appointment`),
		words(`rdv360|clicrdv|synbird|rdv-service-public|rdv-solidarites|doctolib\.|rendezvousonline|rdvasso|smartagenda|troov|/rendez-vous|/rdv\b|prendre-rdv`), 90},
	{Procedure, words(`\b(demarches?|demandes?|services?|inscriptions?|paiements?|declarations?|formulaires?|guichet) (administratives? )?en ligne\b|\b(portail|espace) (famille|citoyen|usagers?|parents?)\b|` +
		`\bteleservices?\b|\bguichet (numerique|virtuel|unique)\b|\b(payer|regler|paie[rz]|payez|souscrire|inscrire|reinscrire|declarer|demander|reserver|transmettre|deposer|commander|signaler|renouveler) .{0,40}en ligne\b|\bfaire (ma|une|votre|vos) (demande|demarche)s?\b|\bdemander (un|une|en ligne)\b.*(acte|extrait|copie|carte|passeport)|` +
		`\bkiosque famille\b|\b(apply|pay|request) online\b|\bonline (services?|procedures?)\b|\bcommencer la demarche\b|\bje fais ma demarche\b|\bdemarrer la demarche\b|\bservices? en ligne\b`),
		words(`(service-public\.(fr|gouv\.fr)/(particuliers/)?.+)|demarches-simplifiees|demarche\.numerique|ants\.gouv|immatriculation\.ants|passeport\.ants|predemande-cni|tipi\.budget|payfip|` +
			`portail-familles?|espace-citoyens?|espacecitoyen|monespacefamille|mesdemarches|guichet-unique|teleservice|demarches-en-ligne|mon-compte-famille|gnau|maprocuration`), 120},
	{FranceConnect, words(`\bfranceconnect\+?\b`), words(`franceconnect`), 120},
	{Feedback, words(`\bje donne mon avis\b|\bdonne(r|z) (mon|votre|son) avis\b|\bservices publics ?(\+|plus)(\W|$)`), words(`jedonnemonavis|plus\.transformation\.gouv|services-publics-plus|servicespublicsplus`), 90},
	{SiteMapLink, words(`\bplan (du|de) (site|ce site)\b|^plan$|\bsite ?map\b|^sommaire du site$`), words(`/(plan-?du-?site|plan-?site|sitemap)\b`), 40},
	{LegalLink, words(`\b(mentions?|informations?) legales?\b|\binfos? legales?\b|\blegal (notices?|information|mentions)\b|\bimpressum\b|^legal$`), words(`/(mentions?-?legales?|legal-?notice|infos?-legales)|/legal(\.\w+)?/?$`), 90},
	{PrivacyLink, words(`\b(donnees? (personnelles?|a caractere personnel)|protection des donnees|(politique|charte) (de )?(confidentialite|protection|vie privee)|confidentialite|vie privee|rgpd|privacy|datenschutz)\b`),
		words(`/(donnees-personnelles|politique-de-confidentialite|politique-confidentialite|confidentialite|rgpd|privacy|protection-des-donnees|vie-privee)`), 90},
	{CookiesLink, words(`\b(cookies?|traceurs)\b`), words(`/(gestion-des-)?cookies?\b|#cookies|/gestion-cookies`), 60},
	{AccessibilityLink, words(`\baccessibilite( numerique| du site| web)?( ?: ?(non|partiellement|totalement)? ?conforme)?$|\baccessibilite ?: |^(site )?(non|partiellement|totalement) conforme|\bdeclaration (d'|de l')?accessibilite\b|\baccessibility( statement)?$|\brgaa\b`),
		words(`/(declaration-)?(d-)?accessibilite(-numerique)?(\.\w+)?/?$|/accessibility(-statement)?/?$|/declaration-(d-?)?accessibilite|/accessibilite-numerique`), 90},
	{SocialLinks, nil, words(`^(https?:)?//([a-z0-9-]+\.)?(facebook|twitter|x|instagram|linkedin|youtube|mastodon|bsky|tiktok|panneaupocket|threads|pouet|flickr|snapchat)\.[a-z]+/`), 200},
	{Map, words(`\b(voir|afficher|ouvrir|consulter|localiser|situer).{0,30}\b(plan|carte)\b|\b(plan d'acces|itineraire|google maps|openstreetmap|plan interactif|carte interactive)\b|\bvoir sur la carte\b|\b(view|show|find us|see) (us )?(on )?(the |a )?map\b`),
		words(`openstreetmap\.org|osm\.org|//maps?\.[a-z]+/|google\.[a-z.]+/maps|maps\.google|goo\.gl/maps|maps\.app\.goo|umap\.|macarte\.|^geo:|cartes\.gouv|geoportail`), 90},
	{DeafRelay, words(`\b(acceo|rogervoice|sourdline|elioz|deafi|tadeo|roger voice)\b|\b(sourds?|malentendant[es]*|lsf|langue des signes)\b`), words(`acce-o\.|acceo|rogervoice|sourdline|elioz|deafi\.|service-pour-sourds`), 120},
	{Feed, words(`\b(flux )?rss\b|\bflux atom\b`), words(`(/|\.|=)(rss|atom|feed)(\.xml|\.php|/?$|\?|/)|backend\.php|page=backend|/flux-rss`), 60},
}

// links finds what links offer.
func (r *reader) links() {
	for _, a := range r.anchors {
		where := strings.ToLower(a.href)
		for _, o := range offers {
			if o.code == SocialLinks && shares(a, where) {
				continue
			}
			named := o.words != nil && len(a.folded) <= o.most && a.folded != "" && o.words.MatchString(a.folded)
			if named || o.where != nil && where != "" && o.where.MatchString(where) {
				if o.code == Procedure && !named && strings.HasPrefix(where, "#") {
					continue
				}
				r.addNode(o.code, "", a.node, a.name)
				if o.code == AccessibilityLink {
					r.level(a.folded, func(l string) { r.addNode(Level, l, a.node, a.name) })
				}
			}
		}
	}
	r.doc.Find(`link[rel~=alternate][type="application/rss+xml"], link[rel~=alternate][type="application/atom+xml"]`).Each(func(_ int, s sel) { r.addNode(Feed, "", s.Nodes[0], attr(s.Nodes[0], "title")) })
	r.doc.Find("iframe[src], [class*=leaflet-container], [class*=google-map], [id*=map] canvas, [data-src*=map]").EachWithBreak(func(_ int, s sel) bool {
		src := strings.ToLower(attr(s.Nodes[0], "src"))
		if (src == "" || mapFrame.MatchString(src)) && !hidden(s.Nodes[0].Parent) {
			r.addNode(Map, "", s.Nodes[0], attr(s.Nodes[0], "title"))
			return false
		}
		return true
	})
}

var (
	mapFrame = regexp.MustCompile(`openstreetmap\.org|google\.[a-z.]+/maps|maps\.google|umap\.|geoportail|carte`)
	sharing  = regexp.MustCompile(`sharer|share\?|intent/tweet|/share/?|sharearticle|sharing`)
	sharingW = regexp.MustCompile(`\bpartage[rz]?\b|\bshare\b`)
)

// shares says whether a link passes the page on, instead of leading to the body's own account.
func shares(a anchor, where string) bool {
	return sharing.MatchString(where) || sharingW.MatchString(a.folded)
}
