package check

import (
	"path"
	"regexp"
	"strings"
	"unicode"

	"github.com/sonde-fleet/sonde/internal/fold"
	"github.com/sonde-fleet/sonde/probes/web/finding"
)

// words is a folded text without its punctuation.
func words(s string) string {
	return strings.Join(strings.FieldsFunc(fold.Text(s), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '\'' }), " ")
}

func set(list string) map[string]bool {
	m := map[string]bool{}
	for s := range strings.SplitSeq(list, "|") {
		m[s] = true
	}
	return m
}

// What says nothing, folded, in French, English, German, Spanish, Italian and Dutch.
var (
	vagueLinks = set("ici|la|cliquez ici|cliquer ici|clique ici|cliquez la|en savoir plus|savoir plus|plus|plus d'infos|plus d'informations|plus d'info|lire|lire plus|lire la suite|la suite|suite|voir|voir plus|voir la suite|voir tout|decouvrir|en voir plus|details|detail|lien|ce lien|suivez ce lien|suivre ce lien|acceder|aller|go|ok|telecharger|consulter|cette page|page|info|infos|" +
		"here|click here|click|this|this link|link|more|more info|more information|read more|learn more|find out more|see more|view more|view|details|continue|continue reading|read on|download|go here|info|start|full story|this page|see all|" +
		"hier|hier klicken|klicken sie hier|mehr|weiterlesen|mehr erfahren|weiter|mehr infos|aqui|haga clic aqui|pulse aqui|mas|leer mas|ver mas|saber mas|qui|clicca qui|leggi|leggi tutto|di piu|scopri|continua|klik hier|lees meer|meer|verder lezen|meer informatie")
	// alone says nothing without its sentence, and something in it.
	vagueAlone   = set("html|epub|pdf|this product|ce produit|cet article|ce document|this document|this article|ce formulaire|this form|ce service")
	vagueTitles  = set("untitled|untitled document|untitled page|document|document sans titre|sans titre|page sans titre|new page|nouvelle page|new document|nouveau document|page|page 1|page1|index|home page title|title|titre|titre de la page|page title|test|welcome|bienvenue|webpage|web page|site|site web|website|default|untitled 1|hello world|react app|vite app|my site|mon site|wordpress|enter title here|insert title here|document title|no title|todo")
	vagueHeads   = set("titre|heading|title|untitled|sans titre|texte|text|section|h1|h2|h3|lorem ipsum|header|rubrique|sous titre|subtitle|sub heading|subheading|introduction text|block|bloc|titre 1|titre 2|heading 1|heading 2|new section|nouvelle section|test|xxx")
	vagueLabels  = set("menu|info|infos|champ|champ 1|field|field 1|input|texte|text|label|saisie|valeur|value|entrer|enter|form|formulaire|zone de texte|textbox|text field|text box|zone|question|select|choix|option|etiquette|libelle|data|donnee|here|ici|x|a|b|1|2")
	vagueButtons = set("bouton|button|ok|submit query|cliquez ici|click here|click|cliquer|go|x|btn|bouton 1|button 1|action|here|ici|more|plus|untitled")
	vagueFrames  = set("frame|iframe|cadre|untitled|sans titre|contenu|content|frame1|frame 1|iframe 1|page|title|titre|untitled document|blank|vide|embed|widget|external content|contenu externe|google|main|left|right|top|bottom|test")
	vagueAlts    = set("image|images|img|photo|photos|picture|pic|graphic|graphique|logo|icon|icone|illustration|visuel|vignette|thumbnail|banniere|banner|spacer|blank|photo 1|image 1|image1|img1|untitled|sans titre|alt|alt text|alternative text|texte alternatif|texte alternatif de l'image|description|image description|description de l'image|placeholder|capture|capture d'ecran|screenshot|bullet|puce|fleche|arrow|temp|todo|null|undefined|none|n a|na|test|x|xxx|chart|graph|diagram|schema|map|carte")
	fileName     = regexp.MustCompile(`(?i)^[\w %().+-]+\.(jpe?g|png|gif|svg|webp|bmp|tiff?|avif|ico)$|^(img|dsc|dscn|dscf|pict|p\d|image|photo|screenshot|capture|scan|wp|pxl|mvimg)[ _-]?\d{2,}([ _-]\w+)*$`)
	spokenFile   = regexp.MustCompile(`(?i)^(image|photo(graphie)?|picture|pic|graphic|illustration|icon|ic[oô]ne|photo) (of|de|du|des|d'|d’|showing|representing|repr[eé]sentant|montrant)\b`)
	bareAddress  = regexp.MustCompile(`(?i)^(https?://|www\.)\S+$`)
	newWindow    = regexp.MustCompile(`(?i)nouvel(le)?s? (fen[eê]tre|onglet|page)|autre (fen[eê]tre|onglet)|new (window|tab)|neue[sn]? (fenster|tab)|nueva (ventana|pesta)|nuova (finestra|scheda)|nieuw (venster|tabblad)|site externe|external (site|link)|lien externe|\((externe|external)\)`)
	fileFormat   = regexp.MustCompile(`(?i)\b(pdf|docx?|xlsx?|pptx?|od[tsp]|rtf|zip|csv|epub|word|excel|powerpoint|opendocument|writer|calc|html?|png|jpe?g|gif|webp|svg|json|xml|parquet|txt|eml|ics|vcf|mp3|mp4|wav|ogg|webm|tar|gz|7z|dwg|shp|gpx|kml)\b`)
	fileSize     = regexp.MustCompile(`(?i)\b\d+([.,]\d+)?\s?(o|ko|mo|go|kio|mio|b|kb|mb|gb|kib|mib|octets|bytes)\b`)
	ascii        = regexp.MustCompile(`^[\s_/\\|()<>^~*=+#@.,:;'"` + "`" + `-]{12,}$|(?:[_/\\|()<>^~*=+#@]{2,}\s+){4,}`)
	emoticon     = regexp.MustCompile(`(?:^|\s)(?:[:;=8][-']?[)(DPpoO/\\|]|<3|\^\^|:'\()(?:\s|$|[.,!])`)
)

