package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/report"
	"github.com/sonde-fleet/sonde/stats"
)

// TestReportOfExports: a folder of exports, and its files one by one, give the report of the outcomes, of one channel.
func TestReportOfExports(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	var all []stats.Outcome
	for range 300 {
		o := stats.Outcome{Result: stats.Results[r.IntN(3)], Delay: int64(r.IntN(1_000_000_000)), Followed: 1_296_000_000,
			Body: probes.Structure{Band: fmt.Sprint(r.IntN(4), "-k"), Sector: "public"}}
		o.Channel = []probes.Channel{probes.Mail, probes.Post}[r.IntN(2)]
		o.Sent = time.Date(2026, 3, 2+r.IntN(40), 23, 59, 0, 0, time.UTC)
		all = append(all, o)
	}
	dir := t.TempDir()
	var files []string
	for i, part := range [][]stats.Outcome{all[:120], all[120:120], all[120:]} {
		var b bytes.Buffer
		if err := report.OutcomesParquet(&b, part); err != nil {
			t.Fatal(err)
		}
		files = append(files, filepath.Join(dir, fmt.Sprint("part", i, ".parquet")))
		if err := os.WriteFile(files[i], b.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var mails []stats.Outcome
	for _, o := range all {
		if o.Channel == probes.Mail {
			mails = append(mails, o)
		}
	}
	var want bytes.Buffer
	for _, by := range []stats.Dimension{stats.ByBand, stats.ByWeek} {
		s, err := stats.Summary(mails, by)
		if err != nil {
			t.Fatal(err)
		}
		if err := report.JSON(&want, s); err != nil {
			t.Fatal(err)
		}
	}
	for _, in := range []string{dir, strings.Join(files, ",")} {
		code, out, errs := command(t, "report", "-in", in, "-by", "band,week", "-json")
		if code != 0 || out != want.String() || errs != "" {
			t.Errorf("%s: %d %s\n%s\nwant %s", in, code, errs, out, &want)
		}
	}
	empty := t.TempDir()
	bad := csvFile(t, "group,time,event\n")
	for in, said := range map[string]string{empty: ".parquet", bad: "in.csv: ", filepath.Join(empty, "none"): "none", files[0] + "," + bad: "in.csv: "} {
		if code, _, errs := command(t, "report", "-in", in); code != 2 || !strings.Contains(errs, said) {
			t.Errorf("%s: %d %s", in, code, errs)
		}
	}
}
