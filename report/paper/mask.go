package paper

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/sonde-fleet/sonde/internal/fold"
)

// agent stands for a person of the structure: what is judged is the service and not those who work there.
const agent = "[agent]"

// masker takes the people of a structure out of what it wrote. It would rather take out too much than too little: a street
// that bears a given name may go, a colleague who is named in passing may not stay.
type masker struct {
	names map[string]bool // folded parts of names that are known: who signed, who sent
	ours  map[string]bool // folded parts of the persona's name: fictitious, and free to stay
	house map[string]bool // folded words of the structure's own name
	stay  map[string]bool // addresses that may stay: the persona's
}

func newMasker(persona, personaAddress, structure string) *masker {
	m := &masker{names: map[string]bool{}, ours: map[string]bool{}, house: map[string]bool{}, stay: map[string]bool{strings.ToLower(personaAddress): true}}
	for _, a := range atoms(persona) {
		m.ours[a.folded] = true
	}
	for _, a := range atoms(structure) {
		m.house[a.folded] = true
	}
	return m
}

// hole is a part of a text that must not be read.
type hole struct{ from, to int }

// atom is a run of letters.
type atom struct {
	from, to int
	folded   string
	capital  bool
	size     int // letters
}

func atoms(s string) (out []atom) {
	start := -1
	put := func(end int) {
		if start < 0 {
			return
		}
		word := s[start:end]
		first, _ := utf8.DecodeRuneInString(word)
		a := atom{from: start, to: end, folded: fold.Text(word), capital: unicode.IsUpper(first) || unicode.IsTitle(first)}
		for _, r := range word {
			if unicode.IsLetter(r) {
				a.size++
			}
		}
		out = append(out, a)
		start = -1
	}
	for i, r := range s {
		switch letter := unicode.IsLetter(r); {
		case letter && start < 0:
			start = i
		case !letter && !unicode.IsMark(r) && r != '\u00ad' && r != '\u200b':
			put(i)
		}
	}
	put(len(s))
	return out
}

// joined says whether two words may belong to one name: nothing between them but a blank, a hyphen, an apostrophe or the
// point of an initial.
func joined(s string, a, b atom) bool {
	gap := s[a.to:b.from]
	switch strings.Trim(gap, " \t\u00a0\u202f*_") {
	case "", "-", "‐", "‑", "'", "’":
		return gap != "" && utf8.RuneCountInString(gap) <= 3
	case ".":
		return a.size <= 3
	}
	return false
}

// learn adds the name of somebody who signed or sent.
func (m *masker) learn(name string) {
	for _, a := range atoms(name) {
		if a.size > 1 && !particles[a.folded] && !titles[a.folded] {
			m.names[a.folded] = true
		}
	}
}

// sender learns from a mail's From line: the display name, where it is a person's, and the address that is made of a name.
func (m *masker) sender(display, address string) {
	for _, part := range strings.FieldsFunc(display, func(r rune) bool { return strings.ContainsRune("|,()/<>–—:;\"", r) }) {
		for _, p := range strings.Split(part, " - ") {
			if m.likeName(p) {
				m.learn(p)
			}
		}
	}
	if i := strings.IndexByte(display, ','); i > 0 && m.likeName(strings.Replace(display, ",", " ", 1)) { // "DURAND, Marie"
		m.learn(display)
	}
	if m.single(display) { // "Marie"
		m.learn(display)
	}
	local, _, _ := strings.Cut(address, "@")
	parts := strings.FieldsFunc(local, func(r rune) bool { return strings.ContainsRune("._-+", r) })
	if len(parts) < 2 || slices.ContainsFunc(parts, func(p string) bool { return roles[fold.Text(p)] || services[fold.Text(p)] || m.house[fold.Text(p)] }) {
		return
	}
	for _, p := range parts {
		if len(p) > 2 {
			m.learn(p)
		}
	}
}