// judge words what the page's texts deserve.
func judge(l string, s *seen) []finding.Finding {
	j := &judging{page: l, s: s, told: map[string]int{}}
	j.languages()
	for i := range s.Texts {
		j.text(&s.Texts[i])
	}
	return j.out
}

type judging struct {
	page string
	s    *seen
	out  []finding.Finding
	told map[string]int
}

// perRule is how many texts of one rule are told of on one page.
const perRule = 20

func (j *judging) tell(id string, outcome finding.Outcome, p *passage, detail string) {
	if j.told[id]++; j.told[id] > perRule {
		return
	}
	f := byID()["sonde-"+id].New(j.page, outcome, p.Selector, p.Snippet, detail)
	f.Rect = p.Rect
	j.out = append(j.out, f)
}

func (j *judging) failed(id string, p *passage, detail string) {
	j.tell(id, finding.Failed, p, detail)
}
func (j *judging) review(id string, p *passage, detail string) {
	j.tell(id, finding.Review, p, detail)
}

func (j *judging) text(p *passage) {
	f := words(p.Text)
	short := p.Text
	if len(short) > 80 {
		short = short[:80]
	}
	switch p.Kind {
	case "title":
		j.title(p, f)
	case "link":
		j.link(p, f, short)
	case "new-window":
		if !newWindow.MatchString(p.Text) {
			j.failed("new-window", p, "")
		}
	case "file":
		j.file(p)
	case "heading":
		if vagueHeads[f] {
			j.failed("heading-vague", p, short)
		}
	case "label":
		if vagueLabels[f] {
			j.failed("label-vague", p, short)
		}
	case "legend":
		if vagueLabels[f] || f == "legend" || f == "legende" || f == "fieldset" {
			j.failed("legend-vague", p, short)
		}
	case "button":
		if vagueButtons[f] && f != "ok" && f != "go" {
			j.failed("button-vague", p, short)
		} else if vagueButtons[f] {
			j.review("button-vague", p, short)
		}
	case "frame":
		if vagueFrames[f] || bareAddress.MatchString(p.Text) || f != "" && strings.HasPrefix(strings.ToLower(path.Base(p.Href)), strings.ReplaceAll(f, " ", "")) && strings.Contains(p.Text, ".") {
			j.failed("frame-vague", p, short)
		}
	case "caption":
		if vagueHeads[f] || f == "tableau" || f == "table" || f == "caption" || f == "legende" || f == "tableau 1" || f == "table 1" {
			j.failed("caption-vague", p, short)
		}
	case "alt":
		j.alt(p, f, short)
	case "lang":
		j.part(p)
	case "part":
		j.foreign(p)
	case "short":
		if rtl, sure := rightToLeft(p.Text); sure && rtl && p.Dir == "ltr" {
			j.failed("direction", p, "")
		}
	case "sentence":
		j.sentence(p)
	}
}

