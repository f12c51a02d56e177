package grid

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sonde-fleet/sonde/config/fault"
	"github.com/sonde-fleet/sonde/probes"
)

// itemColumns are the columns of a channel's file.
var itemColumns = []string{"code", "stage", "determinant", "observer", "how", "unit", "rule", "silent", "weight", "source", "en", "fr", "mend_en", "mend_fr"}

// reader fills a grid.
type reader struct {
	grid *Grid
	of   probes.Channel // whose items are read
	add  func(fault.Fault)
	used []normUse
}

// normUse is a place where a rule names a norm.
type normUse struct {
	key   string
	fault fault.Fault
}

func (r *reader) table(name, text string, columns []string, each func(*row)) {
	table(name, text, 1, columns, r.add, each)
}

func (r *reader) determinant(x *row) {
	d := Determinant{Code: x.text("code"), Weight: x.weight("weight"), Name: Text{x.full("en"), x.full("fr")}, About: Text{x.full("about_en"), x.full("about_fr")}}
	if !word.MatchString(d.Code) {
		x.wrong("code", fmt.Sprintf("%q is no code", d.Code), "write small letters, with hyphens between words")
	}
	if r.grid.Determinant(d.Code) != nil {
		x.wrong("code", d.Code+" is there twice", "take one out")
		return
	}
	r.grid.Determinants = append(r.grid.Determinants, d)
}

func (r *reader) stage(x *row) {
	s := oneOf(x, "stage", Stages[:]...)
	if _, twice := r.grid.Stages[s]; twice {
		x.wrong("stage", string(s)+" is there twice", "take one out")
	}
	r.grid.Stages[s] = x.weight("weight")
	r.grid.StageNames[s] = Text{x.full("en"), x.full("fr")}
}

func (r *reader) channel(x *row) {
	c := oneOf(x, "channel", probes.Channels[:]...)
	if _, twice := r.grid.Channels[c]; twice {
		x.wrong("channel", string(c)+" is there twice", "take one out")
	}
	r.grid.Channels[c] = x.weight("weight")
}

