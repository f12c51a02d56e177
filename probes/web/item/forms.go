package item

import (
	"regexp"
	"strings"

	"github.com/PuerkitoBio/goquery"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

type sel = *goquery.Selection

var (
	searchWords     = regexp.MustCompile(`\b(recherche[rz]?|search|rechercher|suche)\b`)
	searchName      = regexp.MustCompile(`(?i)^(q|s|query|search|recherche|searchword|search_block_form|keys|keywords?|mots?|motcle|texte?)$|\[(sword|q)\]`)
	newsletterWords = regexp.MustCompile(`\b(newsletters?|lettre d'(information|infos?|actualites?)|infolettre|abonne[rz]|s'abonner|inscrivez-vous a|je m'abonne|alertes? (mail|sms))\b`)
	commentWords    = regexp.MustCompile(`\b(laisser un commentaire|votre commentaire|poster le commentaire|commentaires?|ajouter un commentaire|leave a (reply|comment))\b`)
	messageWords    = regexp.MustCompile(`\b(messages?|demande|question|objet|commentaires?|texte|precisez|remarques?|contenu|description|ecri(re|vez))\b`)
	captchaHTML     = regexp.MustCompile(`(?i)g-recaptcha|h-captcha|hcaptcha|cf-turnstile|frc-captcha|friendly-?captcha|captchetat|recaptcha|captcha`)
	captchaWords    = regexp.MustCompile(`\b(captcha|anti-?(spam|robots?)|recopie[rz] (le|les|ce)|je ne suis pas un robot|combien (font|fait)|code de securite|verification humaine|question de securite)\b|\b\d+ ?[+x*] ?\d+ ?= ?\??`)
	propose         = regexp.MustCompile(`\b(petition|sondage|questionnaire)\b`)
)

// forms finds what the page's forms are for.
func (r *reader) forms() {
	var inputs []*html.Node
	r.doc.Find("form").Each(func(i int, s sel) {
		if i < 50 {
			r.form(s)
		}
	})
	// Some pages have a search box or a message box without a form around it.
	r.doc.Find("input, textarea").Each(func(_ int, s sel) {
		n := s.Nodes[0]
		if len(inputs) < 300 && !inside(n, atom.Form) && !hidden(n.Parent) {
			inputs = append(inputs, n)
		}
	})
	for _, n := range inputs {
		if n.DataAtom == atom.Input && (attr(n, "type") == "search" || searchName.MatchString(attr(n, "name")) && (attr(n, "type") == "" || attr(n, "type") == "text") ||
			closestRole(n, "search")) {
			r.addNode(Search, "", n, r.labelOf(n))
		}
	}
	r.looseForm(inputs)
}

// looseForm finds a contact form of a page that is built by script, without a form element.
func (r *reader) looseForm(inputs []*html.Node) {
	for _, n := range inputs {
		if n.DataAtom != atom.Textarea {
			continue
		}
		for p, up := n.Parent, 0; p != nil && up < 5; p, up = p.Parent, up+1 {
			s := goquery.NewDocumentFromNode(p)
			if s.Find("button, input[type=submit], [role=button]").Length() > 0 && s.Find("input").Length() > 0 {
				r.judgeContact(s.Selection, n)
				return
			}
		}
	}
}

func (r *reader) form(s sel) {
	n := s.Nodes[0]
	if hidden(n) && !inMenu(n) {
		return
	}
	said := foldLine(cut(textOf(n, 6000)+" "+attr(n, "aria-label")+" "+attr(n, "title"), 6000))
	var texts, areas, passwords []*html.Node
	s.Find("input, textarea").Each(func(_ int, f sel) {
		x := f.Nodes[0]
		kind := strings.ToLower(attr(x, "type"))
		switch {
		case invisible(x) && x.DataAtom != atom.Textarea, kind == "hidden", kind == "submit", kind == "button", kind == "image", kind == "reset":
		case x.DataAtom == atom.Textarea:
			if !honeypot(x) {
				areas = append(areas, x)
			}
		case kind == "password":
			passwords = append(passwords, x)
		case kind == "" || kind == "text" || kind == "search" || kind == "email" || kind == "tel":
			texts = append(texts, x)
		}
	})
	if len(passwords) > 0 {
		return
	}
	if len(areas) > 0 {
		r.judgeContact(s, areas[0])
		return
	}
	if len(texts) == 0 {
		return
	}
	method := strings.ToLower(attr(n, "method"))
	for _, x := range texts {
		if strings.ToLower(attr(x, "type")) == "search" || closestRole(n, "search") || attr(n, "role") == "search" ||
			len(texts) <= 2 && (searchName.MatchString(attr(x, "name")) || method != "post" && searchWords.MatchString(foldLine(r.labelOf(x)+" "+said))) {
			if !newsletterWords.MatchString(said) {
				r.addNode(Search, "", n, squeezeOr(r.labelOf(x), "search form"))
				return
			}
		}
	}
	mail := false
	for _, x := range texts {
		mail = mail || strings.EqualFold(attr(x, "type"), "email") || mailName.MatchString(attr(x, "name")+" "+attr(x, "id")+" "+attr(x, "placeholder"))
	}
	about := said + " " + foldLine(attr(n, "id")+" "+attr(n, "class")+" "+attr(n, "action")) + " " + r.headingBefore(n)
	if mail && len(texts) <= 3 && newsletterWords.MatchString(about) {
		r.addNode(Newsletter, "", n, said)
	}
}

var mailName = regexp.MustCompile(`(?i)mail|courriel|adresse`)

// headingBefore is the heading under which an element without text of its own stands.
func (r *reader) headingBefore(n *html.Node) string {
	at, ok := r.formAt[n]
	if !ok || len(r.lines) == 0 {
		return ""
	}
	s := strings.Join(r.over(at)[:min(1, len(r.over(at)))], " ")
	if l := r.lineAt(at); l > 0 && r.lines[l-1].to-r.lines[l-1].from < 200 {
		s += " " + r.lines[l-1].folded
	}
	return s
}

// judgeContact says whether a form with a box for a message writes to the body: not one that comments, signs or searches.
func (r *reader) judgeContact(s sel, area *html.Node) {
	n := s.Nodes[0]
	said := foldLine(cut(textOf(n, 6000), 6000))
	about := foldLine(strings.Join([]string{attr(n, "id"), attr(n, "class"), attr(n, "action"), attr(n, "name"), attr(area, "id"), attr(area, "name")}, " "))
	if commentForm.MatchString(about) || commentWords.MatchString(said) && !strings.Contains(about, "contact") && !messageWords.MatchString(strings.ReplaceAll(said, "commentaire", "")) {
		return
	}
	if propose.MatchString(said) && !strings.Contains(about, "contact") {
		return
	}
	r.addNode(ContactForm, "", n, squeezeOr(r.labelOf(area), said))
	var markup strings.Builder
	s.Find("[class], [id], [src], [name]").EachWithBreak(func(i int, x sel) bool {
		for _, a := range []string{"class", "id", "src", "name"} {
			markup.WriteString(attr(x.Nodes[0], a) + " ")
		}
		return i < 500 && markup.Len() < 50_000
	})
	if captchaHTML.MatchString(markup.String()) || captchaWords.MatchString(said) {
		r.addNode(Captcha, "", n, captchaWords.FindString(said))
	}
}

var commentForm = regexp.MustCompile(`\bcomment(form|s|-form|-respond)?\b|respond|\bforum\b|formulaire_forum`)

// honeypot says whether a field is there for robots alone.
func honeypot(n *html.Node) bool {
	for p := n; p != nil; p = p.Parent {
		if p.Type == html.ElementNode && p.DataAtom != atom.Textarea && invisible(p) {
			return true
		}
	}
	return hasAttr(n, HiddenMark) || hasAttr(n, "hidden") || attr(n, "tabindex") == "-1" && attr(n, "aria-hidden") == "true"
}

func closestRole(n *html.Node, role string) bool {
	for p := n; p != nil; p = p.Parent {
		if attr(p, "role") == role || role == "search" && p.Data == "search" && p.Type == html.ElementNode {
			return true
		}
	}
	return false
}

// labelOf is what a field is called.
func (r *reader) labelOf(n *html.Node) string {
	for _, a := range []string{"aria-label", "placeholder", "title"} {
		if s := squeeze(attr(n, a)); s != "" {
			return s
		}
	}
	if id := attr(n, "id"); plainName(id) {
		if s := squeeze(r.doc.Find(`label[for="` + id + `"]`).First().Text()); s != "" {
			return cut(s, maxPassage)
		}
	}
	for p := n.Parent; p != nil; p = p.Parent {
		if p.DataAtom == atom.Label {
			return cut(squeeze(textOf(p, 300)), maxPassage)
		}
	}
	return attr(n, "name")
}

var (
	cookieBox    = regexp.MustCompile(`(?i)cookie|consent|tarteaucitron|axeptio|didomi|onetrust|orejime|cky-|cmplz|rgpd|gdpr|klaro|moove`)
	cookieAccept = regexp.MustCompile(`\b(tout accepter|accepter( tout| les cookies| et fermer)?|j'accepte|ok|d'accord|autoriser|accept( all)?|allow( all)?|i agree|j'ai compris|compris)\b`)
	cookieRefuse = regexp.MustCompile(`\b(tout refuser|refuser( tout| les cookies)?|je refuse|continuer sans accepter|interdire( tous les cookies)?|decliner|non merci|reject( all)?|decline|deny|refuse)\b`)
	cookieWords  = regexp.MustCompile(`\b(cookies?|traceurs?)\b`)
)

// banner finds a cookie banner and whether it can be refused where it can be accepted.
func (r *reader) banner() {
	var box *html.Node
	r.doc.Find("div, section, aside, dialog, form, footer, p").EachWithBreak(func(i int, s sel) bool {
		n := s.Nodes[0]
		name := attr(n, "id") + " " + attr(n, "class") + " " + attr(n, "aria-label") + " " + attr(n, "aria-labelledby") + " " + attr(n, "role")
		dialog := attr(n, "role") == "dialog" || attr(n, "role") == "alertdialog" || n.DataAtom == atom.Dialog
		if (cookieBox.MatchString(name) || dialog) && !hidden(n) {
			said := foldLine(textOf(n, 3000))
			if cookieWords.MatchString(said) && len(said) < 2500 && r.controls(n, cookieAccept) != nil {
				box = n
				return false
			}
		}
		return i < 5000
	})
	if box == nil {
		return
	}
	r.addNode(CookieBanner, "", box, textOf(box, 400))
	if no := r.controls(box, cookieRefuse); no != nil {
		r.addNode(CookieRefuse, "", no, nameOf(no))
	}
}

// controls is the first control below a node whose name matches.
func (r *reader) controls(n *html.Node, name *regexp.Regexp) *html.Node {
	var found *html.Node
	goquery.NewDocumentFromNode(n).Find("button, a, input[type=button], input[type=submit], [role=button]").EachWithBreak(func(i int, s sel) bool {
		x := s.Nodes[0]
		said := foldLine(cut(nameOf(x)+" "+attr(x, "value"), 200))
		if len(said) < 60 && name.MatchString(said) && !hidden(x) {
			found = x
			return false
		}
		return i < 50
	})
	return found
}
