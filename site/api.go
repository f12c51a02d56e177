package site

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/http"
	"slices"
	"strings"

	"github.com/sonde-fleet/sonde/report"
	"github.com/sonde-fleet/sonde/stats"
)

// outcomesNDJSON writes every outcome, one JSON object a line, as Fetch reads them.
func (s *server) outcomesNDJSON(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/x-ndjson")
	e := json.NewEncoder(w)
	v := s.views.get()
	for i := range v.Outcomes {
		if e.Encode(&v.Outcomes[i]) != nil {
			panic(http.ErrAbortHandler) // the reader has gone, or must see that the list broke off
		}
	}
}

// report writes the figures that the page shows, as `collector report -format json` does.
func (s *server) report(w http.ResponseWriter, r *http.Request) {
	f, err := parseFilter(r.URL.Query())
	if err != nil {
		problemJSON(w, http.StatusBadRequest, err.Error())
		return
	}
	v := s.views.get()
	by := f.By
	f.By, f.Page = "", 1
	figures, err := v.report(v.scoped(f).defaulted(), by)
	if err != nil {
		slog.Error("report failed", "err", err)
		problemJSON(w, http.StatusInternalServerError, "the figures could not be computed; the log says why")
		return
	}
	var b bytes.Buffer
	if err := report.JSON(&b, figures); err != nil {
		slog.Error("report failed", "err", err)
		problemJSON(w, http.StatusInternalServerError, "the figures could not be written; the log says why")
		return
	}
	w.Header().Set("Content-Type", "application/x-ndjson")
	_, _ = w.Write(b.Bytes()) // the reader has gone
}

// exported returns the outcomes that the URL asks for; all of them without a filter.
func (s *server) exported(w http.ResponseWriter, r *http.Request) ([]stats.Outcome, bool) {
	f, err := parseFilter(r.URL.Query())
	if err != nil {
		problemJSON(w, http.StatusBadRequest, err.Error())
		return nil, false
	}
	v := s.views.get()
	if f.key() == "" {
		return v.Outcomes, true
	}
	var out []stats.Outcome
	for _, i := range v.found(f) {
		out = append(out, v.Outcomes[i])
	}
	return out, true
}

func (s *server) outcomesCSV(w http.ResponseWriter, r *http.Request) {
	all, ok := s.exported(w, r)
	if !ok {
		return
	}
	w.Header().Set("Content-Type", "text/csv; charset=utf-8; header=present")
	w.Header().Set("Content-Disposition", `attachment; filename="outcomes.csv"`)
	if err := report.OutcomesCSV(w, all); err != nil {
		panic(http.ErrAbortHandler)
	}
}

func (s *server) outcomesParquet(w http.ResponseWriter, r *http.Request) {
	all, ok := s.exported(w, r)
	if !ok {
		return
	}
	w.Header().Set("Content-Type", "application/vnd.apache.parquet")
	w.Header().Set("Content-Disposition", `attachment; filename="outcomes.parquet"`)
	if err := report.OutcomesParquet(w, all); err != nil {
		panic(http.ErrAbortHandler)
	}
}

// values returns the values of each dimension that has menus, in order; "" stands for none.
func (v *view) values() map[string][]string {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.sets != nil {
		return v.sets
	}
	v.sets = map[string][]string{}
	for _, d := range []stats.Dimension{stats.ByKind, stats.BySector, stats.ByBand, stats.ByRegion, stats.ByWeek} {
		seen := map[string]bool{}
		for i := range v.Outcomes {
			seen[d.Of(&v.Outcomes[i])] = true
		}
		for value := range seen {
			v.sets[string(d)] = append(v.sets[string(d)], value)
		}
		slices.SortFunc(v.sets[string(d)], strings.Compare)
	}
	return v.sets
}