var (
	word  = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
	words = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+(-[a-z0-9]+)*)+$`) // mail.ack.implicit-decision
)

func (r *reader) item(x *row) {
	i := Item{
		Code: probes.ItemCode(x.text("code")), Channel: r.of, Stage: oneOf(x, "stage", Stages[:]...), Determinant: x.text("determinant"),
		Observer: oneOf(x, "observer", Agent, Auditor, Both), How: oneOf(x, "how", Observed, Measured, Asked), Unit: x.text("unit"),
		Silent: oneOf(x, "silent", Zero, Skip), Weight: x.weight("weight"), Source: x.full("source"),
		Name: Text{x.full("en"), x.full("fr")}, Mend: Text{x.full("mend_en"), x.full("mend_fr")},
	}
	if !words.MatchString(string(i.Code)) || !strings.HasPrefix(string(i.Code), string(r.of)+".") {
		x.wrong("code", fmt.Sprintf("%q is no code of the channel", i.Code), "begin it with "+string(r.of)+". and write small letters, digits, hyphens and points")
	}
	if r.grid.Determinant(i.Determinant) == nil {
		x.wrong("determinant", fmt.Sprintf("%q is no determinant", i.Determinant), "write a code of determinants.tsv")
	}
	if (i.Observer == Auditor) != (i.How == Asked) {
		x.wrong("how", fmt.Sprintf("%s by %s", i.How, i.Observer), "what an auditor alone can tell is asked in a form, and nothing else is")
	}
	rule, problem := ParseRule(x.text("rule"))
	if problem != "" {
		x.wrong("rule", problem, "write yes, no, at most X, at least X or linear A B, where a figure is a number, @norm or 2*@norm")
	} else if (rule.Kind == "yes" || rule.Kind == "no") != (i.Unit == "") {
		x.wrong("unit", "the rule and the unit do not agree", "give a number a unit, and a yes or no none")
	}
	i.Rule = rule
	for _, b := range []Bound{rule.A, rule.B} {
		if b.Norm != "" {
			r.used = append(r.used, normUse{b.Norm, fault.Fault{File: x.file, Line: x.line, Path: "rule"}})
		}
	}
	for _, column := range []string{"en", "fr", "mend_en", "mend_fr"} {
		if strings.HasSuffix(x.text(column), ".") {
			x.wrong(column, "it ends with a full stop", "take it out: the page puts its own")
		}
	}
	if _, twice := r.grid.byCode[i.Code]; twice {
		x.wrong("code", string(i.Code)+" is there twice", "take one out")
		return
	}
	r.grid.byCode[i.Code] = len(r.grid.Items)
	r.grid.Items = append(r.grid.Items, i)
}

// normsOf says which norms the rules name and a profile lacks.
func (r *reader) normsOf(name string, n Norms) {
	for _, u := range r.used {
		if _, ok := n.Value(u.key); !ok {
			f := u.fault
			f.Problem, f.Mend = "@"+u.key+" is no norm of "+name, "add it there: every profile has every norm"
			r.add(f)
		}
	}
}

// ParseRule reads a rule, and says what is wrong with it. A rule has one way of being written: that of String.
func ParseRule(s string) (r Rule, problem string) {
	rest, ok := "", false
	switch {
	case s == "yes" || s == "no":
		return Rule{Kind: s}, ""
	case strings.HasPrefix(s, "at most "):
		r.Kind, rest = "at-most", s[len("at most "):]
	case strings.HasPrefix(s, "at least "):
		r.Kind, rest = "at-least", s[len("at least "):]
	case strings.HasPrefix(s, "linear "):
		r.Kind = "linear"
		a, b, two := strings.Cut(s[len("linear "):], " ")
		if r.B, ok = parseBound(b); !ok || !two {
			return Rule{}, fmt.Sprintf("%q has no second figure", s)
		}
		rest = a
	default:
		return Rule{}, fmt.Sprintf("%q is no rule", s)
	}
	if r.A, ok = parseBound(rest); !ok {
		return Rule{}, fmt.Sprintf("%q is no figure", rest)
	}
	if r.Kind == "linear" && r.A == r.B {
		return Rule{}, "both figures are the same"
	}
	if r.String() != s {
		return Rule{}, fmt.Sprintf("%q is written %q", s, r.String())
	}
	return r, ""
}

func parseBound(s string) (b Bound, ok bool) {
	factor, key, isNorm := strings.Cut(s, "@")
	if !isNorm {
		b.Number, ok = number(s)
		return b, ok
	}
	b.Norm, b.Number = key, 1
	if !words.MatchString(key) {
		return b, false
	}
	if factor == "" {
		return b, true
	}
	factor, star := strings.CutSuffix(factor, "*")
	if b.Number, ok = number(factor); !ok || !star || b.Number <= 0 {
		return b, false
	}
	return b, true
}

// number reads a plain decimal number: no exponent, no plus, no infinity.
func number(s string) (float64, bool) {
	if strings.Trim(s, "0123456789.-") != "" {
		return 0, false
	}
	n, err := strconv.ParseFloat(s, 64)
	return n, err == nil
}

// String writes the bound as the data files do.
func (b Bound) String() string {
	n := strconv.FormatFloat(b.Number, 'f', -1, 64)
	switch {
	case b.Norm == "":
		return n
	case b.Number == 1:
		return "@" + b.Norm
	}
	return n + "*@" + b.Norm
}

// String writes the rule as the data files do.
func (r Rule) String() string {
	switch r.Kind {
	case "at-most":
		return "at most " + r.A.String()
	case "at-least":
		return "at least " + r.A.String()
	case "linear":
		return "linear " + r.A.String() + " " + r.B.String()
	}
	return r.Kind
}

var normColumns = []string{"key", "value", "unit", "source", "url", "checked"}

// parseNorms reads a profile: lines "# date", "# en" and "# fr", then the table.
func parseNorms(file, text string) (Norms, fault.Faults) {
	stem := file[strings.LastIndexByte(file, '/')+1:]
	n := Norms{Profile: strings.TrimSuffix(stem, ".tsv")}
	var faults fault.Faults
	add := func(f fault.Fault) { faults = append(faults, f) }
	if !word.MatchString(n.Profile) {
		add(fault.Fault{File: file, Problem: "its name cannot be a profile's", Mend: "name it in small letters with hyphens"})
	}
	for i, key := range []string{"date", "en", "fr"} {
		l, rest, _ := strings.Cut(text, "\n")
		value, ok := strings.CutPrefix(l, "# "+key+" ")
		if !ok || strings.TrimSpace(value) != value || value == "" {
			add(fault.Fault{File: file, Line: i + 1, Problem: "this line is not the " + key, Mend: "write # " + key + " and what it is: a profile begins with its date and its title in English and French"})
			return n, faults
		}
		text = rest
		switch key {
		case "date":
			if _, err := time.Parse(time.DateOnly, value); err != nil {
				add(fault.Fault{File: file, Line: 1, Column: len("# date ") + 1, Path: key, Problem: fmt.Sprintf("%q is no date", value), Mend: "write YYYY-MM-DD"})
			}
			n.Date = value
		case "en":
			n.EN = value
		case "fr":
			n.FR = value
		}
	}
	table(file, text, 4, normColumns, add, func(x *row) {
		v := Norm{Key: x.text("key"), Unit: x.full("unit"), Source: x.full("source"), URL: x.text("url")}
		var ok bool
		if v.Value, ok = number(x.text("value")); !ok {
			x.wrong("value", fmt.Sprintf("%q is no number", x.text("value")), "write a decimal number")
		}
		if !words.MatchString(v.Key) {
			x.wrong("key", fmt.Sprintf("%q is no key", v.Key), "write channel.what in small letters")
		}
		v.Checked = oneOf(x, "checked", "yes", "no") == "yes"
		if slices.ContainsFunc(n.Values, func(o Norm) bool { return o.Key == v.Key }) {
			x.wrong("key", v.Key+" is there twice", "take one out")
		}
		n.Values = append(n.Values, v)
	})
	return n, faults
}
