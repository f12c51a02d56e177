// Package finding is the vocabulary of what a website's audit finds: rules, findings, and how both are worded in English
// and French. The checks make findings; the channel journals them, the command line prints them.
package finding

import (
	"cmp"
	"slices"
	"strings"
)

// Engine says which code made a finding.
type Engine string

const (
	Axe   Engine = "axe"   // axe-core, in the page
	Sonde Engine = "sonde" // our own checks
)

// Outcome says how sure a finding is.
type Outcome string

const (
	Failed Outcome = "failed" // certain: a person would come to the same result
	Review Outcome = "review" // a person must look
)

// Impact is how much a barrier hinders, in axe-core's four steps.
type Impact string

const (
	Minor    Impact = "minor"
	Moderate Impact = "moderate"
	Serious  Impact = "serious"
	Critical Impact = "critical"
)

// Text is a wording in the two languages of the programme.
type Text struct{ EN, FR string }

// Rule is one thing that can be wrong with a page or a site.
type Rule struct {
	ID     string // "sonde-…" for our own, axe-core's name for its rules
	Impact Impact
	// Criteria are the criteria that a failure breaks, with reference and version: "WCAG22:1.4.3", "RGAA4.1:3.2".
	// Empty: good practice that no criterion asks for.
	Criteria []string
	ACT      []string // identifiers of the W3C ACT rules that it implements, for the measurement against their cases
	Title    Text     // what is wrong, as a sentence without a full stop
	Mend     Text     // how to mend it, as an imperative sentence without a full stop
}

// Rect is a place on the page in CSS pixels from the top left corner of the document.
type Rect struct {
	X float64 `json:"x"`
	Y float64 `json:"y"`
	W float64 `json:"w"`
	H float64 `json:"h"`
}

// Finding is one barrier at one place.
type Finding struct {
	Page      string   `json:"page"`
	Rule      string   `json:"rule"`
	Engine    Engine   `json:"engine"`
	Outcome   Outcome  `json:"outcome"`
	Impact    Impact   `json:"impact,omitempty"`
	Criteria  []string `json:"criteria"`
	Selector  string   `json:"selector"`
	Snippet   string   `json:"snippet"`
	Rect      *Rect    `json:"rect,omitempty"`
	Message   string   `json:"message"`
	MessageFR string   `json:"message_fr,omitempty"`
	Mend      string   `json:"mend,omitempty"`
	MendFR    string   `json:"mend_fr,omitempty"`
}

// MaxSnippet is how much of an element's source a finding quotes, in bytes.
const MaxSnippet = 300

// New words a finding of the rule r on page. detail is a short fact that the rule's title does not hold ("2.1:1"), told
// after it; it is not translated.
func (r *Rule) New(page string, outcome Outcome, selector, snippet, detail string) Finding {
	f := Finding{Page: page, Rule: r.ID, Engine: Sonde, Outcome: outcome, Impact: r.Impact, Criteria: r.Criteria, Selector: selector,
		Snippet: Snip(snippet), Message: r.Title.EN, MessageFR: r.Title.FR, Mend: r.Mend.EN, MendFR: r.Mend.FR}
	if f.Criteria == nil {
		f.Criteria = []string{}
	}
	if detail != "" {
		f.Message += ": " + detail
		f.MessageFR += " : " + detail
	}
	return f
}

// Own words a rule of our own checks. refs are its criteria in short: "w2.4.1" of WCAG 2.2, "r12.7" of RGAA 4.1, "a047fe0" the
// ACT rule 047fe0.
func Own(id string, impact Impact, refs, en, fr, mendEN, mendFR string) Rule {
	rule := Rule{ID: "sonde-" + id, Impact: impact, Title: Text{EN: en, FR: fr}, Mend: Text{EN: mendEN, FR: mendFR}}
	for ref := range strings.FieldsSeq(refs) {
		switch ref[0] {
		case 'w':
			rule.Criteria = append(rule.Criteria, "WCAG22:"+ref[1:])
		case 'r':
			rule.Criteria = append(rule.Criteria, "RGAA4.1:"+ref[1:])
		case 'a':
			rule.ACT = append(rule.ACT, ref[1:])
		}
	}
	return rule
}

// Snip shortens the source of an element to MaxSnippet bytes, at a character's border.
func Snip(source string) string {
	source = strings.ToValidUTF8(strings.TrimSpace(source), "\uFFFD")
	if len(source) <= MaxSnippet {
		return source
	}
	cut := MaxSnippet - len("…")
	for cut > 0 && source[cut]&0xC0 == 0x80 {
		cut--
	}
	return source[:cut] + "…"
}

// rank orders impacts, the worst first.
var rank = map[Impact]int{Critical: 0, Serious: 1, Moderate: 2, Minor: 3}

// Sort puts findings into the order of reports: certain before doubtful, the worst first, then by rule and place.
func Sort(list []Finding) {
	slices.SortStableFunc(list, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.Page, b.Page), cmp.Compare(a.Outcome, b.Outcome), cmp.Compare(rank[a.Impact], rank[b.Impact]),
			cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Selector, b.Selector))
	})
}
