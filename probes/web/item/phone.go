package item

import (
	"net/url"
	"regexp"
	"strings"

	"github.com/nyaruka/phonenumbers"
	"github.com/sonde-fleet/sonde/internal/fold"
)

func foldLine(s string) string { return strings.TrimSpace(fold.Text(s)) }

var (
	// number matches what may be a telephone number in French use, with its country code or without.
	number = regexp.MustCompile(`(?:(?:\+|\b00) ?(?:33|262|590|594|596|508|681|687|689|352|32|41|49|377) ?(?:\(0\) ?)?|\b0 ?|\(0\) ?)[1-9](?:[ .\-–/]{0,3}\d){7,10}`)
	// shortNumber matches numbers of four digits where a word before says that they are called.
	shortNumber   = regexp.MustCompile(`\b(?:3\d[ .]?\d{2}|1[016]\d{2})\b`)
	called        = regexp.MustCompile(`(tel(ephone)?|appel(ez|er)?|compos(ez|er)|numero|joindre|allo|au|le)[ :.]*$`)
	faxBefore     = regexp.MustCompile(`\b(fax|telecopie(ur)?|tcp)\b[^a-z]*$`)
	faxToo        = regexp.MustCompile(`\btel(ephone)?\.? ?(/|et|&|-|ou) ?(fax|telecopie)[^a-z]*$`)
	emergency     = regexp.MustCompile(`\b(samu|pompiers?|police secours|urgences?|numeros? d'urgence|numero d'appel d'urgence|incendie)\b`)
	emergencyNo   = regexp.MustCompile(`\b(15|17|18|112|114|115|119)\b`)
	callEmergency = regexp.MustCompile(`\b(appel(er|ez)|compos(er|ez)|dial|call)\b.{0,40}\b(15|17|18|112|114|115|119)\b([.,;)]|$| (ou|et|le|en|si|puis|pour)\b)|\bsecours\b[^.]{0,30}: ?(15|17|18|112|114)\b`)
	surcharged    = regexp.MustCompile(`\b0[ .]?8[ .]?9(?:[ .]?\d){7}\b|\b08[ .]?(?:1|2)(?:[ .]?\d){7}\b|\d ?[,.] ?\d{1,2} ?(?:€|euros?|cts?|centimes?) ?(?:ttc)? ?(?:/|par|la) ?(?:min|appel)|service \d[,.]\d+ ?€`)
)

// regions are where a national number may be at home: mainland first. Overseas numbers are not valid in "FR".
var regions = []string{"FR", "GP", "MQ", "GF", "RE", "YT", "PM", "BL", "MF"}

var plainFrench = regexp.MustCompile(`^[1-79]\d{8}$`)

// e164 returns the number in international form, "" where it is none that may be valid.
func e164(raw string) string {
	raw = strings.NewReplacer("(0)", "", "–", "-").Replace(raw)
	if strings.HasPrefix(raw, "00") {
		raw = "+" + raw[2:]
	}
	for _, region := range regions {
		n, err := phonenumbers.Parse(raw, region)
		if err == nil && phonenumbers.IsValidNumber(n) {
			return phonenumbers.Format(n, phonenumbers.E164)
		}
	}
	// Numbering plans grow faster than tables of them: ten figures that begin like a line of the mainland are one.
	if n, err := phonenumbers.Parse(raw, "FR"); err == nil && n.GetCountryCode() == 33 && plainFrench.MatchString(phonenumbers.GetNationalSignificantNumber(n)) {
		return phonenumbers.Format(n, phonenumbers.E164)
	}
	return ""
}

// phones finds the numbers at which the body is called, and which of them cost more than a call.
func (r *reader) phones() {
	for _, a := range r.anchors {
		raw, ok := strings.CutPrefix(strings.ToLower(a.href), "tel:")
		if !ok {
			continue
		}
		if un, err := url.PathUnescape(raw); err == nil {
			raw = un
		}
		raw, _, _ = strings.Cut(raw, ";")
		if strings.Contains(a.folded, "fax") || a.at >= 0 && (r.foreign(a.at) || faxBefore.MatchString(r.before(a.at))) {
			continue
		}
		digits := strings.Map(keepDigits, raw)
		if e := e164(raw); e != "" {
			r.addNode(Telephone, e, a.node, squeezeOr(a.name, raw))
		} else if len(digits) == 4 && shortNumber.MatchString(digits) {
			r.addNode(Telephone, digits, a.node, squeezeOr(a.name, raw))
		}
	}
	for at, n := 0, 0; n < 2000; n++ {
		m := number.FindStringIndex(r.plain[at:])
		if m == nil {
			break
		}
		from, to := at+m[0], at+m[1]
		at = r.number(from, to)
	}
	for _, m := range shortNumber.FindAllStringIndex(r.plain, 200) {
		if digits := strings.Map(keepDigits, r.plain[m[0]:m[1]]); called.MatchString(r.before(m[0])) && !r.foreign(m[0]) && r.whole(m[0], m[1]) &&
			!year(digits) {
			r.add(Telephone, digits, m[0], m[1])
		}
	}
	if m := surcharged.FindStringIndex(r.folded); m != nil {
		from, to := r.foldedRange(m[0], m[1])
		r.add(PremiumNumber, "", from, to)
	}
	r.emergencies()
}

