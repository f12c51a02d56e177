package report

import (
	"errors"
	"fmt"
	"io"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/sonde-fleet/sonde/stats"
)

// parquetRow is a row of a Parquet file: one more column, because a week cannot be grouped by without working it out.
type parquetRow struct {
	Row
	Week string `parquet:"week,dict"`
}

// groupRows is how many rows a row group has: readers take a group each, and the writer holds one in memory.
const groupRows = 1 << 17

// ParquetWriter writes outcomes as an Apache Parquet file, some at a time.
type ParquetWriter struct {
	file *parquet.GenericWriter[parquetRow]
	rows []parquetRow
}

// NewParquetWriter returns a writer on w; Close ends the file and leaves w open.
func NewParquetWriter(w io.Writer) *ParquetWriter {
	return &ParquetWriter{file: parquet.NewGenericWriter[parquetRow](w, parquet.Compression(&parquet.Zstd), parquet.MaxRowsPerRowGroup(groupRows))}
}

// Write adds outcomes.
func (p *ParquetWriter) Write(outcomes []stats.Outcome) error {
	for len(outcomes) > 0 {
		n := min(len(outcomes), 1024)
		p.rows = p.rows[:0]
		for i := range outcomes[:n] {
			p.rows = append(p.rows, parquetRow{RowOf(&outcomes[i]), stats.ByWeek.Of(&outcomes[i])})
		}
		if _, err := p.file.Write(p.rows); err != nil {
			return err
		}
		outcomes = outcomes[n:]
	}
	return nil
}

// Close writes what is left.
func (p *ParquetWriter) Close() error { return p.file.Close() }

// OutcomesParquet writes the outcomes as an Apache Parquet file.
func OutcomesParquet(w io.Writer, outcomes []stats.Outcome) error {
	p := NewParquetWriter(w)
	if err := p.Write(outcomes); err != nil {
		return err
	}
	return p.Close()
}

// ErrExport says that a Parquet file is not an export of outcomes.
var ErrExport = errors.New("not an export of outcomes")

// ReadParquet reads from an export what figures are made of: eighteen of its columns, on all processors. The file may be
// another program's rewriting of ours: text with or without dictionary, whole numbers of 32 or 64 bits, any column
// optional. When read is not nil it is told of every part that was read, by its share of the file; it is called from one
// goroutine at a time.
func ReadParquet(in io.ReaderAt, size int64, read func(share float64)) (*stats.Columns, error) {
	f, err := openParquet(in, size)
	if err != nil {
		return nil, err
	}
	x := &reading{file: f, Columns: stats.NewColumns(int(f.NumRows()), stats.Dimensions[:]...), column: map[string]*parquet.Column{},
		coders: map[stats.Dimension]*coder{}}
	if err := x.find(); err != nil {
		return nil, err
	}
	for _, d := range stats.Dimensions {
		x.coders[d] = &coder{Coder: stats.NewCoder(x.Groups[d])}
	}
	var tasks []func() error
	at := 0
	for g, rows := range f.RowGroups() {
		n := int(rows.NumRows())
		s := &stretch{reading: x, rows: rows, number: g + 1, from: at, to: at + n}
		at += n
		left := int64(len(stretchTasks))
		for _, t := range stretchTasks {
			tasks = append(tasks, func() error {
				if err := t(s); err != nil {
					return err
				}
				if atomic.AddInt64(&left, -1) == 0 && read != nil {
					x.mu.Lock()
					defer x.mu.Unlock()
					read(float64(n) / float64(f.NumRows()))
				}
				return nil
			})
		}
	}
	if err := together(tasks); err != nil {
		return nil, err
	}
	return x.Columns, nil
}

// mend turns what a stranger's file makes the library fall over with into an error of the file.
func mend(err *error) {
	if r := recover(); r != nil {
		*err = fmt.Errorf("damaged: %v: %w", r, ErrExport)
	}
}

