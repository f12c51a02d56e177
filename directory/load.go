package directory

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/sonde-fleet/sonde/probes"
)

// The fields of a structure, as the columns of a CSV file and the keys of a JSON object.
const (
	fieldID         = "id"
	fieldScheme     = "id_scheme"
	fieldName       = "name"
	fieldKind       = "kind"
	fieldSector     = "sector"
	fieldBand       = "band"
	fieldRegion     = "region"
	fieldZone       = "zone"
	fieldHours      = "hours"
	fieldHolidays   = "holidays"
	fieldGround     = "ground"
	fieldGroundDate = "ground_date"
	fieldShared     = "shared"
	fieldRecording  = "recording"
)

var fields = []string{
	fieldID, fieldScheme, fieldName, fieldKind, fieldSector, fieldBand, fieldRegion, fieldZone, fieldHours, fieldHolidays,
	fieldGround, fieldGroundDate, fieldShared, fieldRecording,
}

// required fields have a column, and a value in every row.
var required = []string{fieldID, fieldName, fieldKind, fieldSector, fieldZone, fieldHours, fieldGround, fieldGroundDate}

// cell is one value of the file, with its place.
type cell struct {
	text         string
	line, column int
}

// row is one structure of the file before it is checked.
type row struct {
	line, column int
	fields       map[string]cell
	contacts     map[probes.Channel][]cell
	wrong        map[string]bool // fields whose form is wrong: nothing more is said of them
}

// Load reads a directory of structures: a CSV file with a header (name.csv; comma or semicolon) or a JSON array of
// objects (name.json). It returns either all structures, in the order of the file, or Faults with every mistake in it,
// each with line, column, field and the mend; nothing is half imported. A legal ground dated after today is a fault, so
// it looks at the clock. The fields are described in docs/formats.md.
func Load(path string) ([]Structure, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open directory: %w", err)
	}
	defer file.Close()
	return Read(file, path, time.Now())
}

// Read is Load from a reader: name is the name of the file in faults and decides its format, today the day after which
// no legal ground may be dated.
func Read(r io.Reader, name string, today time.Time) ([]Structure, error) {
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("read directory %s: %w", name, err)
	}
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")) // spreadsheets write a byte order mark
	c := &checker{file: name, today: today.UTC()}
	var rows []row
	switch {
	case !utf8.Valid(data):
		line, column := place(data, invalidUTF8(data))
		c.add(cell{line: line, column: column}, "", "the file is not UTF-8", "save it as \"CSV UTF-8\"")
	case strings.EqualFold(filepath.Ext(name), ".json"):
		rows = c.json(data)
	case strings.EqualFold(filepath.Ext(name), ".csv"):
		rows = c.csv(data)
	default:
		c.add(cell{}, "", "the kind of file is not known", "name it .csv or .json")
	}
	structures := c.check(rows)
	if len(c.faults) == 0 && len(structures) == 0 {
		c.add(cell{line: 1, column: 1}, "", "there is no structure", "add at least one")
	}
	if err := c.faults.Err(); err != nil {
		return nil, err
	}
	return structures, nil
}

func invalidUTF8(data []byte) int {
	at := 0
	for at < len(data) {
		r, size := utf8.DecodeRune(data[at:])
		if r == utf8.RuneError && size == 1 {
			break
		}
		at += size
	}
	return at
}

// place returns line and column, both from 1, of an offset. The column counts octets, as package csv does.
func place(data []byte, at int) (line, column int) {
	before := data[:min(at, len(data))]
	return 1 + bytes.Count(before, []byte("\n")), len(before) - bytes.LastIndexByte(before, '\n')
}

// checker collects the faults of one file.
type checker struct {
	file   string
	today  time.Time
	faults Faults
}

func (c *checker) add(at cell, path, problem, mend string) {
	c.faults = append(c.faults, Fault{File: c.file, Line: at.line, Column: at.column, Path: path, Problem: problem, Mend: mend})
}
