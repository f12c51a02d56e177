package directory

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/sonde-fleet/sonde/probes"
)

// contactSeparator stands between several contacts of one channel in a CSV field.
const contactSeparator = "|"

func columns() []string {
	names := slices.Clone(fields)
	for _, channel := range probes.Channels {
		names = append(names, string(channel))
	}
	return names
}

// csv reads the rows of a CSV file and adds the faults of its form.
func (c *checker) csv(data []byte) []row {
	r := csv.NewReader(bytes.NewReader(data))
	header, _, _ := bytes.Cut(data, []byte("\n"))
	if bytes.Count(header, []byte(";")) > bytes.Count(header, []byte(",")) {
		r.Comma = ';'
	}
	r.FieldsPerRecord = -1
	r.ReuseRecord = true
	names, err := r.Read()
	if err != nil {
		c.csvError(err, "the header is missing")
		return nil
	}
	names = slices.Clone(names)
	if !c.header(names, r) {
		return nil
	}
	var rows []row
	for {
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			return rows
		}
		if err != nil {
			c.csvError(err, "")
			return rows // after a broken quote nothing that follows is what it seems
		}
		line, column := r.FieldPos(0)
		if len(record) != len(names) {
			c.add(cell{line: line, column: column}, "", fmt.Sprintf("the row has %d fields where the header has %d", len(record), len(names)),
				"quote the fields that contain the separator")
			continue
		}
		rows = append(rows, c.csvRow(names, record, r))
	}
}

func (c *checker) csvRow(names, record []string, r *csv.Reader) row {
	one := row{fields: make(map[string]cell, len(fields)), contacts: map[probes.Channel][]cell{}}
	one.line, one.column = r.FieldPos(0)
	for i, name := range names {
		line, column := r.FieldPos(i)
		if channel := probes.Channel(name); slices.Contains(probes.Channels[:], channel) {
			for part := range strings.SplitSeq(record[i], contactSeparator) {
				if text := strings.TrimSpace(part); text != "" {
					one.contacts[channel] = append(one.contacts[channel], cell{text, line, column})
				}
			}
			continue
		}
		one.fields[name] = cell{strings.TrimSpace(record[i]), line, column}
	}
	return one
}

// header checks the names of the columns; false means that the rows cannot be read.
func (c *checker) header(names []string, r *csv.Reader) bool {
	known := columns()
	seen := map[string]bool{}
	ok := true
	for i, name := range names {
		name = strings.ToLower(strings.TrimSpace(name))
		names[i] = name
		line, column := r.FieldPos(i)
		at := cell{line: line, column: column}
		switch {
		case !slices.Contains(known, name):
			c.add(at, name, "the column is not known", "the columns are "+strings.Join(known, " "))
		case seen[name]:
			c.add(at, name, "the column is there twice", "remove one")
			ok = false
		}
		seen[name] = true
	}
	for _, name := range required {
		if !seen[name] {
			c.add(cell{line: 1, column: 1}, name, "the column is missing", "add it to the header")
			ok = false
		}
	}
	return ok
}

func (c *checker) csvError(err error, empty string) {
	var parse *csv.ParseError
	switch {
	case errors.As(err, &parse):
		c.add(cell{line: parse.Line, column: parse.Column}, "", parse.Err.Error(), "write \"\" for a quote within a quoted field")
	case errors.Is(err, io.EOF):
		c.add(cell{line: 1, column: 1}, "", empty, "the first line names the columns: "+strings.Join(columns(), " "))
	default:
		c.add(cell{}, "", err.Error(), "")
	}
}
