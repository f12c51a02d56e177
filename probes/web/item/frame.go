package item

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

var (
	crumbName  = regexp.MustCompile(`(?i)breadcrumb|fil-?d-?ariane|ariane|crumbs?\b|pathway|chemin-?navigation|rootline`)
	crumbWords = regexp.MustCompile(`^vous etes ici|^accueil ?[>»/›"]|^you are here`)
	licensed   = regexp.MustCompile(`\b(contenus?|textes?|donnees)\b.{0,120}\bsous (la )?licence\b`)
	skipWords  = regexp.MustCompile(`\b(aller|passer|acceder|sauter|skip|jump)\b.*\b(contenu|content|main|navigation|menu|recherche|pied de page)\b|^(contenu|acces (direct )?au contenu)\b`)
)

// frame finds what helps to get about: bread crumbs, links past the menus.
func (r *reader) frame() {
	r.doc.Find("nav, ol, ul, div, p, span").EachWithBreak(func(i int, s sel) bool {
		n := s.Nodes[0]
		name := attr(n, "class") + " " + attr(n, "id") + " " + attr(n, "aria-label") + " " + attr(n, "itemtype")
		if crumbName.MatchString(foldName(name)) && !hidden(n) && squeeze(textOf(n, 400)) != "" && s.Find("a").Length() > 0 {
			r.addNode(Breadcrumbs, "", n, textOf(n, 300))
			return false
		}
		return i < 8000
	})
	if !r.has(Breadcrumbs) {
		for _, l := range r.lines {
			if l.to-l.from < 200 && crumbWords.MatchString(l.folded) {
				r.add(Breadcrumbs, "", l.from, l.to)
				break
			}
		}
	}
	for _, l := range r.lines {
		if licensed.MatchString(l.folded) {
			r.add(LegalCopyright, "", l.from, l.to)
		}
		if l.to-l.from < 300 && strings.Contains(l.folded, "franceconnect") && l.region != "nav" {
			r.add(FranceConnect, "", l.from, l.to)
		}
	}
	for i, a := range r.anchors {
		if i >= 12 {
			break
		}
		if strings.Contains(a.href, "#") && len(a.folded) < 60 && skipWords.MatchString(a.folded) {
			r.addNode(SkipLink, "", a.node, a.name)
			break
		}
	}
}

func foldName(s string) string { return foldLine(cut(s, 300)) }

// monthNumber is the month that a folded word names, 0 for none. French before English: "mar" is March in both.
func monthNumber(word string) int {
	word = strings.TrimSuffix(word, ".")
	for i, names := range [...]string{"janvier january", "fevrier february", "mars march", "avril april", "mai may", "juin june", "juillet july", "aout august",
		"septembre september", "octobre october", "novembre november", "decembre december"} {
		for name := range strings.FieldsSeq(names) {
			if len(word) >= 3 && strings.HasPrefix(name, word) {
				return i + 1
			}
		}
	}
	return 0
}

// Date is a date in a folded text: "3 mars 2025", "1er mars 2025", "03/03/2025", "2025-03-03".
const datePattern = `(\d{1,2})(?:er)? (jan[a-z]*|fe[bv][a-z]*|mar[a-z]*|a[pv]r[a-z]*|mai|may|jui?[nl][a-z]*|aout|aug[a-z]*|sep[a-z]*|oct[a-z]*|nov[a-z]*|dec[a-z]*)\.? (\d{4})|(\d{1,2}) ?[/.-] ?(\d{1,2}) ?[/.-] ?(\d{4})|(\d{4})-(\d{2})-(\d{2})`

var (
	anyDate     = regexp.MustCompile(datePattern)
	updatedDate = regexp.MustCompile(`\b(?:mis(?:e)? a jour|derniere (?:mise a jour|modification|actualisation)|modifiee? le|actualisee? le|verifiee? le|publiee? le|publication|paru(?:e)? le|poste(?:e)? le|last (?:updated|modified)|updated on|published( on)?)\b[^0-9\n]{0,40}?(?:` + datePattern + `)`)
)

// isoDate reads a match of datePattern, "" where it is no day of the calendar.
func isoDate(s string) string {
	m := anyDate.FindStringSubmatch(s)
	if m == nil {
		return ""
	}
	var y, mo, d int
	switch {
	case m[1] != "":
		d, y = atoi(m[1]), atoi(m[3])
		mo = monthNumber(m[2])
	case m[4] != "":
		d, mo, y = atoi(m[4]), atoi(m[5]), atoi(m[6])
	default:
		y, mo, d = atoi(m[7]), atoi(m[8]), atoi(m[9])
	}
	t := time.Date(y, time.Month(mo), d, 0, 0, 0, 0, time.UTC)
	if mo < 1 || t.Day() != d || y < 1990 || y > 2100 {
		return ""
	}
	return t.Format(time.DateOnly)
}

func atoi(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		return -1 // no day, no month
	}
	return n
}

// dates finds the day on which the page says that it was last changed or published: the latest of those it names.
func (r *reader) dates() {
	best, from, to := "", 0, 0
	for _, m := range updatedDate.FindAllStringIndex(r.folded, 20) {
		if iso := isoDate(r.folded[m[0]:m[1]]); iso > best {
			best = iso
			from, to = r.foldedRange(m[0], m[1])
		}
	}
	if best != "" {
		r.add(Updated, best, from, to)
		return
	}
	if r.dateBelowTitle() {
		return
	}
	r.doc.Find("time, [class*=publi], [class*=date], [class*=posted], [class*=meta], [class*=maj], [itemprop=datePublished], [itemprop=dateModified]").EachWithBreak(func(i int, s sel) bool {
		n := s.Nodes[0]
		said := textOf(n, 300)
		if !dateline(n) || len(said) > 250 || hidden(n) {
			return i < 2000
		}
		for _, text := range []string{attr(n, "datetime"), said, attr(n, "title"), attr(n, "content")} {
			if iso := isoDate(foldLine(text)); iso != "" {
				r.addNode(Updated, iso, n, said)
				return false
			}
		}
		return true
	})
}

