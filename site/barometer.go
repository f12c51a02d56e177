package site

import (
	"bytes"
	"cmp"
	"log/slog"
	"math"
	"net/http"
	"net/url"
	"slices"

	"github.com/sonde-fleet/sonde/access"
	"github.com/sonde-fleet/sonde/grid"
	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/report"
	"github.com/sonde-fleet/sonde/report/edition"
	"github.com/sonde-fleet/sonde/report/paper"
	"github.com/sonde-fleet/sonde/score"
	"github.com/sonde-fleet/sonde/stats"
)

// barometer is the page of a campaign's scores: what structures come to, who is first and whether that is more than chance.
type barometer struct {
	frame
	Campaign   string
	Campaigns  []option
	Facts      []fact
	Mean       string
	Sectors    string // public against private
	Lines      []trend
	Parts      []partsTable
	Categories []categoryRow
	Category   *categoryPage
	Files      []link
	None       string
}

// partsTable is the mean of every determinant, stage or channel over the structures.
type partsTable struct {
	Caption string
	Rows    []partRow
}

type partRow struct {
	Name, Value, Interval string
	At, Low, Width        float64
	Drawn                 bool
}

type categoryRow struct {
	Name, URL, Structures, Mean, Spread, Win string
}

// categoryPage is one category in full.
type categoryPage struct {
	Name, Win string
	Rows      []rankRow
	Funnel    *funnel
	Back      string
}

type rankRow struct {
	Rank, May, Name, URL, Score, Interval, Shrunk, Best, Weights, Audits, AuditsURL, Coverage string
	At, Low, Width                                                                            float64
	Drawn                                                                                     bool
}

func (s *server) barometer(w http.ResponseWriter, r *http.Request) {
	asked, err := parseFilter(r.URL.Query())
	if err != nil {
		s.problem(w, r, http.StatusBadRequest)
		return
	}
	v := s.views.get()
	p := &barometer{frame: s.frame(r, filter{Campaign: asked.Campaign, Lang: asked.Lang, Kind: asked.Kind, Band: asked.Band})}
	p.Here, p.Title = "barometer", p.T("barometer.title")
	if len(v.Launches) == 0 {
		p.None = p.T("barometer.none")
		s.render(w, r, http.StatusOK, "barometer", p)
		return
	}
	launch := &v.Launches[0]
	if asked.Campaign != "" {
		if launch = v.launched(asked.Campaign); launch == nil {
			s.problem(w, r, http.StatusNotFound)
			return
		}
	}
	for i := range v.Launches {
		l := &v.Launches[i]
		p.Campaigns = append(p.Campaigns, option{l.Campaign, cmp.Or(l.Title, l.Campaign), l == launch})
	}
	p.Campaign = launch.Campaign
	sheet, err := v.sheet(launch.Campaign)
	if err != nil {
		slog.Error("scores failed", "campaign", launch.Campaign, "err", err)
		p.None = p.T("barometer.failed", "Why", err.Error())
		s.render(w, r, http.StatusOK, "barometer", p)
		return
	}
	p.judgedBy(sheet)
	if asked.Kind != "" {
		at := slices.IndexFunc(sheet.Categories, func(c score.Category) bool { return c.Kind == asked.Kind && c.Band == asked.Band })
		if at < 0 {
			s.problem(w, r, http.StatusNotFound)
			return
		}
		p.category(sheet, at)
		s.render(w, r, http.StatusOK, "barometer", p)
		return
	}
	p.overview(sheet)
	lines, err := memo(v, "editions", func() ([]edition.Line, error) { return s.editions(v) })
	if err != nil {
		slog.Error("editions failed", "err", err)
		s.problem(w, r, http.StatusInternalServerError)
		return
	}
	for i := range lines {
		p.Lines = append(p.Lines, p.trend(&lines[i]))
	}
	q := url.Values{"campaign": {launch.Campaign}}
	q.Set("lang", p.Lang)
	p.Files = append(p.Files, link{Text: p.T("report.read"), URL: "/barometer/report?" + q.Encode()})
	q.Set("format", "pdf")
	p.Files = append(p.Files, link{Text: p.T("report.print"), URL: "/barometer/report?" + q.Encode()})
	q = url.Values{"campaign": {launch.Campaign}}
	for _, f := range []string{"scores.csv", "scores.xlsx", "scores.parquet", "items.parquet", "grid.csv"} {
		p.Files = append(p.Files, link{Text: f, URL: "/" + f + "?" + q.Encode()})
	}
	s.render(w, r, http.StatusOK, "barometer", p)
}

