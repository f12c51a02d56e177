package hours

// column is the days of one column of a table.
type column struct {
	index int
	days  *item
	line  int // of the header: the rows of a table are one line
}

// table takes the lines of a table whose columns are the days: a header with days alone, then rows of hours.
func (r *reader) table(t []token, n int) bool {
	cells := splitCells(t)
	if len(cells) < 3 {
		r.columns = nil
		return false
	}
	if header := headerOf(cells, n); header != nil {
		r.columns, r.days = header, nil
		return true
	}
	if r.columns == nil {
		return false
	}
	shift := 0
	if first := r.columns[0].index; first == 0 && len(cells) > r.columns[len(r.columns)-1].index+1 {
		shift = 1 // the rows have a label, the header has none
	}
	if shift > 0 && has(itemise(cells[0]), telling...) {
		return false
	}
	s := &sentence{reader: r, line: n}
	for _, c := range r.columns {
		if c.index+shift >= len(cells) || len(cells[c.index+shift]) == 0 {
			continue
		}
		one := &sentence{reader: r, items: itemise(cells[c.index+shift]), line: c.line, days: c.days}
		one.read()
		for _, st := range one.sent {
			if st.op == closes { // the afternoon may be open
				continue
			}
			st.start, st.end = t[0].start, t[len(t)-1].end
			s.sent = append(s.sent, st)
		}
		s.notes = append(s.notes, one.notes...)
		s.unsure = s.unsure || one.unsure
	}
	if !r.heading.hostile {
		r.keep(s, "", n)
	}
	return true
}

func splitCells(t []token) (out [][]token) {
	start := 0
	for i := range t {
		if t[i].kind == cell {
			out = append(out, t[start:i])
			start = i + 1
		}
	}
	return append(out, t[start:])
}

// headerOf returns the columns if every cell but the first is a day, and there are three.
func headerOf(cells [][]token, line int) (out []column) {
	for i, c := range cells {
		switch {
		case len(c) == 0:
			continue
		case len(c) > 1 || c[0].kind != day || c[0].value >= holidayBit:
			if i > 0 {
				return nil
			}
			continue
		}
		out = append(out, column{i, &item{kind: iDays, days: c[0].value, half: word, start: c[0].start, end: c[0].end}, line})
	}
	if len(out) < 3 {
		return nil
	}
	return out
}
