package duckdb

import (
	"database/sql"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/report"
	"github.com/sonde-fleet/sonde/stats"
)

// groupings are those of the report: 12 kinds, two sectors, six bands, 18 regions, nine weeks.
var groupings = []stats.Dimension{stats.ByKind, stats.BySector, stats.ByBand, stats.ByRegion, stats.ByWeek}

// writeExport writes n plausible outcomes through our own writer: 35,000 structures, 55 % answered after a lognormal delay
// that depends on the structure, silence watched for 15 days, some answers late, some audits spoiled or not made yet.
func writeExport(t testing.TB, name string, n int) {
	t.Helper()
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	p := report.NewParquetWriter(f)
	r := rand.New(rand.NewPCG(2023, 5))
	structures := make([]probes.Structure, 35_000)
	bands := []string{"0-2k", "2-10k", "10-50k", "50-200k", "200k-1M", "1M-"}
	for i := range structures {
		s := probes.Structure{ID: probes.StructureID(fmt.Sprintf("%05d", i)), Name: fmt.Sprint("Mairie n° ", i), Sector: "public",
			Kind: fmt.Sprint("kind ", int(12*r.Float64()*r.Float64())), Band: bands[int(6*r.Float64()*r.Float64())], Region: fmt.Sprint("region ", r.IntN(18))}
		if r.IntN(7) == 0 {
			s.Sector = "private"
		}
		structures[i] = s
	}
	const window = 15 * 24 * time.Hour
	start := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	batch := make([]stats.Outcome, 0, 4096)
	for i := range n {
		s := r.IntN(len(structures))
		due := start.Add(time.Duration(r.IntN(63*24*3600)) * time.Second)
		number := i/len(structures) + 1
		o := stats.Outcome{Prober: "dijon", Body: structures[s], Status: probes.Closed, Result: stats.Silent, Sent: due.Add(time.Duration(r.IntN(90_000)) * time.Millisecond), Events: 4}
		o.Audit = probes.Audit{ID: probes.AuditID(fmt.Sprintf("b.%s.%d", o.Body.ID, number)), Campaign: "b", Structure: o.Body.ID, Channel: probes.Mail,
			Scenario: "horaires", Persona: "lea", Wave: "1", Number: number, Due: due, Deadline: due.Add(window)}
		o.Followed = o.Deadline.Sub(o.Sent).Milliseconds()
		switch x := r.Float64(); {
		case x < 0.55:
			o.Result = stats.Answered
			o.Delay = int64(math.Exp(r.NormFloat64()*1.2+2.5+float64(s%5)/4) * 3600 * 1000)
			o.Late, o.Replied = o.Delay > o.Followed, o.Sent.Add(time.Duration(o.Delay)*time.Millisecond)
			o.Worked, o.Days = o.Delay/4+int64(r.IntN(3600_000)), int(o.Delay/86_400_000)
			o.Followed = min(o.Delay, o.Followed)
			if r.IntN(10) > 0 {
				polite := r.IntN(20) > 0
				o.Polite = &polite
			}
			o.Acked, o.Junk, o.Answer, o.Classes = r.IntN(3) == 0, r.IntN(40) == 0, probes.AnswerGiven, []string{"human"}
		case x < 0.94:
			o.Acked, o.Absent = r.IntN(3) == 0, r.IntN(50) == 0
		case x < 0.97:
			o.Result, o.Status, o.Reason = stats.Unreachable, probes.Refused, "550 5.1.1 no such user"
		case x < 0.99:
			o.Result, o.Status, o.Sent, o.Followed = stats.Spoiled, probes.Faulted, time.Time{}, 0
		default:
			o.Result, o.Status, o.Sent, o.Followed = stats.Waiting, probes.Planned, time.Time{}, 0
		}
		if batch = append(batch, o); len(batch) == cap(batch) || i == n-1 {
			if err := p.Write(batch); err != nil {
				t.Fatal(err)
			}
			batch = batch[:0]
		}
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

// columns are what the figures are made of.
const columns = "kind, sector, band, region, week, result, delay_ms, worked_ms, working_days, followed_ms, late, acknowledged, out_of_office, polite, junk"

// countsSQL are counts and quantiles of the groups of a column.
const countsSQL = `
SELECT %[1]s AS g, count(*),
	count(*) FILTER (result = 'answered'), count(*) FILTER (result = 'silent'), count(*) FILTER (result = 'unreachable'),
	count(*) FILTER (result = 'spoiled'), count(*) FILTER (result = 'waiting'),
	count(*) FILTER (acknowledged AND result IN ('answered', 'silent', 'unreachable')),
	count(*) FILTER (out_of_office AND result IN ('answered', 'silent', 'unreachable')),
	count(*) FILTER (polite), count(*) FILTER (polite IS NOT NULL), count(*) FILTER (junk AND result = 'answered'),
	quantile_cont(delay_ms, [0.5, 0.9]) FILTER (result = 'answered')[1], quantile_cont(delay_ms, [0.5, 0.9]) FILTER (result = 'answered')[2],
	quantile_cont(worked_ms, 0.5) FILTER (result = 'answered'), quantile_cont(working_days, 0.5) FILTER (result = 'answered')
FROM %[2]s GROUP BY 1`

// survivalSQL is Kaplan–Meier with Greenwood's sum at the horizons, median, 90 % and restricted mean of the groups of a
// column. Times are counted first, so that the windows run over times and not over audits. Where exactly a half has answered
// for a while, the median is the middle of that while, as in R.
const survivalSQL = `
WITH times AS (
	SELECT %[1]s AS g, CASE WHEN result = 'answered' AND NOT late THEN delay_ms ELSE greatest(followed_ms, 0) END AS t,
		count(*) AS c, count(*) FILTER (result = 'answered' AND NOT late) AS d
	FROM %[2]s WHERE result IN ('answered', 'silent', 'unreachable') GROUP BY 1, 2
), %[3]srisk AS (
	SELECT g, t, d, (sum(c) OVER (PARTITION BY g ORDER BY t DESC))::DOUBLE AS n FROM %[4]s
), curve AS (
	SELECT g, t, exp(sum(ln(1 - d / n)) OVER w) AS s, sum(d / (n * (n - d))) OVER w AS v, lead(t) OVER w AS u
	FROM risk WHERE d > 0 WINDOW w AS (PARTITION BY g ORDER BY t)
)
SELECT g, min(s) FILTER (t <= 86400000), max(v) FILTER (t <= 86400000), min(s) FILTER (t <= 172800000), max(v) FILTER (t <= 172800000),
	min(s) FILTER (t <= 432000000), max(v) FILTER (t <= 432000000), min(s) FILTER (t <= 1296000000), max(v) FILTER (t <= 1296000000),
	coalesce((min(t) FILTER (s < 0.5 + 1.49e-8) + min(t) FILTER (s < 0.5 - 1.49e-8)) / 2, min(t) FILTER (s < 0.5 + 1.49e-8)), min(t) FILTER (s <= 0.1 + 1.49e-8),
	min(t) + sum(s * (least(coalesce(u, 1296000000), 1296000000) - t)) FILTER (t < 1296000000)
FROM curve GROUP BY 1`

// tiedSQL makes one time of times that R (survival's aeqSurv), and so we, take for one.
const tiedSQL = `gaps AS (
	SELECT *, t - lag(t) OVER (PARTITION BY g ORDER BY t) AS gap, avg(t) OVER (PARTITION BY g) AS mean FROM times
), starts AS (
	SELECT g, c, d, max(CASE WHEN gap IS NULL OR gap / mean > 1.4901161193847656e-08 THEN t END) OVER (PARTITION BY g ORDER BY t) AS t FROM gaps
), tied AS (
	SELECT g, t, sum(c) AS c, sum(d)::DOUBLE AS d FROM starts GROUP BY 1, 2
), `

// row is what DuckDB makes of a group.
type row struct {
	audits, answered, silent, unreachable, spoiled, waiting, acked, absent, polite, judged, junk int
	ofAnswered, ofAnswered9, worked, days                                                        sql.NullFloat64
	s, v                                                                                         [4]sql.NullFloat64
	median, p90, mean                                                                            sql.NullFloat64
}

// ask makes the figures of the table by the columns, and of all together; ties says whether times that R takes for one are.
func ask(t testing.TB, db *sql.DB, table string, by []stats.Dimension, ties bool) map[string]*row {
	t.Helper()
	tied, times := "", "times"
	if ties {
		tied, times = tiedSQL, "tied"
	}
	out := map[string]*row{}
	each := func(query string, scan func(*sql.Rows) error) {
		rows, err := db.Query(query)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		for rows.Next() {
			if err := scan(rows); err != nil {
				t.Fatal(err)
			}
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
	}
	for _, d := range append([]stats.Dimension{""}, by...) {
		column := string(d)
		if d == "" {
			column = "'all'"
		}
		var g string
		each(fmt.Sprintf(countsSQL, column, table), func(rows *sql.Rows) error {
			r := &row{}
			err := rows.Scan(&g, &r.audits, &r.answered, &r.silent, &r.unreachable, &r.spoiled, &r.waiting, &r.acked, &r.absent, &r.polite, &r.judged, &r.junk,
				&r.ofAnswered, &r.ofAnswered9, &r.worked, &r.days)
			out[string(d)+" "+g] = r
			return err
		})
		each(fmt.Sprintf(survivalSQL, column, table, tied, times), func(rows *sql.Rows) error {
			var r row
			err := rows.Scan(&g, &r.s[0], &r.v[0], &r.s[1], &r.v[1], &r.s[2], &r.v[2], &r.s[3], &r.v[3], &r.median, &r.p90, &r.mean)
			x := out[string(d)+" "+g]
			x.s, x.v, x.median, x.p90, x.mean = r.s, r.v, r.median, r.p90, r.mean
			return err
		})
	}
	return out
}

// compare holds the reports to DuckDB's rows.
func compare(t testing.TB, ours []stats.Report, theirs map[string]*row) {
	t.Helper()
	const tolerance = 1e-9
	groups := 0
	check := func(d stats.Dimension, f *stats.Figures) {
		groups++
		name := string(d) + " " + f.Group
		r := theirs[name]
		if r == nil {
			t.Errorf("%s: DuckDB does not have it", name)
			return
		}
		is := []int{f.Audits, f.Results[stats.Answered], f.Results[stats.Silent], f.Results[stats.Unreachable], f.Results[stats.Spoiled], f.Results[stats.Waiting],
			f.Acked.K, f.Absent.K, f.Polite.K, f.Polite.N, f.Junk.K}
		if want := []int{r.audits, r.answered, r.silent, r.unreachable, r.spoiled, r.waiting, r.acked, r.absent, r.polite, r.judged, r.junk}; !slices.Equal(is, want) {
			t.Errorf("%s: counts %v, DuckDB %v", name, is, want)
		}
		near := func(what string, got float64, want sql.NullFloat64) {
			if math.IsNaN(got) == want.Valid || want.Valid && math.Abs(got-want.Float64) > tolerance*max(1, math.Abs(want.Float64)) {
				t.Errorf("%s: %s: %.17g, DuckDB %.17g", name, what, got, want.Float64)
			}
		}
		for i, x := range f.Rates {
			near("share "+x.Within.String(), x.Share, sql.NullFloat64{Float64: 1 - r.s[i].Float64, Valid: r.s[i].Valid})
			// The interval on the log-log scale, from DuckDB's sums.
			at, width := math.Log(-math.Log(r.s[i].Float64)), 1.959963984540054*math.Sqrt(r.v[i].Float64)/math.Log(r.s[i].Float64)
			near("low "+x.Within.String(), x.Low, sql.NullFloat64{Float64: 1 - math.Exp(-math.Exp(at+width)), Valid: r.s[i].Valid})
			near("high "+x.Within.String(), x.High, sql.NullFloat64{Float64: 1 - math.Exp(-math.Exp(at-width)), Valid: r.s[i].Valid})
		}
		near("median", f.Median, r.median)
		near("90 %", f.P90, r.p90)
		near("restricted mean", f.Mean, r.mean)
		near("median of answers", f.AnsweredMedian, r.ofAnswered)
		near("90 % of answers", f.AnsweredP90, r.ofAnswered9)
		near("worked", f.WorkedMedian, r.worked)
		near("days", f.DaysMedian, r.days)
	}
	check("", &ours[0].All)
	for i := range ours {
		for j := range ours[i].Groups {
			check(ours[i].By, &ours[i].Groups[j])
		}
	}
	if groups != len(theirs) {
		t.Errorf("%d groups, DuckDB has %d", groups, len(theirs))
	}
}

// load reads the export as our report does.
func load(t testing.TB, name string) *stats.Columns {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	c, err := report.ReadParquet(f, info.Size(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// duck opens DuckDB on the export.
func duck(t testing.TB, name string) *sql.DB {
	t.Helper()
	db, err := Open(2)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	if err := Parquet(db, "export", name); err != nil {
		t.Fatal(err)
	}
	return db
}

func execute(t testing.TB, db *sql.DB, query string) {
	t.Helper()
	if _, err := db.Exec(query); err != nil {
		t.Fatal(err)
	}
}

// TestFiguresAreThoseOfDuckDB: SQL over the exported file gives the same counts, rates, intervals, delays and means.
func TestFiguresAreThoseOfDuckDB(t *testing.T) {
	name := filepath.Join(t.TempDir(), "outcomes.parquet")
	writeExport(t, name, 20_000)
	ours, err := load(t, name).Report(groupings...)
	if err != nil {
		t.Fatal(err)
	}
	compare(t, ours, ask(t, duck(t, name), "export", groupings, true))
}

// BenchmarkTenMillion measures both sides on one file of ten million outcomes (SONDE_PARQUET names one that is there
// already), and holds every figure of ours to DuckDB's. It tells each time as it comes. DuckDB is spared the rule of ties
// while it is measured, and everything that we compute besides: the log-rank test, the standard error of the mean and the
// interval of the median.
func BenchmarkTenMillion(b *testing.B) {
	name := os.Getenv("SONDE_PARQUET")
	if name == "" {
		name = filepath.Join(b.TempDir(), "outcomes.parquet")
	}
	timed := func(what string, f func()) {
		start := time.Now()
		f()
		took := time.Since(start).Seconds()
		load, _ := os.ReadFile("/proc/loadavg")
		fmt.Fprintf(os.Stderr, "%-45s %7.2f s   load %s\n", what, took, strings.Fields(string(load))[0])
	}
	if _, err := os.Stat(name); err != nil {
		timed("write the file", func() { writeExport(b, name, 10_000_000) })
	}
	for b.Loop() {
		var ours []stats.Report
		for range 3 {
			var c *stats.Columns
			timed("ours: load", func() { c = load(b, name) })
			timed("ours: report", func() {
				var err error
				if ours, err = c.Report(groupings...); err != nil {
					b.Fatal(err)
				}
			})
		}
		db := duck(b, name)
		timed("DuckDB: load into a table", func() { execute(b, db, "CREATE TABLE loaded AS SELECT "+columns+" FROM export") })
		timed("DuckDB: report from the table", func() { ask(b, db, "loaded", groupings, false) })
		timed("DuckDB: report straight from the file", func() { ask(b, db, "export", groupings, false) })
		timed("ours once more: load", func() { _ = load(b, name) })
		compare(b, ours, ask(b, db, "loaded", groupings, true))
	}
}
