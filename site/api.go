package site

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/sonde-fleet/sonde/access"
	"github.com/sonde-fleet/sonde/report"
	"github.com/sonde-fleet/sonde/stats"
)

// unchanged says whether the reader has this state of the file already, and answers 304 if so. A file may be too large to be
// hashed before it is sent: its ETag names the snapshot that it is made of, and what was asked of it.
func unchanged(w http.ResponseWriter, r *http.Request, v *view, of string) bool {
	sum := sha256.Sum256([]byte(strconv.FormatInt(v.made.UnixNano(), 36) + " " + of))
	tag := `"` + hex.EncodeToString(sum[:12]) + `"`
	w.Header().Set("ETag", tag)
	if !names(r.Header.Values("If-None-Match"), tag) {
		return false
	}
	w.WriteHeader(http.StatusNotModified)
	return true
}

// names says whether an If-None-Match header has the tag.
func names(header []string, tag string) bool {
	for _, line := range header {
		for one := range strings.SplitSeq(line, ",") {
			if one = strings.TrimPrefix(strings.TrimSpace(one), "W/"); one == tag || one == "*" {
				return true
			}
		}
	}
	return false
}

// outcomesNDJSON writes every outcome, one JSON object a line, as Fetch reads them.
func (s *server) outcomesNDJSON(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/x-ndjson")
	all := access.From(r.Context()).May(access.ReadEvidence)
	v := s.views.get()
	who := access.From(r.Context())
	if unchanged(w, r, v, "outcomes "+strconv.FormatBool(all)+rater(who)) || r.Method == http.MethodHead {
		return
	}
	e := json.NewEncoder(w)
	for i := range v.Outcomes {
		o := shown(v, &v.Outcomes[i], who)
		if o.From != "" && !all {
			c := *o
			c.From, o = "", &c // who answered is personal
		}
		if e.Encode(o) != nil {
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
	f = v.scoped(f).defaulted()
	if unchanged(w, r, v, "report by "+string(by)+" of "+f.key()) {
		return
	}
	figures, err := v.report(f, by)
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
	if r.Method != http.MethodHead {
		_, _ = w.Write(b.Bytes()) // the reader has gone
	}
}

// exported returns the outcomes that the URL asks for, all of them without a filter; false when the answer has been given.
func (s *server) exported(w http.ResponseWriter, r *http.Request) ([]stats.Outcome, bool) {
	f, err := parseFilter(r.URL.Query())
	if err != nil {
		problemJSON(w, http.StatusBadRequest, err.Error())
		return nil, false
	}
	v := s.views.get()
	who := access.From(r.Context())
	if unchanged(w, r, v, r.URL.Path+" of "+f.key()+rater(who)) || r.Method == http.MethodHead {
		return nil, false
	}
	if f.key() == "" {
		return unsealed(v, v.Outcomes, who), true
	}
	var out []stats.Outcome
	for _, i := range v.found(f) {
		out = append(out, v.Outcomes[i])
	}
	return unsealed(v, out, who), true
}

func (s *server) outcomesCSV(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/csv; charset=utf-8; header=present")
	w.Header().Set("Content-Disposition", `attachment; filename="outcomes.csv"`)
	all, ok := s.exported(w, r)
	if !ok {
		return
	}
	if err := report.OutcomesCSV(w, all); err != nil {
		panic(http.ErrAbortHandler)
	}
}

func (s *server) outcomesParquet(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/vnd.apache.parquet")
	w.Header().Set("Content-Disposition", `attachment; filename="outcomes.parquet"`)
	all, ok := s.exported(w, r)
	if !ok {
		return
	}
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