func (j *judging) title(p *passage, f string) {
	address, sure := addressTitle(p.Text)
	switch {
	case vagueTitles[f], sure, fileName.MatchString(p.Text), isUnwritten(f):
		j.failed("title-vague", p, p.Text)
	case address:
		j.review("title-vague", p, p.Text)
	case p.Text != "" && len([]rune(f)) < 3:
		j.review("title-vague", p, p.Text)
	}
}

func (j *judging) link(p *passage, f, short string) {
	switch {
	case vagueLinks[f]:
		rest := strings.TrimSpace(strings.Replace(words(p.Context), f, "", 1))
		if len(strings.Fields(rest)) < 3 {
			j.failed("link-vague", p, short)
		}
		j.failed("link-vague-alone", p, short)
	case bareAddress.MatchString(p.Text) && len(p.Text) > 30:
		j.review("link-vague", p, short)
	case vagueAlone[f]:
		j.failed("link-vague-alone", p, short)
	}
}

func (j *judging) file(p *passage) {
	all := p.Text + " " + p.Context
	format, size := fileFormat.MatchString(all), fileSize.MatchString(all)
	switch {
	case format && size:
	case !format && !size:
		j.failed("file-format", p, "")
	default:
		j.review("file-format", p, "")
	}
}

func (j *judging) alt(p *passage, f, short string) {
	stem := strings.ToLower(strings.TrimSuffix(p.Href, path.Ext(p.Href)))
	text := strings.ToLower(p.Text)
	switch {
	case vagueAlts[f], isUnwritten(f), fileName.MatchString(p.Text), p.Href != "" && (text == strings.ToLower(p.Href) || len(stem) > 3 && text == stem && strings.ContainsAny(stem, "_-0123456789")):
		j.failed("alt-vague", p, short)
	case spokenFile.MatchString(p.Text):
		j.review("alt-vague", p, short)
	}
}

// languages holds the page's language against what it says.
func (j *judging) languages() {
	page := &j.s.Page
	p := &passage{Selector: "html", Snippet: `<html lang="` + page.Lang + `">`}
	if found, yes := j.whole(); yes {
		j.failed("page-language", p, page.Lang+" / "+found)
	}
	if rtl, sure := rightToLeft(page.Text); sure && rtl != (page.Dir == "rtl") && len(page.Text) > 40 {
		j.failed("direction", p, "")
	}
}

// whole says whether the page as a whole is in another language than it says. One passage that is in the declared one
// shows that it is not: then the others are foreign.
func (j *judging) whole() (found string, yes bool) {
	page := &j.s.Page
	if page.Lang == "" {
		return "", false
	}
	for i := range j.s.Texts {
		if t := &j.s.Texts[i]; (t.Kind == "part" || t.Kind == "sentence") && base(t.Lang) == base(page.Lang) && len(t.Text) > 60 && languageOf(t.Text) == base(page.Lang) {
			return "", false
		}
	}
	return conflicts(page.Lang, page.Text)
}

// part holds an element that declares a language against its text.
func (j *judging) part(p *passage) {
	if found, yes := conflicts(p.Href, p.Text); yes {
		j.failed("part-language-wrong", p, p.Href+" / "+found)
	}
	if rtl, sure := rightToLeft(p.Text); sure && rtl && p.Dir == "ltr" {
		j.failed("direction", p, "")
	}
}

// foreign finds passages in a language that nothing declares. On a page that is as a whole in another language than it
// says, that is told once.
func (j *judging) foreign(p *passage) {
	if rtl, sure := rightToLeft(p.Text); sure && rtl && p.Dir == "ltr" {
		j.failed("direction", p, "")
	}
	if _, whole := j.whole(); whole || p.Lang == "" {
		return
	}
	if found, yes := conflicts(p.Lang, p.Text); yes && len(strings.Fields(p.Text)) >= 8 {
		j.failed("part-language", p, p.Lang+" / "+found)
	}
}
