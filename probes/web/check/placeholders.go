package check

import (
	"regexp"
	"strings"
)

// What an author, or the tool he writes with, left behind for later: texts that ask for a text. They are held against a
// folded text without its punctuation. Every pattern covers the whole of it, so that "formulaire à compléter", which names
// what a picture shows, is left alone.
var unwritten = func() []*regexp.Regexp {
	const (
		altFR   = `(?:alt|alternatif|alternative|texte|balise|attribut|description|legende)`
		workFR  = `(?:completer|renseigner|remplir|definir|rediger|saisir|inserer|ajouter|modifier|remplacer|preciser|faire|venir|changer|mettre)`
		ofFR    = `(?: (?:de|du|pour|la|le|l'|cette|une|un|image|photo|l'image|visuel|illustration))*`
		orderFR = `inserer|inserez|saisir|saisissez|entrer|entrez|ajouter|ajoutez|mettre|mettez|rediger|redigez|ecrire|ecrivez|indiquer|renseigner|renseignez|votre|mon`
		altEN   = `(?:alt|alternative|alternate|description|caption)`
		workEN  = `(?:completed|added|written|defined|confirmed|provided|done|determined|filled in|replaced|decided)`
	)
	var out []*regexp.Regexp
	for _, p := range []string{
		`(?:` + altFR + ofFR + ` )+(?:ici |est |reste )?a ` + workFR,
		`a (?:completer|renseigner|remplir|definir|rediger)`, // "à venir" and "à faire" may stand in a picture
		`(?:` + orderFR + `)(?: (?:un|une|le|la|votre|ici))* (?:texte )?(?:alt|alternatif|alternative|balise|attribut|description|legende)(?: ` + altFR + `)*` + ofFR + `(?: ici)?`,
		`(?:` + orderFR + `)(?: (?:un|une|le|la|votre))* texte ici`,
		`(?:` + altFR + ofFR + ` )+(?:ici|manquante?|par defaut|vide|non renseignee?|inconnue?)`,
		`(?:(?:image|photo|picture) )?(?:` + altEN + `(?: (?:text|tag|attribute|description))?|text) (?:goes |is )?(?:here|missing|tbd|tbc|todo|required|to come|pending|placeholder|to be ` + workEN + `|needed)`,
		`to be ` + workEN,
		`(?:please )?(?:insert|enter|add|write|put|type|provide|your|missing|needs?|no)(?: (?:an?|the|your|some|image|photo|picture|proper))* ` + altEN + `(?: (?:text|tag|attribute|description))?(?: (?:here|for|of|the|this|image|picture|photo))*`,
		`(?:todo|tbd|tbc|fixme)(?: (?:add|write|ajouter|rediger|mettre|alt|alternative|texte?|description|image|photo|un|une|an?|the|le|la).*)?`,
		`x{3,}(?: x+)*`, `lorem ipsum.*`, `lorem`, `(?:bla ?){2,}`, `(?:foo|foobar|asdf|blah)`, `(?:placeholder|dummy|sample|default|exemple|temp|temporary|tmp) (?:image|photo|picture|text|texte|alt|alt text)`,
		`(?:image|photo|texte) (?:d'exemple|par defaut|temporaire|provisoire|de remplacement)`,
	} {
		out = append(out, regexp.MustCompile(`^(?:`+p+`)$`))
	}
	return out
}()

// isUnwritten says whether a folded text without punctuation only stands for one that nobody has written.
func isUnwritten(f string) bool {
	for _, p := range unwritten {
		if p.MatchString(f) {
			return true
		}
	}
	return false
}

var (
	fileTitle = regexp.MustCompile(`(?i)^(?:\S+|.*\S)\.(?:x?html?|php\d?|aspx?|jspx?|cfm|cgi|pdf|docx?|od[tsp]|rtf|txt|md|xlsx?|csv|pptx?|pages|zip|indd|jpe?g|png|gif|svg|webp)$`)
	hostTitle = regexp.MustCompile(`(?i)^(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+(?:fr|com|org|net|eu|be|ch|lu|ca|info|bzh|alsace|corsica|paris|gouv|uk|ie|de|es|it|nl|gov|edu|local)(/\S*)?$`)
	wordTitle = regexp.MustCompile(`(?i)^microsoft (?:word|powerpoint|excel) - `)
)

// addressTitle says whether the title of a page is the name of a file or an address. sure is false where it may be meant: a
// site may be called after its address, and the name of a file may be a sentence.
func addressTitle(s string) (yes, sure bool) {
	switch host := hostTitle.FindStringSubmatch(s); {
	case bareAddress.MatchString(s), wordTitle.MatchString(s):
		return true, true
	case host != nil:
		return true, len(host[1]) > 1 || strings.HasPrefix(strings.ToLower(s), "www.")
	case fileTitle.MatchString(s):
		return true, !strings.ContainsAny(s, " \u00a0")
	}
	return false, false
}