// openParquet reads the footer.
func openParquet(in io.ReaderAt, size int64) (f *parquet.File, err error) {
	defer mend(&err)
	if err := checkFooter(in, size); err != nil {
		return nil, err
	}
	if f, err = parquet.OpenFile(in, size, parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true), parquet.ReadBufferSize(1<<18)); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrExport, err)
	}
	rows := int64(0)
	for _, g := range f.RowGroups() {
		n := g.NumRows()
		if n < 0 || n > most(size)-rows {
			return nil, fmt.Errorf("%d bytes cannot hold %d rows: %w", size, n, ErrExport)
		}
		rows += n
	}
	if rows != f.NumRows() {
		return nil, fmt.Errorf("%d rows in the groups, %d in the file: %w", rows, f.NumRows(), ErrExport)
	}
	return f, nil
}

// most is how many rows we believe a file of that size to have: at the very best a row takes a few bits.
func most(size int64) int64 { return 1024 + 16*size }

// together runs the tasks on all processors, none more after an error, and returns the first.
func together(tasks []func() error) error {
	var next atomic.Int64
	var failed atomic.Pointer[error]
	var wait sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(tasks)) {
		wait.Go(func() {
			for i := int(next.Add(1)) - 1; i < len(tasks) && failed.Load() == nil; i = int(next.Add(1)) - 1 {
				if err := tasks[i](); err != nil {
					failed.CompareAndSwap(nil, &err)
				}
			}
		})
	}
	wait.Wait()
	if err := failed.Load(); err != nil {
		return *err
	}
	return nil
}

// reading is a file that is being read.
type reading struct {
	*stats.Columns
	file   *parquet.File
	column map[string]*parquet.Column
	coders map[stats.Dimension]*coder
	mu     sync.Mutex
}

// coder gives codes to several goroutines.
type coder struct {
	mu sync.Mutex
	*stats.Coder
}

func (c *coder) code(text []byte) (uint16, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.Code(string(text))
}

// texts, numbers and truths are the columns that are read, week being worked out where a file does not have it.
var (
	texts   = []string{"kind", "sector", "band", "region", "channel", "result"}
	numbers = []string{"delay_ms", "worked_ms", "working_days", "followed_ms"}
	truths  = []string{"late", "acknowledged", "out_of_office", "polite", "junk"}
)

// find finds the columns, and names all that are missing or of another kind.
func (x *reading) find() (err error) {
	defer mend(&err)
	var faults []error
	want := func(names []string, kinds ...parquet.Kind) {
		for _, name := range names {
			c := x.file.Root().Column(name)
			switch {
			case c == nil:
				faults = append(faults, fmt.Errorf("%s: there is no such column", name))
				continue
			case !c.Leaf() || c.Repeated():
				faults = append(faults, fmt.Errorf("%s: it is no plain column", name))
				continue
			}
			ok := false
			for _, k := range kinds {
				ok = ok || c.Type().Kind() == k
			}
			if !ok {
				faults = append(faults, fmt.Errorf("%s: it holds %s", name, c.Type()))
			}
			x.column[name] = c
		}
	}
	want(texts, parquet.ByteArray)
	want(numbers, parquet.Int32, parquet.Int64)
	want(truths, parquet.Boolean)
	if x.file.Root().Column("week") != nil {
		want([]string{"week"}, parquet.ByteArray)
	} else {
		want([]string{"contacted", "due"}, parquet.ByteArray)
	}
	if len(faults) > 0 {
		return fmt.Errorf("%w: %w", ErrExport, errors.Join(faults...))
	}
	return nil
}

// weekOf returns the name of the week of an instant as exports have it.
func weekOf(instant []byte) (string, error) {
	t, err := time.Parse(time.RFC3339Nano, string(instant))
	if err != nil {
		return "", fmt.Errorf("%.40q is no instant", instant)
	}
	return stats.WeekName(t.UTC().ISOWeek()), nil
}
