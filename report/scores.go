package report

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/parquet-go/parquet-go"
	"github.com/sonde-fleet/sonde/grid"
	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/score"
	"github.com/sonde-fleet/sonde/stats"
)

// MeanLine is a mean of points as JSON has it; null where it is not defined.
type MeanLine struct {
	Value  *float64 `json:"value"`
	SE     *float64 `json:"se"`
	Low    *float64 `json:"low"`
	High   *float64 `json:"high"`
	Audits int      `json:"audits"`
}

func meanLine(m score.Mean) MeanLine {
	return MeanLine{defined(m.Value), defined(m.SE), defined(m.Low), defined(m.High), m.N}
}

// ScoreLine is a structure's score as JSON has it. Ranks are 0 where the structure is not ranked.
type ScoreLine struct {
	Campaign     string              `json:"campaign"`
	Structure    string              `json:"structure"`
	Name         string              `json:"name"`
	Kind         string              `json:"kind"`
	Sector       string              `json:"sector"`
	Band         string              `json:"band"`
	Region       string              `json:"region"`
	Category     string              `json:"category"`
	Audits       int                 `json:"audits"` // scored
	Spoiled      int                 `json:"spoiled"`
	Open         int                 `json:"open"`
	Coverage     *float64            `json:"coverage"`
	Score        MeanLine            `json:"score"`
	Shrunk       MeanLine            `json:"shrunk"`
	Rank         int                 `json:"rank"`
	RankLow      int                 `json:"rank_low"`
	RankHigh     int                 `json:"rank_high"`
	Peers        int                 `json:"peers"`
	Best         float64             `json:"chance_of_being_best"`
	RankLight    int                 `json:"rank_low_under_other_weights"`
	RankHeavy    int                 `json:"rank_high_under_other_weights"`
	First        float64             `json:"first_under_other_weights"`
	Determinants map[string]MeanLine `json:"determinants"`
	Stages       map[string]MeanLine `json:"stages"`
	Channels     map[string]MeanLine `json:"channels"`
	Grid         string              `json:"grid"`
	Norms        string              `json:"norms"`
}

// ScoreLines returns one line a structure, the categories in order, in each the best score first.
func ScoreLines(campaign string, s *score.Sheet) (out []ScoreLine) {
	for c := range s.Categories {
		for _, k := range s.Categories[c].Bodies {
			out = append(out, scoreLine(campaign, s, &s.Bodies[k]))
		}
	}
	return out
}

func scoreLine(campaign string, s *score.Sheet, b *score.Body) ScoreLine {
	l := ScoreLine{Campaign: campaign, Structure: string(b.ID), Name: b.Name, Kind: b.Kind, Sector: b.Sector, Band: b.Band, Region: b.Region,
		Category: b.Category, Audits: b.Audits, Spoiled: b.Spoiled, Open: b.Open, Coverage: defined(b.Coverage), Score: meanLine(b.Score),
		Shrunk: meanLine(b.Shrunk), Rank: b.Rank, RankLow: b.RankLow, RankHigh: b.RankHigh, Peers: b.Peers, Best: b.Best,
		RankLight: b.RankLight, RankHeavy: b.RankHeavy, First: b.First, Grid: s.Grid.Version, Norms: s.Norms.Profile,
		Determinants: map[string]MeanLine{}, Stages: map[string]MeanLine{}, Channels: map[string]MeanLine{}}
	for _, p := range parts(s, b) {
		switch p.Part {
		case "determinant":
			l.Determinants[p.Code] = meanLine(p.mean)
		case "stage":
			l.Stages[p.Code] = meanLine(p.mean)
		case "channel":
			l.Channels[p.Code] = meanLine(p.mean)
		}
	}
	return l
}

// ScoresJSON writes one object a line.
func ScoresJSON(w io.Writer, campaign string, s *score.Sheet) error {
	return lines(w, ScoreLines(campaign, s))
}

func lines[T any](w io.Writer, all []T) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	for i := range all {
		if err := e.Encode(&all[i]); err != nil {
			return err
		}
	}
	return nil
}

// PartRow is one mean of one structure: the score itself, or a determinant, a stage or a channel.
type PartRow struct {
	Campaign  string   `parquet:"campaign,dict"`
	Structure string   `parquet:"structure,dict"`
	Category  string   `parquet:"category,dict"`
	Part      string   `parquet:"part,dict"` // score, determinant, stage, channel
	Code      string   `parquet:"code,dict"`
	Value     *float64 `parquet:"value,optional"`
	SE        *float64 `parquet:"se,optional"`
	Low       *float64 `parquet:"low,optional"`
	High      *float64 `parquet:"high,optional"`
	Audits    int      `parquet:"audits"`

	mean score.Mean
}

