package grid

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/sonde-fleet/sonde/config/fault"
)

// row is one line of a table: its fields by the name of their column.
type row struct {
	file    string
	line    int
	columns []string
	fields  []string
	add     func(fault.Fault)
}

// text returns a field; asked for a column that the table does not have it fails loudly.
func (r *row) text(column string) string { return r.fields[slices.Index(r.columns, column)] }

// wrong reports a fault of one field.
func (r *row) wrong(column, problem, mend string) {
	at := 1
	for _, f := range r.fields[:slices.Index(r.columns, column)] {
		at += utf8.RuneCountInString(f) + 1
	}
	r.add(fault.Fault{File: r.file, Line: r.line, Column: at, Path: column, Problem: problem, Mend: mend})
}

// full returns a field that must not be empty.
func (r *row) full(column string) string {
	s := r.text(column)
	if s == "" {
		r.wrong(column, "nothing is there", "write it")
	}
	return s
}

// weight returns a field that is a weight.
func (r *row) weight(column string) float64 {
	n, ok := number(r.text(column))
	if !ok || n <= 0 || n > 100 {
		r.wrong(column, fmt.Sprintf("%q is no weight", r.text(column)), "write a number above 0, at most 100")
		return 1
	}
	return n
}

// oneOf returns a field that is one of few words.
func oneOf[T ~string](r *row, column string, words ...T) T {
	s := T(r.text(column))
	if !slices.Contains(words, s) {
		all := make([]string, len(words))
		for i, w := range words {
			all[i] = string(w)
		}
		r.wrong(column, fmt.Sprintf("%q is not known", s), "write one of "+strings.Join(all, ", "))
	}
	return s
}

// table reads tab-separated text whose first line names the columns. Nothing is quoted, so that a field is what stands
// there; a field never holds a tab.
func table(file, text string, firstLine int, columns []string, add func(fault.Fault), each func(*row)) {
	if text == "" || !strings.HasSuffix(text, "\n") {
		add(fault.Fault{File: file, Problem: "it does not end with a line end", Mend: "end the last line"})
	}
	header := strings.Join(columns, "\t")
	n := firstLine - 1
	for l := range strings.Lines(text) {
		n++
		l = strings.TrimSuffix(l, "\n")
		bad := func(column int, problem, mend string) {
			add(fault.Fault{File: file, Line: n, Column: column, Problem: problem, Mend: mend})
		}
		if i := strings.IndexFunc(l, func(r rune) bool { return r == utf8.RuneError || r != '\t' && unicode.IsControl(r) }); i >= 0 {
			bad(utf8.RuneCountInString(l[:i])+1, "a character that is no text", "write UTF-8 without control characters, lines ended by \\n alone")
			continue
		}
		if n == firstLine {
			if l != header {
				bad(1, "the columns are not those of this table", "write "+strings.Join(columns, ", ")+", tabs between them")
				return
			}
			continue
		}
		r := &row{file: file, line: n, columns: columns, fields: strings.Split(l, "\t"), add: add}
		if len(r.fields) != len(columns) {
			bad(1, fmt.Sprintf("%d fields", len(r.fields)), fmt.Sprintf("write %d, tabs between them: %s", len(columns), strings.Join(columns, ", ")))
			continue
		}
		for i, f := range r.fields {
			if f != strings.TrimSpace(f) || strings.Contains(f, "  ") {
				r.wrong(columns[i], "blanks too many", "take them out")
			}
		}
		each(r)
	}
}