// editions are the figures of earlier editions with those of every campaign that this program can judge.
func (s *server) editions(v *view) ([]edition.Line, error) {
	points := slices.Clone(s.earlier)
	for i := range v.Launches {
		j, err := v.judged(v.Launches[i].Campaign)
		if err != nil {
			slog.Info("a campaign is left out of the editions", "campaign", v.Launches[i].Campaign, "err", err)
			continue
		}
		own, err := edition.Of(v.Launches[i], j.outcomes, j.sheet)
		if err != nil {
			return nil, err
		}
		points = append(points, own...)
	}
	return edition.Lines(points), nil
}

// judgedBy says what the scores are made with.
func (p *barometer) judgedBy(s *score.Sheet) {
	audits, spoiled, open := 0, 0, 0
	for i := range s.Bodies {
		audits, spoiled, open = audits+s.Bodies[i].Audits, spoiled+s.Bodies[i].Spoiled, open+s.Bodies[i].Open
	}
	p.Facts = []fact{
		{Name: p.T("barometer.grid"), Value: s.Grid.Version + " (" + string(s.Grid.Hash)[:12] + "…)"},
		{Name: p.T("barometer.norms"), Value: cmp.Or(s.Norms.Title().In(p.Lang == "fr"), s.Norms.Profile) + ", " + s.Norms.Date},
		{Name: p.T("barometer.audits"), Value: p.T("barometer.audits.of", "Scored", p.Int(audits), "Spoiled", p.Int(spoiled), "Open", p.Int(open))},
	}
}

// points writes points with one digit.
func (p *frame) points(x float64) string { return p.Decimal(x, 1) }

func (p *frame) pointsInterval(m score.Mean) string {
	if math.IsNaN(m.Low) {
		return ""
	}
	return p.points(m.Low) + " – " + p.points(m.High)
}

func (p *barometer) overview(s *score.Sheet) {
	whole := s.MeanOf(func(b *score.Body) float64 { return b.Score.Value })
	p.Mean = p.T("barometer.mean", "Mean", p.points(whole.Value), "Interval", cmp.Or(p.pointsInterval(whole), undefined), "N", p.N("structures", whole.N))
	if c := s.Sectors(func(b *score.Body) float64 { return b.Score.Value }); c.EnoughToCompare {
		p.Sectors = p.T("barometer.sectors", "Public", p.points(c.A.Value), "Private", p.points(c.B.Value), "Difference", p.signed(c.Difference),
			"Low", p.signed(c.Low), "High", p.signed(c.High))
	}
	part := func(caption string, n int, name func(int) string, of func(*score.Body, int) score.Mean) {
		t := partsTable{Caption: caption}
		for i := range n {
			m := s.MeanOf(func(b *score.Body) float64 {
				if x := of(b, i); x.N > 0 {
					return x.Value
				}
				return math.NaN()
			})
			if m.N > 0 {
				t.Rows = append(t.Rows, p.partRow(name(i), m))
			}
		}
		p.Parts = append(p.Parts, t)
	}
	french := p.Lang == "fr"
	part(p.T("barometer.channels"), len(probes.Channels), func(i int) string { return p.Term("channel", string(probes.Channels[i])) },
		func(b *score.Body, i int) score.Mean { return b.Channels[i] })
	part(p.T("barometer.stages"), len(grid.Stages), func(i int) string { return s.Grid.StageNames[grid.Stages[i]].In(french) },
		func(b *score.Body, i int) score.Mean { return b.Stages[i] })
	part(p.T("barometer.determinants"), len(s.Grid.Determinants), func(i int) string { return s.Grid.Determinants[i].Name.In(french) },
		func(b *score.Body, i int) score.Mean { return b.Determinants[i] })
	for c := range s.Categories {
		cat := &s.Categories[c]
		to := filter{Campaign: p.Campaign, Kind: cat.Kind, Band: cat.Band, Lang: p.Asked.Lang}
		p.Categories = append(p.Categories, categoryRow{Name: cat.Name, URL: to.href("/barometer"), Structures: p.Int(len(cat.Bodies)), Mean: p.points(cat.Mean),
			Spread: p.points(cat.Spread), Win: p.win(s, c)})
	}
}

