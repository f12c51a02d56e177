package grid

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/sonde-fleet/sonde/config/fault"
	"github.com/sonde-fleet/sonde/probes"
)

// Version is the released version that this program judges by.
const Version = "2026.1"

//go:embed data
var embedded embed.FS

// book is everything that the data files say.
type book struct {
	grid     *Grid
	profiles []Norms
}

var current = sync.OnceValue(func() book {
	root, err := fs.Sub(embedded, "data")
	if err != nil {
		panic("grid: " + err.Error())
	}
	b, err := read(root, Version)
	if err != nil {
		panic("grid: the data of this program are broken:\n" + err.Error()) // a test proves that they are not
	}
	return b
})

// Current returns the grid of Version. It is shared: nobody changes it.
func Current() *Grid { return current().grid }

// Find returns the grid of a version that a campaign names, false when this program does not know it.
func Find(version string) (*Grid, bool) {
	if version != Version {
		return nil, false
	}
	return Current(), true
}

// Profiles returns the norms that campaigns can name, in the order of their names. The values are shared: to change a
// figure, copy them first.
func Profiles() []Norms { return slices.Clone(current().profiles) }

// Profile returns the norms of the name.
func Profile(name string) (Norms, bool) {
	for _, p := range current().profiles {
		if p.Profile == name {
			return p, true
		}
	}
	return Norms{}, false
}

// The files of a version in the order in which they are hashed. Norms are not among them: a launch freezes their figures
// itself, so that a new profile makes no new grid.
func fileNames() []string {
	names := []string{"determinants.tsv", "stages.tsv", "channels.tsv"}
	for _, c := range probes.Channels {
		names = append(names, string(c)+".tsv")
	}
	return names
}

// read reads a version's files and the profiles. Its error is fault.Faults: all that is wrong with them.
func read(root fs.FS, version string) (book, error) {
	var faults fault.Faults
	g := &Grid{Version: version, Channels: map[probes.Channel]float64{}, Stages: map[Stage]float64{}, StageNames: map[Stage]Text{},
		byCode: map[probes.ItemCode]int{}}
	sum := sha256.New()
	r := reader{grid: g, add: func(f fault.Fault) { faults = append(faults, f) }}
	for _, name := range fileNames() {
		text, err := fs.ReadFile(root, name)
		if err != nil {
			r.add(fault.Fault{File: name, Problem: "it cannot be read: " + err.Error(), Mend: "a grid has a file for its determinants, stages and channels and one for each channel"})
			continue
		}
		sum.Write([]byte(name + "\x00" + strconv.Itoa(len(text)) + "\x00"))
		sum.Write(text)
		r.file(name, string(text))
	}
	g.Hash = probes.Hash(hex.EncodeToString(sum.Sum(nil)))
	names, err := fs.Glob(root, "norms/*.tsv")
	if err != nil {
		return book{}, err
	}
	b := book{grid: g}
	for _, name := range names {
		text, err := fs.ReadFile(root, name)
		if err != nil {
			return book{}, err
		}
		n, wrong := parseNorms(name, string(text))
		faults = append(faults, wrong...)
		b.profiles = append(b.profiles, n)
		r.normsOf(name, n)
	}
	return b, faults.Err()
}

// file reads one file by its name.
func (r *reader) file(name, text string) {
	switch stem := strings.TrimSuffix(path.Base(name), ".tsv"); stem {
	case "determinants":
		r.table(name, text, []string{"code", "weight", "en", "fr", "about_en", "about_fr"}, r.determinant)
	case "stages":
		r.table(name, text, []string{"stage", "weight", "en", "fr"}, r.stage)
	case "channels":
		r.table(name, text, []string{"channel", "weight"}, r.channel)
	default:
		r.of = probes.Channel(stem)
		r.table(name, text, itemColumns, r.item)
	}
}
