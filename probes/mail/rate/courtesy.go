package rate

import (
	"regexp"
	"strings"

	"github.com/sonde-fleet/sonde/internal/fold"
)

// greeting matches a folded line that opens an answer.
var greeting = regexp.MustCompile(`^\W*(?:bonjour|bonsoir|madame|monsieur|mesdames|messieurs|chere? |mme\b|m\. |mr\b|` +
	`dear\b|hello\b|hi\b|good (?:morning|afternoon|evening|day)|sehr geehrte|guten (?:tag|morgen|abend)|liebe[rs]? |hallo\b|gruss gott|moin\b|` +
	`geachte|beste\b|dag\b|goede(?:morgen|middag|navond|ndag)|estimad[oa]|buen(?:os|as) (?:dias|tardes|noches)|hola\b|apreciad|muy sen|` +
	`gentile|egregi|buon(?:giorno|asera)|spett|caro |cara |salve\b)`)

// closing matches a folded politeness formula. The long French one may stand anywhere in the last lines.
var closing = regexp.MustCompile(`(?:^|\W)((?:bien |tres )?cordialement|(?:bien )?(?:a|respectueusement) vous|bien respectueusement|respectueusement|sinceres salutations|(?:meilleures|cordiales|respectueuses) salutations|` +
	`(?:mes|nos) (?:salutations|meilleures|cordiales|sinceres)|salutations (?:distinguees|cordiales|respectueuses)|(?:je|nous) vous (?:prie|prions) (?:d'agreer|d'accepter|de croire|de recevoir|de bien vouloir)|` +
	`veuillez (?:agreer|recevoir|croire|accepter)|recevez,? .{0,40}(?:salutations|expression|assurance)|(?:belle|bonne|excellente) (?:journee|soiree|fin de|reception|continuation)|` +
	`restant a votre disposition|(?:je|nous) rest(?:e|ons) a votre (?:entiere )?disposition|amicalement|sincerement|` +
	`(?:kind|best|warm|warmest) regards|regards|yours (?:sincerely|faithfully|truly)|sincerely|best wishes|many thanks|have a (?:nice|good)|` +
	`(?:mit )?(?:freundlichen|besten|herzlichen|vielen|freundlichem) gru(?:ss|ssen|sse|esse|essen)|(?:freundliche|viele|beste|herzliche|liebe) gru(?:sse|esse)|hochachtungsvoll|` +
	`(?:met )?(?:vriendelijke|hartelijke) groet(?:en)?|hoogachtend|groeten|groetjes|` +
	`(?:un |reciba un )?(?:cordial|atento) saludo|saludos(?: cordiales)?|atentamente|reciba un|` +
	`(?:cordiali|distinti|migliori) saluti|cordialmente|saluti|buona giornata)(?:\W|$)`)

// shortClosing matches a formula cut to letters, which French guides count against the writer.
var shortClosing = regexp.MustCompile(`^\W*(?:cdt|cdlt|cdmt|bav|bien cdt|crdlt|slts|cordt|sal\.|bien a v\.|mfg|mvg|kr|br|rgds|bgds|atte|mvrgr|c\.s\.)\b[\s.,!]*$`)

// closingWindow is how many of the last lines may hold the formula: signatures are long.
const closingWindow = 25

// courtesy judges greeting, formula and personalisation.
func (j *judge) courtesy() {
	g := j.greetingAt()
	if g >= 0 {
		j.yesNo("mail.greeting", true, "greeting at the start", j.lines[g].raw)
	} else {
		j.yesNo("mail.greeting", false, "greeting at the start", "")
	}
	c, abbreviated := j.closingAt()
	switch {
	case c < 0:
		j.yesNo("mail.closing", false, "politeness formula", "")
		j.yesNo("mail.abbreviated-closing", false, "abbreviated formula", "")
	case abbreviated:
		j.yesNo("mail.closing", false, "abbreviated formula", "")
		j.yesNo("mail.abbreviated-closing", true, "abbreviated formula", j.lines[c].raw)
	default:
		j.yesNo("mail.closing", true, "politeness formula", j.lines[c].raw)
		j.yesNo("mail.abbreviated-closing", false, "abbreviated formula", "")
	}
	j.personalised()
}

// greetingAt returns the line of the greeting among the first, -1 if there is none.
func (j *judge) greetingAt() int {
	for i := 0; i < len(j.lines) && i < 5; i++ {
		if greeting.MatchString(j.lines[i].folded) {
			return i
		}
	}
	return -1
}

// closingAt returns the line of the last formula, -1 if there is none.
func (j *judge) closingAt() (at int, abbreviated bool) {
	for i := len(j.lines) - 1; i >= 0 && i >= len(j.lines)-closingWindow; i-- {
		if len(j.lines[i].folded) > 2000 {
			continue
		}
		if shortClosing.MatchString(j.lines[i].folded) {
			return i, true
		}
		if loc := closing.FindStringIndex(j.lines[i].folded); loc != nil {
			// "Bonne journée" after "Cordialement" is the same farewell: take the upper line of a run.
			for i-1 > j.greetingAt() && closing.MatchString(j.lines[i-1].folded) && !strings.Contains(j.lines[i-1].folded, "disposition") {
				i--
			}
			return i, false
		}
	}
	return -1, false
}

// personalised looks for our persona's name in what the agent wrote.
func (j *judge) personalised() {
	family, given := strings.TrimSpace(fold.Text(j.s.Family)), strings.TrimSpace(fold.Text(j.s.Given))
	if family == "" && given == "" {
		j.notApplicable("mail.personalised", "no persona")
		return
	}
	for _, name := range [...]string{family, given} {
		if len(name) < 2 {
			continue
		}
		if from, to, ok := word(j.folded, name); ok {
			j.yesNo("mail.personalised", true, "name of the persona", j.passage(from, to))
			return
		}
	}
	if j.s.Civility != "" {
		// The civility alone tells our persona from "Madame, Monsieur".
		g := j.greetingAt()
		c := strings.Trim(fold.Text(j.s.Civility), " .")
		long := map[string]string{"m": "monsieur", "mr": "monsieur", "mme": "madame", "mlle": "mademoiselle"}[c]
		if long != "" {
			c = long
		}
		if g >= 0 {
			f := j.lines[g].folded
			_, _, ok := word(f, c)
			other := map[string]string{"monsieur": "madame", "madame": "monsieur"}[c]
			if ok && (other == "" || !strings.Contains(f, other)) {
				j.yesNo("mail.personalised", true, "civility of the persona", j.lines[g].raw)
				return
			}
		}
	}
	j.yesNo("mail.personalised", false, "name or civility of the persona", "")
}

// word finds w in s between word boundaries.
func word(s, w string) (from, to int, ok bool) {
	for start := 0; ; {
		i := strings.Index(s[start:], w)
		if i < 0 || w == "" {
			return 0, 0, false
		}
		i += start
		end := i + len(w)
		if (i == 0 || !wordByte(s[i-1])) && (end == len(s) || !wordByte(s[end])) {
			return i, end, true
		}
		start = i + 1
	}
}

func wordByte(c byte) bool { return c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c >= 0x80 }
