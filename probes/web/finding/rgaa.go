package finding

import (
	_ "embed"
	"strings"
	"sync"
)

//go:embed rgaa.tsv
var rgaaTable string

// Criterion is one criterion of a reference, in our own short words.
type Criterion struct {
	Reference string // "RGAA4.1"
	Number    string // "3.2"
	Title     Text
}

// Key is how findings name the criterion: "RGAA4.1:3.2".
func (c Criterion) Key() string { return c.Reference + ":" + c.Number }

// RGAA lists the 106 criteria of the Référentiel général d'amélioration de l'accessibilité, version 4.1 (arrêté du 20
// septembre 2019 modifié), in its order.
var RGAA = sync.OnceValue(func() []Criterion {
	var out []Criterion
	for line := range strings.Lines(rgaaTable) {
		if f := strings.Split(strings.TrimSuffix(line, "\n"), "\t"); len(f) == 3 {
			out = append(out, Criterion{"RGAA4.1", f[0], Text{FR: f[1], EN: f[2]}})
		}
	}
	return out
})