// dateBelowTitle files a date that stands alone below a title.
func (r *reader) dateBelowTitle() bool {
	for _, h := range r.headings {
		i := r.lineAt(h.to) + 1
		if h.level != 1 || i >= len(r.lines) {
			continue
		}
		for _, l := range r.lines[i-1 : i+1] {
			m := anyDate.FindStringIndex(l.folded)
			if m == nil || l.from < h.to-1 || m[1]-m[0] < len(l.folded)-12 || l.region == "aside" || strings.Contains(l.folded, "etabli") { // a statement's own date
				continue
			}
			if iso := isoDate(l.folded); iso != "" {
				r.add(Updated, iso, l.from, l.to)
				return true
			}
		}
	}
	return false
}

var datelineClass = regexp.MustCompile(`\b(published|updated|info-?publi|posted-?on|entry-(date|meta)|post-?(date|meta)|date-?(publication|published|maj|modif\w*)|article-?(date|meta|info)|dateline|(date-)?maj|publication-?date|news-(date|list-date)|created|submitted)\b`)

// dateline says whether an element dates the page, and not an event that it tells of: it bears the mark of one, or is
// the time in the head of the article.
func dateline(n *html.Node) bool {
	if p := attr(n, "itemprop"); p == "datePublished" || p == "dateModified" || hasAttr(n, "pubdate") {
		return true
	}
	if region := regionOf(n); region == "footer" || region == "aside" || region == "nav" || cards(n) {
		return false
	}
	class := strings.NewReplacer("_", "-", "--", "-").Replace(strings.ToLower(attr(n, "class")))
	if n.DataAtom == atom.Time {
		class += " " + strings.NewReplacer("_", "-", "--", "-").Replace(strings.ToLower(attr(n.Parent, "class")))
	}
	return datelineClass.MatchString(class) || n.DataAtom == atom.Time && inside(n, atom.Header) && inside(n, atom.Article)
}

// cards says whether the element stands in one of several articles: their dates are those of other pages.
func cards(n *html.Node) bool {
	for p := n; p != nil; p = p.Parent {
		if p.DataAtom == atom.Article || p.DataAtom == atom.Li {
			for _, next := range []*html.Node{sibling(p, false), sibling(p, true)} {
				if next != nil && next.DataAtom == p.DataAtom && (p.DataAtom == atom.Article || strings.Contains(attr(p, "class"), "post") || strings.Contains(attr(p, "class"), "news")) {
					return true
				}
			}
		}
	}
	return false
}

// sibling is the element before or after n.
func sibling(n *html.Node, after bool) *html.Node {
	for {
		if after {
			n = n.NextSibling
		} else {
			n = n.PrevSibling
		}
		if n == nil || n.Type == html.ElementNode {
			return n
		}
	}
}

var (
	languageCode = regexp.MustCompile(`^([a-z]{2,3})(-[a-zA-Z]{2,4})?$`)
	languageName = map[string]string{"francais": "fr", "fr": "fr", "english": "en", "en": "en", "anglais": "en", "gb": "en", "uk": "en", "deutsch": "de", "de": "de", "allemand": "de",
		"espanol": "es", "es": "es", "espagnol": "es", "italiano": "it", "it": "it", "italien": "it", "nederlands": "nl", "nl": "nl", "portugues": "pt", "pt": "pt",
		"brezhoneg": "br", "br": "br", "breton": "br", "euskara": "eu", "eu": "eu", "basque": "eu", "corsu": "co", "co": "co", "catala": "ca", "ca": "ca",
		"elsassisch": "gsw", "gsw": "gsw", "als": "gsw", "occitan": "oc", "oc": "oc", "kreol": "gcf", "gcf": "gcf", "rcf": "rcf", "creole": "gcf", "kreyol": "gcf", "luxembourgish": "lb", "letzebuergesch": "lb"}
)

// languages finds a switch between languages: links next to each other whose names or marks are languages.
func (r *reader) languages() {
	found := map[string]*html.Node{}
	for _, a := range r.anchors {
		code := ""
		if m := languageCode.FindStringSubmatch(attr(a.node, "hreflang")); m != nil {
			code = m[1]
		} else if m := languageCode.FindStringSubmatch(attr(a.node, "lang")); m != nil && len(a.folded) < 30 {
			code = m[1]
		}
		name := strings.Trim(a.folded, " ()[]|")
		if c, ok := languageName[name]; ok && code == "" {
			code = c
		}
		if code != "" && len(a.folded) < 40 && a.href != "" && found[code] == nil {
			found[code] = a.node
		}
	}
	if len(found) == 0 {
		return
	}
	own := ""
	if m := languageCode.FindStringSubmatch(attr(r.doc.Find("html").Nodes[0], "lang")); m != nil {
		own = m[1]
	}
	if len(found) == 1 && found[own] != nil {
		return // one link to the language that the page is in already is no switch
	}
	if own != "" && found[own] == nil {
		for _, n := range found { // the language that is switched on is often no link
			found[own] = n
			break
		}
	}
	codes := make([]string, 0, len(found))
	for c := range found {
		codes = append(codes, c)
	}
	slices.Sort(codes)
	for _, c := range codes {
		r.addNode(Language, c, found[c], nameOf(found[c]))
	}
}
