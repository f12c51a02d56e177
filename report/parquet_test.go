package report_test

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/sonde-fleet/sonde/report"
	"github.com/sonde-fleet/sonde/stats"
)

// exported writes the town as a Parquet file.
func exported(t testing.TB, all []stats.Outcome) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := report.OutcomesParquet(&b, all); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func read(file []byte) (*stats.Columns, error) {
	return report.ReadParquet(bytes.NewReader(file), int64(len(file)), nil)
}

// rewritten writes the rows of an export again, as another program might: types and options are its own.
func rewritten[T any](t testing.TB, file []byte, change func(report.Row) T, options ...parquet.WriterOption) []byte {
	t.Helper()
	rows, err := parquet.Read[report.Row](bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	var out []T
	for _, r := range rows {
		out = append(out, change(r))
	}
	var b bytes.Buffer
	if err := parquet.Write(&b, out, options...); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// foreign is a row as another program writes it: everything optional, no dictionaries but of numbers, other widths.
type foreign struct {
	Late         *bool   `parquet:"late"`
	Kind         *string `parquet:"kind"`
	Sector       *string `parquet:"sector,plain"`
	Band         string  `parquet:"band,delta"`
	Region       *string `parquet:"region,dict"`
	Channel      string  `parquet:"channel"`
	Result       *string `parquet:"result"`
	Contacted    *string `parquet:"contacted"`
	Due          string  `parquet:"due"`
	Delay        *int64  `parquet:"delay_ms,dict"`
	Worked       *int64  `parquet:"worked_ms"`
	Days         *int32  `parquet:"working_days"`
	Followed     *int64  `parquet:"followed_ms"`
	Acknowledged bool    `parquet:"acknowledged"`
	OutOfOffice  bool    `parquet:"out_of_office"`
	Polite       *bool   `parquet:"polite"`
	Junk         bool    `parquet:"junk"`
}

func foreignRow(r report.Row) foreign {
	f := foreign{Late: &r.Late, Kind: &r.Kind, Sector: &r.Sector, Band: r.Band, Region: &r.Region, Channel: r.Channel, Result: &r.Result, Due: r.Due,
		Delay: r.Delay, Worked: r.Worked, Followed: r.Followed, Acknowledged: r.Acknowledged, OutOfOffice: r.OutOfOffice, Polite: r.Polite, Junk: r.Junk}
	if r.Contacted != "" {
		f.Contacted = &r.Contacted
	}
	if r.WorkingDays != nil {
		d := int32(*r.WorkingDays)
		f.Days = &d
	}
	return f
}

// TestReadParquet: a file gives the figures of the outcomes that were written to it, whoever wrote it.
func TestReadParquet(t *testing.T) {
	all := town()
	all[3].Sent, all[3].Due = time.Time{}, time.Date(2026, 12, 31, 23, 30, 0, 0, time.UTC)
	file := exported(t, all)
	small := parquet.MaxRowsPerRowGroup(7)
	for name, file := range map[string][]byte{
		"ours":                       file,
		"ours without weeks":         rewritten(t, file, func(r report.Row) report.Row { return r }),
		"ours in small groups":       rewritten(t, file, func(r report.Row) report.Row { return r }, small, parquet.PageBufferSize(40)),
		"another's":                  rewritten(t, file, foreignRow),
		"another's in small groups":  rewritten(t, file, foreignRow, small, parquet.Compression(&parquet.Snappy)),
		"another's with pages of V1": rewritten(t, file, foreignRow, small, parquet.DataPageVersion(1), parquet.PageBufferSize(40)),
	} {
		c, err := read(file)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		want, err := stats.ColumnsOf(all)
		if err != nil {
			t.Fatal(err)
		}
		got, err := c.Report(stats.Dimensions[:]...)
		if err != nil {
			t.Fatal(err)
		}
		if same, _ := want.Report(stats.Dimensions[:]...); fmt.Sprint(got) != fmt.Sprint(same) {
			t.Errorf("%s: %v\nwant %v", name, got, same)
		}
		if !reflect.DeepEqual(c.Tags, want.Tags) {
			t.Errorf("%s: %v, want %v", name, c.Tags, want.Tags)
		}
	}
	if c, err := read(exported(t, nil)); err != nil || c.Len() != 0 {
		t.Error(c, err)
	}
}

// TestReadParquetTellsHowFarItIs: every row is counted once.
func TestReadParquetTellsHowFarItIs(t *testing.T) {
	file := rewritten(t, exported(t, town()), func(r report.Row) report.Row { return r }, parquet.MaxRowsPerRowGroup(7))
	sum, calls := 0.0, 0
	if _, err := report.ReadParquet(bytes.NewReader(file), int64(len(file)), func(share float64) { sum, calls = sum+share, calls+1 }); err != nil || math.Abs(sum-1) > 1e-9 || calls != 9 {
		t.Errorf("%g of the file in %d calls, %v", sum, calls, err)
	}
}

// TestReadParquetNamesTheColumn: what is wrong with a file is said with the column, and all columns at once.
func TestReadParquetNamesTheColumn(t *testing.T) {
	file := exported(t, town())
	bad := func(change func(*foreign)) []byte {
		return rewritten(t, file, func(r report.Row) foreign {
			f := foreignRow(r)
			if r.Result == "answered" {
				change(&f)
			}
			return f
		})
	}
	minus, much, word := int64(-1), int64(1<<60), "yes"
	for _, c := range []struct {
		name string
		file []byte
		want []string
	}{
		{"no Parquet", []byte("audit,campaign\n1,2\n"), []string{"not an export of outcomes"}},
		{"cut off", file[:len(file)/2], []string{"not an export"}},
		{"another table", rewritten(t, file, func(r report.Row) struct {
			Kind  int32
			Delay string `parquet:"delay_ms"`
		} {
			return struct {
				Kind  int32
				Delay string `parquet:"delay_ms"`
			}{}
		}), []string{"kind: there is no", "delay_ms: it holds STRING", "polite: there is no"}},
		{"a list", rewritten(t, file, func(r report.Row) struct {
			Kind []string `parquet:"kind"`
		} {
			return struct {
				Kind []string `parquet:"kind"`
			}{[]string{"a"}}
		}), []string{"kind: it is no plain column"}},
		{"a result that there is not", bad(func(f *foreign) { f.Result = &word }), []string{"result: ", `"yes"`}},
		{"no result", bad(func(f *foreign) { f.Result = nil }), []string{"result: ", `""`}},
		{"a delay below zero", bad(func(f *foreign) { f.Delay = &minus }), []string{"delay_ms: ", "-1"}},
		{"no delay", bad(func(f *foreign) { f.Delay = nil }), []string{"delay_ms: row ", "missing"}},
		{"a long time", bad(func(f *foreign) { f.Followed = &much }), []string{"followed_ms: "}},
		{"no instant", bad(func(f *foreign) { f.Contacted = &word }), []string{"contacted: ", `"yes"`}},
		{"neither contact nor plan", bad(func(f *foreign) { f.Contacted, f.Due = nil, "" }), []string{"due: row "}},
	} {
		_, err := read(c.file)
		if !errors.Is(err, report.ErrExport) && !strings.Contains(fmt.Sprint(err), "row") && !strings.Contains(fmt.Sprint(err), "result") && !strings.Contains(fmt.Sprint(err), "contacted") {
			t.Errorf("%s: %v", c.name, err)
		}
		for _, w := range c.want {
			if !strings.Contains(fmt.Sprint(err), w) {
				t.Errorf("%s: %v, want %q in it", c.name, err, w)
			}
		}
	}
	many := 0
	if _, err := read(rewritten(t, exported(t, append(append(town(), make([]stats.Outcome, 5000)...), town()...)), func(r report.Row) foreign {
		many++
		f := foreignRow(r)
		region := fmt.Sprint(many)
		result := "out"
		if *f.Result == "" {
			f.Result, f.Due = &result, "2026-03-02T08:00:00.000Z"
		}
		f.Region = &region
		return f
	})); !errors.Is(err, stats.ErrGroups) || !strings.Contains(err.Error(), "region: ") {
		t.Error(err)
	}
}

// FuzzReadParquet: a file in which anything was overwritten, or that was cut off, makes us neither fall over nor hang, and
// what can be read of it makes figures.
func FuzzReadParquet(f *testing.F) {
	file := exported(f, town()[:20])
	small := []parquet.WriterOption{parquet.MaxRowsPerRowGroup(7), parquet.DataPageVersion(1), parquet.PageBufferSize(40)}
	files := [][]byte{file, rewritten(f, file, foreignRow), rewritten(f, file, foreignRow, small...)}
	for i := range files {
		for _, at := range []uint32{4, 40, 200, 1000, 3000, 1 << 31} {
			f.Add(uint8(i), at, uint32(0), []byte{0x55, 0xff, 0x7f})
			f.Add(uint8(i), uint32(len(files[i]))-min(at, 2000), at%7*100, []byte{0xff, 0xff, 0xff, 0xff, 0x0f})
		}
	}
	f.Fuzz(func(t *testing.T, which uint8, at, cut uint32, patch []byte) {
		file := bytes.Clone(files[int(which)%len(files)])
		copy(file[int(at)%len(file):], patch)
		file = file[:len(file)-min(int(cut)/256, len(file))]
		c, err := read(file)
		if err != nil {
			return
		}
		if _, err := c.Report(stats.Dimensions[:]...); err != nil {
			t.Error(err)
		}
	})
}

// BenchmarkReadParquet reads an export that SONDE_PARQUET names.
func BenchmarkReadParquet(b *testing.B) {
	name := os.Getenv("SONDE_PARQUET")
	if name == "" {
		b.Skip("SONDE_PARQUET names no file")
	}
	for b.Loop() {
		f, err := os.Open(name)
		if err != nil {
			b.Fatal(err)
		}
		info, err := f.Stat()
		if err != nil {
			b.Fatal(err)
		}
		if _, err := report.ReadParquet(f, info.Size(), nil); err != nil {
			b.Fatal(err)
		}
		f.Close()
	}
}