// likeName says whether a text is a person's name and nothing else: two to five words with capitals, none of them a service's.
func (m *masker) likeName(s string) bool {
	s = strings.TrimSpace(s)
	if len(s) > 60 || strings.ContainsAny(s, "@/0123456789?!") {
		return false
	}
	list := atoms(s)
	if len(list) > 0 && titles[list[0].folded] {
		list = list[1:]
	}
	capitals, others := 0, 0
	for _, a := range list {
		switch {
		case particles[a.folded]:
		case services[a.folded] || functions[a.folded] || closings[a.folded]:
			return false
		case a.capital || givenNames[a.folded]:
			capitals++
			if !m.house[a.folded] && !m.ours[a.folded] {
				others++
			}
		default:
			return false
		}
	}
	return capitals >= 2 && others > 0 && len(list) <= 7
}

// prepare learns the names that stand below the text's closing formula. It is called once with the whole text, before
// anything of it is shown.
func (m *masker) prepare(text string) {
	signed, _ := m.signature(text)
	for _, l := range signed {
		s := text[l.from:l.to]
		if m.likeName(s) || l.first && m.single(s) {
			m.learn(s)
		}
	}
}

// single says whether a line is one word that may be a given name.
func (m *masker) single(s string) bool {
	list := atoms(s)
	if len(list) != 1 || strings.ContainsAny(s, "@/0123456789?!") {
		return false
	}
	a := list[0]
	return a.capital && !roles[a.folded] && !services[a.folded] && !functions[a.folded] && !closings[a.folded] && !m.house[a.folded] && !m.ours[a.folded]
}

// place is a part of a signature; the first stands right below the formula.
type place struct {
	from, to int
	first    bool
}

var (
	closing  = regexp.MustCompile(`(?i)^[\s>]*(?:(?:bien |très )?(?:cordialement|sincèrement|amicalement|respectueusement)|bien à vous|(?:mes |nos )?(?:meilleures |sincères |respectueuses )*salutations|(?:je vous (?:prie|souhaite)|veuillez|dans l.attente|en vous (?:souhaitant|remerciant)|restant).*|(?:kind |best |warm )?regards|yours\b.*|sincerely|best wishes|(?:bonne|belle|excellente) (?:journée|soirée|réception)|mit freundlichen grüßen|viele grüße|hochachtungsvoll|met vriendelijke groet(?:en)?|(?:un )?cordial(?:es)? saludos?|saludos(?: cordiales)?|atentamente|(?:cordiali|distinti) saluti|cdl?t|--\s*)[\s,.!]*`)
	splitter = regexp.MustCompile(`\s*[,|–—•/]\s*|\s+-\s+`)
)

// maxSigned is how many lines below a closing formula are a signature.
const maxSigned = 14

// signature returns the parts of the lines below every closing formula, or of the last lines when there is none, and where the
// last signature begins: at the end of the text when nobody takes leave.
func (m *masker) signature(text string) (out []place, below int) {
	below = len(text)
	left, first, leave := 0, false, false // lines that still belong to a signature
	at := 0
	for l := range strings.Lines(text) {
		from, to := at, at+len(strings.TrimRight(l, "\r\n"))
		at += len(l)
		switch found := closing.FindStringIndex(text[from:to]); {
		case found != nil:
			left, first, leave, below = maxSigned, true, true, from
			if found[1] < to-from { // "Cordialement, Marie Durand"
				out = append(out, place{from + found[1], to, true})
				first = false
			}
		case left > 0 && strings.TrimSpace(text[from:to]) != "":
			out = append(out, parts(text, from, to, first)...)
			left, first = left-1, false
		}
	}
	if leave {
		return out, below
	}
	for n := 0; n < 7 && at > 0; n++ { // the last lines, where they do not look like sentences
		to := len(strings.TrimRight(text[:at], "\r\n"))
		from := strings.LastIndexByte(text[:to], '\n') + 1
		if line := strings.TrimSpace(text[from:to]); len(line) < 70 && !strings.ContainsAny(line[max(0, len(line)-1):], ".?!,;:") {
			out = append(out, parts(text, from, to, false)...)
		}
		at = from
	}
	slices.SortFunc(out, func(a, b place) int { return cmp.Compare(a.from, b.from) })
	return out, below
}