func parts(s *score.Sheet, b *score.Body) []PartRow {
	var out []PartRow
	add := func(part, code string, m score.Mean) {
		out = append(out, PartRow{Structure: string(b.ID), Category: b.Category, Part: part, Code: code, Value: defined(m.Value), SE: defined(m.SE),
			Low: defined(m.Low), High: defined(m.High), Audits: m.N, mean: m})
	}
	add("score", "", b.Score)
	for i, d := range s.Grid.Determinants {
		add("determinant", d.Code, b.Determinants[i])
	}
	for i, st := range grid.Stages {
		add("stage", string(st), b.Stages[i])
	}
	for i, c := range probes.Channels {
		add("channel", string(c), b.Channels[i])
	}
	return out
}

// ScoresParquet writes every mean of every structure, one a row.
func ScoresParquet(w io.Writer, campaign string, s *score.Sheet) error {
	var all []PartRow
	for i := range s.Bodies {
		for _, p := range parts(s, &s.Bodies[i]) {
			p.Campaign = campaign
			all = append(all, p)
		}
	}
	return writeParquet(w, all)
}

func writeParquet[T any](w io.Writer, all []T) error {
	p := parquet.NewGenericWriter[T](w, parquet.Compression(&parquet.Zstd))
	for len(all) > 0 {
		n := min(len(all), 1<<16)
		if _, err := p.Write(all[:n]); err != nil {
			return fmt.Errorf("parquet: %w", err)
		}
		all = all[n:]
	}
	if err := p.Close(); err != nil {
		return fmt.Errorf("parquet: %w", err)
	}
	return nil
}

// ScoreTable is the scores as a table of one row a structure.
func ScoreTable(campaign string, s *score.Sheet) Table {
	t := Table{Name: "scores", Columns: []string{"campaign", "structure", "name", "kind", "sector", "band", "region", "category", "audits", "spoiled", "open",
		"coverage", "score", "score_se", "score_low", "score_high", "shrunk", "shrunk_low", "shrunk_high", "rank", "rank_low", "rank_high", "peers",
		"chance_of_being_best", "rank_low_under_other_weights", "rank_high_under_other_weights", "first_under_other_weights"}}
	for _, part := range parts(s, &score.Body{Determinants: make([]score.Mean, len(s.Grid.Determinants)), Stages: make([]score.Mean, len(grid.Stages)),
		Channels: make([]score.Mean, len(probes.Channels))})[1:] {
		t.Columns = append(t.Columns, part.Part+"_"+strings.ReplaceAll(part.Code, "-", "_"))
	}
	for c := range s.Categories {
		for _, k := range s.Categories[c].Bodies {
			b := &s.Bodies[k]
			row := []any{campaign, string(b.ID), b.Name, b.Kind, b.Sector, b.Band, b.Region, b.Category, b.Audits, b.Spoiled, b.Open, b.Coverage,
				b.Score.Value, b.Score.SE, b.Score.Low, b.Score.High, b.Shrunk.Value, b.Shrunk.Low, b.Shrunk.High}
			if b.Rank > 0 {
				row = append(row, b.Rank, b.RankLow, b.RankHigh, b.Peers, b.Best, b.RankLight, b.RankHeavy, b.First)
			} else {
				row = append(row, nil, nil, nil, nil, nil, nil, nil, nil)
			}
			for _, p := range parts(s, b)[1:] {
				row = append(row, p.mean.Value)
			}
			t.Rows = append(t.Rows, row)
		}
	}
	return t
}

