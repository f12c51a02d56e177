package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"github.com/sonde-fleet/sonde/internal/cli"
	"github.com/sonde-fleet/sonde/report"
	"github.com/sonde-fleet/sonde/stats"
)

// exported reads the outcomes of exports: Parquet files, or folders of them. A bar shows how far it is.
func (a *app) exported(names []string) (*stats.Columns, error) {
	files, err := parquetFiles(names)
	if err != nil {
		return nil, cli.UsageError{Err: err}
	}
	var total int64
	for _, f := range files {
		total += f.size
	}
	var w io.Writer = a.Err
	if !cli.Terminal(a.Err) {
		w = nil // a bar is for eyes
	}
	bars := mpb.New(mpb.WithOutput(w), mpb.WithWidth(50))
	bar := bars.AddBar(total, mpb.PrependDecorators(decor.Name("reading", decor.WC{W: 12, C: decor.DindentRight})),
		mpb.AppendDecorators(decor.CountersKibiByte("% .0f / % .0f"), decor.Elapsed(decor.ET_STYLE_GO, decor.WC{W: 7})))
	defer bars.Shutdown()
	var all *stats.Columns
	for _, f := range files {
		c, err := f.read(bar)
		if err == nil && all != nil {
			err = all.Append(c)
		}
		if err != nil {
			return nil, cli.UsageError{Err: fmt.Errorf("%s: %w; Try: a file of `collector outcomes -format parquet`", f.name, err)}
		}
		if all == nil {
			all = c
		}
	}
	bar.SetTotal(-1, true)
	bars.Wait()
	return all, nil
}

// parquetFile is a file to be read.
type parquetFile struct {
	name string
	size int64
}

// parquetFiles returns the files, those of folders in order of name.
func parquetFiles(names []string) (files []parquetFile, err error) {
	for _, name := range names {
		info, err := os.Stat(name)
		if err != nil {
			return nil, err
		}
		found := []string{name}
		if info.IsDir() {
			if found, err = filepath.Glob(filepath.Join(name, "*.parquet")); err != nil {
				return nil, err
			}
			if len(found) == 0 {
				return nil, fmt.Errorf("%s: no file in it ends with .parquet", name)
			}
			slices.Sort(found)
		}
		for _, f := range found {
			info, err := os.Stat(f)
			if err != nil {
				return nil, err
			}
			files = append(files, parquetFile{f, info.Size()})
		}
	}
	return files, nil
}

func (f parquetFile) read(bar *mpb.Bar) (*stats.Columns, error) {
	file, err := os.Open(f.name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	left := f.size
	c, err := report.ReadParquet(file, f.size, func(share float64) {
		n := int64(share * float64(f.size))
		bar.IncrInt64(n)
		left -= n
	})
	bar.IncrInt64(left)
	return c, err
}

// reports makes the figures of the columns by each dimension.
func reports(c *stats.Columns, channel string, by []string) ([]stats.Report, error) {
	if channel != "" {
		if err := c.Keep(stats.ByChannel, channel); err != nil {
			return nil, err
		}
	}
	return c.Report(dimensions(by)...)
}