// parts cuts a line of a signature: "Marie Durand | Agent d'accueil".
func parts(text string, from, to int, first bool) (out []place) {
	at := from
	for _, cut := range append(splitter.FindAllStringIndex(text[from:to], -1), []int{to - from, to - from}) {
		if from+cut[0] > at {
			out = append(out, place{at, from + cut[0], first})
		}
		at = from + cut[1]
	}
	return out
}

var (
	address = regexp.MustCompile(`([\pL\pM0-9._%+'’-]+)(?:@|\s?[(\[{]\s?(?:at|arobase|@)\s?[)\]}]\s?)((?:[\pL\pM0-9-]+(?:\.|\s?[(\[{]\s?(?:dot|point)\s?[)\]}]\s?))+[\pL]{2,})`)
	digits  = regexp.MustCompile(`(?:\+|00)\s?\d{2}[\s.\-/]?(?:\(0\))?[\s.\-/]?\d{1,4}(?:[\s.\-/\x{00a0}\x{202f}]?\d{2,4}){2,4}|\b0[1-9](?:[\s.\-/\x{00a0}\x{202f}]?\d{2}){4}\b`)
	mobile  = regexp.MustCompile(`^(?:(?:\+|00)\s?33\s?(?:\(0\))?\s?|0)[67]`)
	direct  = regexp.MustCompile(`(?i)\b(?:ligne directe|direct|poste|portable|mobile|gsm|cell|mon numéro|my number)\b`)
)

// holes returns what must not be read of the text, in order and apart from each other.
func (m *masker) holes(text string) []hole {
	var out []hole
	for _, x := range address.FindAllStringSubmatchIndex(text, -1) {
		if !m.stay[strings.ToLower(text[x[0]:x[1]])] && m.personal(text[x[2]:x[3]]) {
			out = append(out, hole{x[2], x[3]})
		}
	}
	signed, below := m.signature(text)
	for _, x := range digits.FindAllStringIndex(text, -1) {
		line := text[strings.LastIndexByte(text[:x[0]], '\n')+1 : x[0]]
		if mobile.MatchString(text[x[0]:x[1]]) || direct.MatchString(line) || x[0] >= below {
			out = append(out, hole{x[0], x[1]})
		}
	}
	for _, l := range signed {
		if s := text[l.from:l.to]; m.likeName(s) {
			lead := len(s) - len(strings.TrimLeft(s, " \t*_"))
			out = append(out, hole{l.from + lead, l.from + len(strings.TrimRight(s, " \t*_."))})
		}
	}
	out = append(out, m.named(text)...)
	return merge(text, out)
}

// personal says whether the local part of an address names a person. Only one that names an office stays.
func (m *masker) personal(local string) bool {
	parts := strings.FieldsFunc(fold.Text(local), func(r rune) bool { return !unicode.IsLetter(r) })
	for _, p := range parts {
		if m.names[p] || givenNames[p] && !m.house[p] {
			return true
		}
	}
	for _, p := range parts {
		if roles[p] || services[p] || m.house[p] {
			return false
		}
	}
	return true
}

// named finds people in the text: those who are known, those behind a title, those with a given name.
func (m *masker) named(text string) (out []hole) {
	list := atoms(text)
	known := make([]bool, len(list))
	for i, a := range list {
		if !m.names[a.folded] || m.ours[a.folded] {
			continue
		}
		known[i] = !m.house[a.folded] && (a.capital || a.size >= 4 && !common[a.folded])
	}
	for i, a := range list { // beside a part that is sure, every other part is
		if !m.names[a.folded] {
			continue
		}
		if i > 0 && known[i-1] && joined(text, list[i-1], a) || i+1 < len(list) && known[i+1] && joined(text, a, list[i+1]) {
			known[i] = true
		}
	}
	for i, a := range list {
		switch {
		case known[i]:
			from := a.from
			if i > 0 && list[i-1].size == 1 && list[i-1].capital && joined(text, list[i-1], a) && !titles[list[i-1].folded] {
				from = list[i-1].from // "P. Durand"
			}
			to := a.to
			if i+1 < len(list) && list[i+1].size == 1 && list[i+1].capital && joined(text, a, list[i+1]) {
				to = list[i+1].to
			}
			out = append(out, hole{from, to})
		case titles[a.folded] && (a.capital || a.size > 1) && (a.folded != "me" || a.capital):
			if last := m.after(text, list, i+1); last > i {
				out = append(out, hole{list[i+1].from, list[last].to})
			}
		case a.capital && givenNames[a.folded] && !m.ours[a.folded] && !m.house[a.folded] && !street(text, list, i):
			to := a.to
			if last := m.after(text, list, i+1); last > i {
				to = list[last].to
			}
			out = append(out, hole{a.from, to})
		case introduces(list, i):
			if last := m.after(text, list, i+1); last > i+1 || last == i+1 && list[last].size > 2 && givenNames[list[last].folded] {
				out = append(out, hole{list[i+1].from, list[last].to})
			}
		}
	}
	return out
}

