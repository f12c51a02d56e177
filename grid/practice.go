package grid

import (
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/sonde-fleet/sonde/config/fault"
	"github.com/sonde-fleet/sonde/probes"
)

// Practice is something that a public service did and another can do too. It is advice, not a part of what is judged: the
// hash of a version does not know it.
type Practice struct {
	Code         string
	Determinants []string
	Channels     []probes.Channel
	Name, Detail Text
	Who          string // who was praised for it; may be empty
	Source       string
	Year         int // 0: none
}

// Fits says whether the practice helps with items of the determinant on the channel.
func (p *Practice) Fits(determinant string, channel probes.Channel) bool {
	return slices.Contains(p.Determinants, determinant) && slices.Contains(p.Channels, channel)
}

// advice is what the files beside the grid say.
type advice struct {
	practices   []Practice
	commitments []Commitment
}

var beside = sync.OnceValue(func() advice {
	root, err := fs.Sub(embedded, "data")
	if err != nil {
		panic("grid: " + err.Error())
	}
	a, err := readAdvice(root, Current())
	if err != nil {
		panic("grid: the data of this program are broken:\n" + err.Error()) // a test proves that they are not
	}
	return a
})

// Practices returns the practices that others can take over, in the order of the file. They are shared: nobody changes them.
func Practices() []Practice { return beside().practices }

// readAdvice reads practices and commitments. Its error is fault.Faults: all that is wrong with them.
func readAdvice(root fs.FS, g *Grid) (a advice, err error) {
	var faults fault.Faults
	add := func(f fault.Fault) { faults = append(faults, f) }
	text := func(name string) string {
		raw, err := fs.ReadFile(root, name)
		if err != nil {
			add(fault.Fault{File: name, Problem: "it cannot be read: " + err.Error(), Mend: "practices and commitments stand beside the grid"})
		}
		return string(raw)
	}
	if t := text("practices.tsv"); t != "" {
		table("practices.tsv", t, 1, practiceColumns, add, func(x *row) { a.practices = append(a.practices, practice(x, g, a.practices)) })
	}
	if t := text("commitments.tsv"); t != "" {
		table("commitments.tsv", t, 1, commitmentColumns, add, func(x *row) { a.commitments = append(a.commitments, commitment(x, g, a.commitments)) })
	}
	return a, faults.Err()
}

var practiceColumns = []string{"code", "determinants", "channels", "en", "fr", "detail_en", "detail_fr", "who", "source", "year"}

func practice(x *row, g *Grid, before []Practice) Practice {
	p := Practice{Code: x.text("code"), Name: Text{x.full("en"), x.full("fr")}, Detail: Text{x.full("detail_en"), x.full("detail_fr")},
		Who: x.text("who"), Source: x.full("source")}
	if !word.MatchString(p.Code) {
		x.wrong("code", fmt.Sprintf("%q is no code", p.Code), "write small letters, with hyphens between words")
	}
	if slices.ContainsFunc(before, func(o Practice) bool { return o.Code == p.Code }) {
		x.wrong("code", p.Code+" is there twice", "take one out")
	}
	for _, d := range x.list("determinants") {
		if g.Determinant(d) == nil {
			x.wrong("determinants", fmt.Sprintf("%q is no determinant", d), "write codes of determinants.tsv")
		}
		p.Determinants = append(p.Determinants, d)
	}
	for _, c := range x.list("channels") {
		if !slices.Contains(probes.Channels[:], probes.Channel(c)) {
			x.wrong("channels", fmt.Sprintf("%q is no channel", c), "write some of mail, web, phone, social, post, visit")
		}
		p.Channels = append(p.Channels, probes.Channel(c))
	}
	if y := x.text("year"); y != "" {
		var err error
		if p.Year, err = strconv.Atoi(y); err != nil || p.Year < 1990 || p.Year > 2100 {
			x.wrong("year", fmt.Sprintf("%q is no year", y), "write four digits, or nothing")
		}
	}
	return p
}

// list returns a field that is several words with commas between them, each once.
func (r *row) list(column string) []string {
	words := strings.Split(r.full(column), ",")
	for i, w := range words {
		if w == "" || slices.Contains(words[:i], w) {
			r.wrong(column, fmt.Sprintf("%q is there twice or is nothing", w), "write each once, with commas and no blanks between them")
		}
	}
	return words
}