// ScoresText writes the categories for a reader: never a rank without its interval, never a winner without its condition.
func ScoresText(w io.Writer, s *score.Sheet) error {
	fmt.Fprintf(w, "grid %s (%.12s…), norms %s of %s\n", s.Grid.Version, s.Grid.Hash, s.Norms.Profile, s.Norms.Date)
	for c := range s.Categories {
		cat := &s.Categories[c]
		if len(cat.Bodies) == 1 {
			fmt.Fprintf(w, "\n%s: 1 structure\n", cat.Name)
		} else {
			fmt.Fprintf(w, "\n%s: %d structures, mean %s, standard deviation between them %s\n", cat.Name, len(cat.Bodies), tenth(cat.Mean), tenth(cat.Spread))
		}
		t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
		fmt.Fprintln(t, "rank\tmay be\tscore\t95 % interval\tshrunk\tbest\tother weights\taudits\tobserved\t structure\t")
		for _, k := range cat.Bodies {
			b := &s.Bodies[k]
			rank, may, best, other := "–", "–", "–", "–"
			if b.Rank > 0 {
				rank, may, best = strconv.Itoa(b.Rank), fmt.Sprintf("%d–%d", b.RankLow, b.RankHigh), Percent(b.Best)
				other = fmt.Sprintf("%d–%d", b.RankLight, b.RankHeavy)
			}
			fmt.Fprintf(t, "%s\t%s\t%s\t%s – %s\t%s\t%s\t%s\t%d\t%s\t %s\t\n", rank, may, tenth(b.Score.Value), tenth(b.Score.Low), tenth(b.Score.High),
				tenth(b.Shrunk.Value), best, other, b.Audits, Percent(b.Coverage), b.Name)
		}
		if err := t.Flush(); err != nil {
			return err
		}
		fmt.Fprintln(w, Win(s, c))
	}
	_, err := fmt.Fprintln(w, "\nrank: by the shrunk score, with the ranks that it may truly have at 95 %; other weights: the ranks in 95 % of 1,000 other choices of weights (each × ½ to 2)")
	return err
}

// Win says who is first in a category and whether that is more than chance.
func Win(s *score.Sheet, c int) string {
	cat := &s.Categories[c]
	w := &cat.Win
	switch s.Verdict(cat) {
	case score.Nobody:
		return "no winner: nobody has enough observed to be ranked"
	case score.Alone:
		return "no winner: nobody to be compared with"
	case score.Sure:
		return fmt.Sprintf("winner: %s, for sure (lead %s points, %s would be enough)", s.Bodies[w.Body].Name, tenth(w.Lead), tenth(w.Needed))
	}
	how := ""
	if w.Audits > 0 {
		how = fmt.Sprintf("; with %d audits each the same lead would be enough", w.Audits)
	}
	return fmt.Sprintf("first: %s, but %d structures may be the best: the lead of %s points would have to be %s%s", s.Bodies[w.Body].Name, len(cat.Winners),
		tenth(w.Lead), tenth(w.Needed), how)
}

func tenth(x float64) string {
	if math.IsNaN(x) {
		return "–"
	}
	return strconv.FormatFloat(x, 'f', 1, 64)
}

// ItemRow is one item of one audit that was scored: from these and the grid every score can be computed again.
type ItemRow struct {
	Campaign  string   `json:"campaign" parquet:"campaign,dict"`
	Structure string   `json:"structure" parquet:"structure,dict"`
	Audit     string   `json:"audit" parquet:"audit,dict"`
	Channel   string   `json:"channel" parquet:"channel,dict"`
	Item      string   `json:"item" parquet:"item,dict"`
	State     string   `json:"state" parquet:"state,dict"` // observed, silent, not applicable, missing
	Value     *float64 `json:"value" parquet:"value,optional"`
	Points    *float64 `json:"points" parquet:"points,optional"`
}

// itemRows calls f with the rows of one audit after the other.
func itemRows(s *score.Sheet, outcomes []stats.Outcome, f func([]ItemRow) error) (err error) {
	var rows []ItemRow
	s.EachPoint(outcomes, func(o *stats.Outcome, points []score.Point) bool {
		rows = rows[:0]
		for i := range points {
			p := &points[i]
			rows = append(rows, ItemRow{o.Campaign, string(o.Structure), string(o.ID), string(o.Channel), string(p.Item.Code), string(p.State),
				defined(p.Value), defined(p.Points)})
		}
		err = f(rows)
		return err == nil
	})
	return err
}

// ItemsJSON writes one item of one audit a line.
func ItemsJSON(w io.Writer, s *score.Sheet, outcomes []stats.Outcome) error {
	return itemRows(s, outcomes, func(rows []ItemRow) error { return lines(w, rows) })
}

// ItemsCSV writes them as a table.
func ItemsCSV(w io.Writer, s *score.Sheet, outcomes []stats.Outcome) error {
	c := csv.NewWriter(w)
	if err := c.Write([]string{"campaign", "structure", "audit", "channel", "item", "state", "value", "points"}); err != nil {
		return err
	}
	err := itemRows(s, outcomes, func(rows []ItemRow) error {
		for _, r := range rows {
			if err := c.Write([]string{r.Campaign, r.Structure, r.Audit, r.Channel, r.Item, r.State, cell(r.Value), cell(r.Points)}); err != nil {
				return err
			}
		}
		return nil
	})
	c.Flush()
	return errors.Join(err, c.Error())
}