func (p *frame) signed(x float64) string {
	if x > 0 {
		return "+" + p.points(x)
	}
	return p.points(x)
}

func (p *frame) partRow(name string, m score.Mean) partRow {
	row := partRow{Name: name, Value: p.points(m.Value), Interval: p.pointsInterval(m), At: m.Value}
	if !math.IsNaN(m.Low) {
		row.Drawn, row.Low, row.Width = true, m.Low, max(0.5, m.High-m.Low)
	}
	return row
}

// win says who is first in a category and whether that is more than chance.
func (p *frame) win(s *score.Sheet, c int) string {
	cat := &s.Categories[c]
	verdict := s.Verdict(cat)
	if verdict == score.Nobody || verdict == score.Alone {
		return p.T("barometer.win." + string(verdict))
	}
	w := &cat.Win
	text := p.T("barometer.win."+string(verdict), "Name", s.Bodies[w.Body].Name, "N", p.Int(len(cat.Winners)), "Lead", p.points(w.Lead), "Needed", p.points(w.Needed))
	if w.Audits > 0 {
		text += " " + p.T("barometer.win.audits", "N", p.Int(w.Audits))
	}
	return text
}

func (p *barometer) category(s *score.Sheet, c int) {
	cat := &s.Categories[c]
	p.Title = p.T("barometer.title") + " – " + cat.Name
	out := &categoryPage{Name: cat.Name, Win: p.win(s, c), Back: filter{Campaign: p.Campaign, Lang: p.Asked.Lang}.href("/barometer"), Funnel: p.funnel(s, c)}
	bodies := slices.Clone(cat.Bodies)
	slices.SortStableFunc(bodies, func(a, b int) int { // by rank, those without one last
		x, y := s.Bodies[a].Rank, s.Bodies[b].Rank
		if x == 0 || y == 0 {
			return cmp.Compare(y, x)
		}
		return cmp.Compare(x, y)
	})
	for _, k := range bodies {
		b := &s.Bodies[k]
		row := rankRow{Rank: undefined, May: undefined, Name: cmp.Or(b.Name, string(b.ID)), URL: filter{Lang: p.Asked.Lang}.href(structurePath(b.ID)),
			Score: p.points(b.Score.Value), Interval: p.pointsInterval(b.Score), Shrunk: p.points(b.Shrunk.Value), Best: undefined, Weights: undefined,
			Audits: p.Int(b.Audits), AuditsURL: filter{Campaign: p.Campaign, Structure: string(b.ID), Channel: anyChannel, Lang: p.Asked.Lang}.href("/audits"),
			Coverage: p.percent(b.Coverage, 0), At: b.Score.Value}
		if b.Rank > 0 {
			row.Rank, row.May, row.Best = p.Int(b.Rank), p.Int(b.RankLow)+"–"+p.Int(b.RankHigh), p.percent(b.Best, 0)
			row.Weights = p.Int(b.RankLight) + "–" + p.Int(b.RankHeavy)
		}
		if !math.IsNaN(b.Score.Low) {
			row.Drawn, row.Low, row.Width = true, b.Score.Low, max(0.5, b.Score.High-b.Score.Low)
		}
		out.Rows = append(out.Rows, row)
	}
	p.Category = out
}