// number judges what may be a number in the text, and returns where to look on.
func (r *reader) number(from, to int) (next int) {
	if from > 0 && isDigitOrLetter(r.plain[from-1]) || to < len(r.plain) && isDigit(r.plain[to]) {
		return to
	}
	// Figures before it belong to it: a SIRET, a social security number. Unless they are a number of their own.
	if before := strings.TrimRight(r.plain[max(0, from-3):from], " .-"); before != "" && isDigit(before[len(before)-1]) && r.plain[from] != '+' && from != r.lastNumber {
		return to
	}
	e := e164(r.plain[from:to])
	if e == "" { // digits of something else may follow
		if e, to = r.shorter(from, to); e == "" {
			return to
		}
	}
	r.lastNumber = to + len(r.plain[to:]) - len(strings.TrimLeft(r.plain[to:], " .-"))
	before := r.before(from)
	if faxBefore.MatchString(before) && !faxToo.MatchString(before) || forExample.MatchString(before) || notCalled.MatchString(before) || itemprop(r.nodeAt(from)) == "faxNumber" || r.foreign(from) {
		return to
	}
	r.add(Telephone, e, from, to)
	return to
}

// notCalled matches what stands before a number that nobody calls.
var notCalled = regexp.MustCompile(`\b(siret|siren|rna|tva|registre|dossier|reference|facture|iban|compte|securite sociale|licence|cote|inventaire|parcelle|visa)\b[^.:;]{0,30}$`)

// shorter tries the number with its last groups taken off: "03 84 72 00 00 39100 Dole" in a table without borders.
func (r *reader) shorter(from, to int) (string, int) {
	for end := to - 1; end > from+9; end-- {
		if c := r.plain[end]; c >= '0' && c <= '9' {
			continue
		}
		if e := e164(r.plain[from:end]); e != "" {
			return e, end
		}
	}
	return "", to
}

// before is the folded text of the same line before a place, back to the number before; where the line begins with the
// place, the line above.
func (r *reader) before(at int) string {
	l := r.lineAt(at)
	from := max(r.lines[l].from, at-60)
	s := foldLine(strings.ToValidUTF8(r.plain[from:at], ""))
	if s == "" && l > 0 {
		s = r.lines[l-1].folded
		s = s[max(0, len(s)-60):]
	}
	// What stands before another number is that one's label.
	if m := number.FindAllStringIndex(s, -1); len(m) > 0 {
		s = s[m[len(m)-1][1]:]
	}
	return s
}

func (r *reader) whole(from, to int) bool {
	before := strings.TrimRight(r.plain[max(0, from-2):from], " .")
	after := strings.TrimLeft(r.plain[to:min(len(r.plain), to+2)], " .")
	return (before == "" || !isDigit(before[len(before)-1])) && (after == "" || !isDigit(after[0]))
}

// year says whether four digits are rather a year than a number to call.
func year(digits string) bool {
	return digits >= "1000" && digits <= "1099" || digits >= "1600" && digits <= "1699"
}

// emergencies says whether the numbers of the emergency services are given.
func (r *reader) emergencies() {
	for _, l := range r.lines {
		if emergency.MatchString(l.folded) && emergencyNo.MatchString(l.folded) || callEmergency.MatchString(l.folded) {
			r.add(EmergencyNumbers, "", l.from, l.to)
			return
		}
	}
	// A heading, and a number on a line below.
	for i, h := range r.headings {
		if !emergency.MatchString(h.folded) {
			continue
		}
		to := len(r.plain)
		if i+1 < len(r.headings) {
			to = r.headings[i+1].from
		}
		if to > h.to && emergencyNo.MatchString(r.plain[h.to:min(to, h.to+600)]) {
			r.add(EmergencyNumbers, "", h.from, h.to)
			return
		}
	}
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isDigitOrLetter(c byte) bool {
	return isDigit(c) || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}

func keepDigits(c rune) rune {
	if c >= '0' && c <= '9' {
		return c
	}
	return -1
}

func squeezeOr(s, other string) string {
	if s = squeeze(s); s != "" {
		return s
	}
	return other
}