// ItemsParquet writes them as an Apache Parquet file.
func ItemsParquet(w io.Writer, s *score.Sheet, outcomes []stats.Outcome) error {
	p := parquet.NewGenericWriter[ItemRow](w, parquet.Compression(&parquet.Zstd))
	err := itemRows(s, outcomes, func(rows []ItemRow) error { _, err := p.Write(rows); return err })
	if err = errors.Join(err, p.Close()); err != nil {
		return fmt.Errorf("parquet: %w", err)
	}
	return nil
}

// GridRow is one item of the grid with everything that a score needs of it: weights, and the rule under the campaign's norms.
type GridRow struct {
	Item              string   `json:"item" parquet:"item"`
	Channel           string   `json:"channel" parquet:"channel,dict"`
	Stage             string   `json:"stage" parquet:"stage,dict"`
	Determinant       string   `json:"determinant" parquet:"determinant,dict"`
	Observer          string   `json:"observer" parquet:"observer,dict"`
	How               string   `json:"how" parquet:"how,dict"`
	Unit              string   `json:"unit" parquet:"unit,dict"`
	Rule              string   `json:"rule" parquet:"rule,dict"`       // yes, no, at-most, at-least, linear
	A                 *float64 `json:"a" parquet:"a,optional"`         // of the rule, under the norms: at most A, at least A, 100 points at A
	B                 *float64 `json:"b" parquet:"b,optional"`         // no points at B
	Silent            string   `json:"silence" parquet:"silence,dict"` // zero or skip
	Weight            float64  `json:"weight" parquet:"weight"`
	ChannelWeight     float64  `json:"channel_weight" parquet:"channel_weight"`
	StageWeight       float64  `json:"stage_weight" parquet:"stage_weight"`
	DeterminantWeight float64  `json:"determinant_weight" parquet:"determinant_weight"`
	Source            string   `json:"source" parquet:"source"`
	EN                string   `json:"en" parquet:"en"`
	FR                string   `json:"fr" parquet:"fr"`
}

// GridRows returns the grid as a campaign is judged by it.
func GridRows(g *grid.Grid, norms grid.Norms) (out []GridRow) {
	for i := range g.Items {
		it := &g.Items[i]
		r := GridRow{Item: string(it.Code), Channel: string(it.Channel), Stage: string(it.Stage), Determinant: it.Determinant, Observer: string(it.Observer),
			How: string(it.How), Unit: it.Unit, Rule: it.Rule.Kind, Silent: string(it.Silent), Weight: it.Weight, ChannelWeight: g.Channels[it.Channel],
			StageWeight: g.Stages[it.Stage], DeterminantWeight: g.Determinant(it.Determinant).Weight, Source: it.Source, EN: it.Name.EN, FR: it.Name.FR}
		if it.Rule.Kind == "at-most" || it.Rule.Kind == "at-least" || it.Rule.Kind == "linear" {
			r.A = defined(it.Rule.A.In(norms))
		}
		if it.Rule.Kind == "linear" {
			r.B = defined(it.Rule.B.In(norms))
		}
		out = append(out, r)
	}
	return out
}

// GridJSON writes one item a line.
func GridJSON(w io.Writer, g *grid.Grid, norms grid.Norms) error { return lines(w, GridRows(g, norms)) }

// GridParquet writes the grid as an Apache Parquet file.
func GridParquet(w io.Writer, g *grid.Grid, norms grid.Norms) error {
	return writeParquet(w, GridRows(g, norms))
}

// GridTable is the grid as a table.
func GridTable(g *grid.Grid, norms grid.Norms) Table {
	t := Table{Name: "grid", Columns: []string{"item", "channel", "stage", "determinant", "observer", "how", "unit", "rule", "a", "b", "silence", "weight",
		"channel_weight", "stage_weight", "determinant_weight", "source", "en", "fr"}}
	value := func(x *float64) any {
		if x == nil {
			return nil
		}
		return *x
	}
	for _, r := range GridRows(g, norms) {
		t.Rows = append(t.Rows, []any{r.Item, r.Channel, r.Stage, r.Determinant, r.Observer, r.How, r.Unit, r.Rule, value(r.A), value(r.B), r.Silent,
			r.Weight, r.ChannelWeight, r.StageWeight, r.DeterminantWeight, r.Source, r.EN, r.FR})
	}
	return t
}