// barometerReport is the same as a document to print.
func (s *server) barometerReport(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	v := s.views.get()
	format, campaign := q.Get("format"), q.Get("campaign")
	if campaign == "" && len(v.Launches) > 0 {
		campaign = v.Launches[0].Campaign
	}
	launch := v.launched(campaign)
	switch {
	case format != "" && format != "html" && format != "pdf":
		s.problem(w, r, http.StatusBadRequest)
		return
	case launch == nil:
		s.problem(w, r, http.StatusNotFound)
		return
	}
	in := paper.NationalInput{Launch: *launch, Lang: s.locales.pick(q.Get("lang"), r.Header.Get("Accept-Language")).Lang, At: v.At}
	if s.public != "" || !access.From(r.Context()).Local {
		in.Base = s.address(r, "/")
	}
	j, err := v.judged(campaign)
	if err == nil {
		in.Sheet, in.Outcomes = j.sheet, j.outcomes
		in.Lines, err = memo(v, "editions", func() ([]edition.Line, error) { return s.editions(v) })
	}
	var html bytes.Buffer
	if err == nil {
		err = paper.National(&html, in)
	}
	if err != nil {
		slog.Error("barometer failed", "campaign", campaign, "err", err)
		s.problem(w, r, http.StatusInternalServerError)
		return
	}
	s.deliver(w, r, html.Bytes(), format, "sonde-"+campaign+"-"+in.Lang)
}

// scoreFile writes one of the files of a campaign's scores.
func (s *server) scoreFile(contentType string, write func(http.ResponseWriter, *http.Request, string, *judged) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		v := s.views.get()
		campaign := r.URL.Query().Get("campaign")
		if campaign == "" && len(v.Launches) > 0 {
			campaign = v.Launches[0].Campaign
		}
		if v.launched(campaign) == nil {
			s.problem(w, r, http.StatusNotFound)
			return
		}
		j, err := v.judged(campaign)
		if err != nil {
			slog.Error("scores failed", "campaign", campaign, "err", err)
			s.problem(w, r, http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", contentType)
		w.Header().Set("Content-Disposition", `attachment; filename="`+url.PathEscape(campaign)+`-`+url.PathEscape(r.URL.Path[1:])+`"`)
		if r.Method == http.MethodHead {
			return
		}
		if err := write(w, r, campaign, j); err != nil {
			slog.Info("scores broke off", "err", err)
			panic(http.ErrAbortHandler) // the reader must see that it broke off
		}
	}
}

// ratedApart leaves out the audits that the visitor is to rate blindly: who does so sees no item beforehand.
func (s *server) ratedApart(r *http.Request, outcomes []stats.Outcome) []stats.Outcome {
	who := access.From(r.Context())
	if who.Account.Name == "" || !who.May(access.Review) {
		return outcomes
	}
	v := s.views.get()
	return slices.DeleteFunc(slices.Clone(outcomes), func(o stats.Outcome) bool { return blind(v, &o, who) })
}

// scoreFiles are the files that go with the barometer.
func (s *server) scoreFiles() map[string]http.HandlerFunc {
	const csv, xlsx, parquet = "text/csv; charset=utf-8", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "application/vnd.apache.parquet"
	return map[string]http.HandlerFunc{
		"/scores.csv": s.scoreFile(csv, func(w http.ResponseWriter, _ *http.Request, c string, j *judged) error {
			t := report.ScoreTable(c, j.sheet)
			return t.CSV(w)
		}),
		"/scores.xlsx": s.scoreFile(xlsx, func(w http.ResponseWriter, _ *http.Request, c string, j *judged) error {
			return report.XLSX(w, report.ScoreTable(c, j.sheet), report.GridTable(j.sheet.Grid, j.sheet.Norms))
		}),
		"/scores.parquet": s.scoreFile(parquet, func(w http.ResponseWriter, _ *http.Request, c string, j *judged) error {
			return report.ScoresParquet(w, c, j.sheet)
		}),
		"/items.parquet": s.scoreFile(parquet, func(w http.ResponseWriter, r *http.Request, _ string, j *judged) error {
			return report.ItemsParquet(w, j.sheet, s.ratedApart(r, j.outcomes))
		}),
		"/grid.csv": s.scoreFile(csv, func(w http.ResponseWriter, _ *http.Request, _ string, j *judged) error {
			t := report.GridTable(j.sheet.Grid, j.sheet.Norms)
			return t.CSV(w)
		}),
	}
}
