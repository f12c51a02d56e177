package report

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strconv"

	"github.com/xuri/excelize/v2"
)

// Table is rows of values under names. A value is a string, an int, a float64, a bool or nil; what is not defined is empty.
type Table struct {
	Name    string
	Columns []string
	Rows    [][]any
}

// CSV writes the table with a header.
func (t *Table) CSV(w io.Writer) error {
	c := csv.NewWriter(w)
	if err := c.Write(t.Columns); err != nil {
		return err
	}
	row := make([]string, len(t.Columns))
	for _, r := range t.Rows {
		for i, x := range r {
			row[i] = plain(x)
		}
		if err := c.Write(row); err != nil {
			return err
		}
	}
	c.Flush()
	return c.Error()
}

// JSON writes one object a row. What is not defined is null.
func (t *Table) JSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	for _, r := range t.Rows {
		row := make(map[string]any, len(r))
		for i, x := range r {
			if v, ok := x.(float64); ok && (math.IsNaN(v) || math.IsInf(v, 0)) {
				x = nil
			}
			row[t.Columns[i]] = x
		}
		if err := e.Encode(row); err != nil {
			return err
		}
	}
	return nil
}

func plain(x any) string {
	switch v := x.(type) {
	case nil:
		return ""
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return ""
		}
		return strconv.FormatFloat(v, 'g', -1, 64)
	}
	return fmt.Sprint(x)
}

// XLSX writes the tables as the sheets of an Office Open XML workbook (ECMA-376): header in bold and kept in view, filters,
// numbers as numbers. What strangers wrote goes in as text: no cell is ever a formula.
func XLSX(w io.Writer, tables ...Table) error {
	f := excelize.NewFile()
	defer f.Close()
	bold, err := f.NewStyle(&excelize.Style{Font: &excelize.Font{Bold: true}})
	if err != nil {
		return fmt.Errorf("xlsx: %w", err)
	}
	for i := range tables {
		if err := xlsxSheet(f, &tables[i], bold); err != nil {
			return fmt.Errorf("xlsx: sheet %s: %w", tables[i].Name, err)
		}
	}
	if err := f.DeleteSheet("Sheet1"); err != nil {
		return fmt.Errorf("xlsx: %w", err)
	}
	if err := f.Write(w); err != nil {
		return fmt.Errorf("xlsx: %w", err)
	}
	return nil
}

func xlsxSheet(f *excelize.File, t *Table, bold int) error {
	if _, err := f.NewSheet(t.Name); err != nil {
		return err
	}
	s, err := f.NewStreamWriter(t.Name)
	if err != nil {
		return err
	}
	head := make([]any, len(t.Columns))
	for i, name := range t.Columns {
		head[i] = excelize.Cell{StyleID: bold, Value: name}
		if err := s.SetColWidth(i+1, i+1, min(40, max(9, float64(len(name)+2)))); err != nil {
			return err
		}
	}
	if err := s.SetPanes(&excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}); err != nil {
		return err
	}
	if err := s.SetRow("A1", head); err != nil {
		return err
	}
	cells := make([]any, len(t.Columns))
	for r, row := range t.Rows {
		for i, x := range row {
			if v, ok := x.(float64); ok && (math.IsNaN(v) || math.IsInf(v, 0)) {
				x = nil
			}
			cells[i] = x
		}
		at, err := excelize.CoordinatesToCellName(1, r+2)
		if err != nil {
			return err
		}
		if err := s.SetRow(at, cells); err != nil {
			return err
		}
	}
	return s.Flush()
}