// after returns the last word of the name that begins at i, less than i when none does.
func (m *masker) after(text string, list []atom, i int) int {
	last, strange := i-1, false
	for k := i; k < len(list) && k < i+6; k++ {
		a := list[k]
		if k > 0 && !joined(text, list[k-1], a) {
			break
		}
		if particles[a.folded] && (!a.capital || k+1 < len(list) && list[k+1].capital && joined(text, a, list[k+1])) {
			continue
		}
		if !a.capital || functions[a.folded] || services[a.folded] || titles[a.folded] {
			break
		}
		last, strange = k, strange || !m.ours[a.folded]
	}
	if !strange {
		return i - 1
	}
	return last
}

// introduces says whether a name follows by the sense: "je m'appelle", "my name is".
func introduces(list []atom, i int) bool {
	before := ""
	if i > 0 {
		before = list[i-1].folded
	}
	switch list[i].folded {
	case "appelle", "nomme":
		return true
	case "suis":
		return before == "je"
	case "am":
		return before == "i"
	case "is":
		return before == "name"
	case "collegue", "colleague", "collaboratrice", "collaborateur":
		return true
	}
	return false
}

// street says whether the name is a place's: "rue du Général Charles de Gaulle", "école Jean Moulin".
func street(text string, list []atom, i int) bool {
	for k := i - 1; k >= 0 && k >= i-4; k-- {
		if strings.ContainsAny(text[list[k].to:list[k+1].from], ".,;:!?\n") {
			return false
		}
		if places[list[k].folded] {
			return true
		}
	}
	return false
}

// merge puts the holes in order and closes what lies between two of one name.
func merge(text string, list []hole) (out []hole) {
	slices.SortFunc(list, func(a, b hole) int { return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(b.to, a.to)) })
	for _, h := range list {
		if n := len(out); n > 0 && (h.from <= out[n-1].to || between(text[out[n-1].to:h.from])) {
			out[n-1].to = max(out[n-1].to, h.to)
			continue
		}
		out = append(out, h)
	}
	return out
}

// between says whether a gap stands inside a name.
func between(gap string) bool {
	if len(gap) > 12 || strings.ContainsAny(gap, "\n,;:!?()@") {
		return false
	}
	for _, a := range atoms(gap) {
		if !particles[a.folded] {
			return false
		}
	}
	return strings.Trim(gap, " \u00a0-‐‑'’.") == "" || len(atoms(gap)) > 0
}

// hide returns the text from one place to another with its people taken out.
func hide(text string, holes []hole, from, to int) string {
	var b strings.Builder
	at := from
	for _, h := range holes {
		if h.to <= from || h.from >= to {
			continue
		}
		if h.from > at {
			b.WriteString(text[at:h.from])
		}
		b.WriteString(agent)
		at = max(at, min(h.to, to))
	}
	if at < to {
		b.WriteString(text[at:to])
	}
	return b.String()
}

// all returns the whole text with its people taken out.
func (m *masker) all(text string) string { return hide(text, m.holes(text), 0, len(text)) }

// nameOf returns the name in the passage that proved a signature: "Marie Durand, agent d'accueil".
func nameOf(passage string) string {
	if at := splitter.FindStringIndex(passage); at != nil {
		return passage[:at[0]]
	}
	return passage
}
