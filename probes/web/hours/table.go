package hours

import (
	"slices"
	"strings"
)

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
		r.columns, r.rowName = nil, ""
		return false
	}
	if header := headerOf(cells, n); header != nil {
		r.columns, r.days, r.rowName = header, nil, ""
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
	if r.heading.hostile {
		return true
	}
	name := ""
	if r.columns[0].index+shift > 0 {
		name = r.label(cells[0], s)
	}
	if name != r.rowName && len(s.sent) > 0 {
		r.finish()
	}
	r.keep(s, "", n)
	if name != "" && r.run != nil && len(s.sent) > 0 {
		r.rowName, r.run.title = name, name
	}
	return true
}

// label is the name that a row of hours has, if it is another's than the row before: a service's, a season's. "Matin" is
// none.
func (r *reader) label(t []token, s *sentence) string {
	items := itemise(t)
	if len(t) == 0 || has(items, iHalf) || !slices.ContainsFunc(t, nameInTable) && !has(items, iPeriod, iTerm) {
		return ""
	}
	name := clean(r.text[t[0].start:t[len(t)-1].end])
	for _, it := range items {
		switch it.kind {
		case iPeriod:
			for k := range s.sent {
				s.sent[k].scope = it.scope.with(s.sent[k].scope.nth)
			}
			if it.scope.said {
				s.unsure = true
				s.notes = append(s.notes, name)
			}
		case iTerm:
			s.notes = append(s.notes, name)
		}
	}
	if has(items, iPeriod, iTerm) && !has(items, iText) && !s.unsure {
		return r.rowName // a part of the same timetable
	}
	return name
}

// nameInTable says whether a word of a table's label or header names a service. Two letters are "AM", "M".
func nameInTable(t token) bool { return t.kind == word && len(t.text) > 2 || names(t) }

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

// headerOf returns the columns if every cell but the first is days, and there are three.
func headerOf(cells [][]token, line int) (out []column) {
	if out = initials(cells, line); out != nil {
		return out
	}
	set := 0
	for i, c := range cells {
		if len(c) == 0 {
			continue
		}
		d := daysOnly(c)
		if d == nil || d.days >= holidayBit || d.days&set != 0 {
			if i > 0 {
				return nil
			}
			continue
		}
		set |= d.days
		out = append(out, column{i, d, line})
	}
	if len(out) < 3 {
		return nil
	}
	return out
}

// daysOnly are the days of a cell that has nothing else: one name, one in two languages, "Lundi-jeudi".
func daysOnly(t []token) *item {
	items := itemise(t)
	if len(t) == 1 && t[0].kind == day { // an abbreviation without company is one in a header
		return &item{kind: iDays, days: t[0].value, half: word, start: t[0].start, end: t[0].end}
	}
	if len(items) == 0 || slices.ContainsFunc(items, func(it item) bool {
		return it.kind != iDays && it.kind != iBreak || it.nth != "" || it.half != word || it.kind == iDays && it.days != items[0].days
	}) {
		return nil
	}
	return &items[0]
}

// initials are the columns of "L M M J V S D".
func initials(cells [][]token, line int) (out []column) {
	for i, c := range cells {
		switch {
		case len(c) == 0 && len(out) == 0:
		case len(c) != 1 || len(out) == 7 || len(c[0].text) != 1 || c[0].text[0] != "lmmjvsd"[len(out)]:
			return nil
		default:
			out = append(out, column{i, &item{kind: iDays, days: monday << len(out), half: word, start: c[0].start, end: c[0].end}, line})
		}
	}
	if len(out) < 5 {
		return nil
	}
	return out
}

// maxBroken is over how many lines one row of a table may go.
const maxBroken = 24

// gather returns where the row of a table ends that begins at a line: its cells may hold several lines each.
func (r *reader) gather(at, end int) int {
	first := r.text[at:end]
	tabs := strings.Count(first, "\t")
	need := 0
	if r.columns != nil {
		need = r.columns[len(r.columns)-1].index
	}
	t := lexLine(first, at)
	if len(t) == 0 || len(t) > maxTokens || tabs == 0 && need == 0 {
		return end
	}
	switch cells := splitCells(t); {
	case headerOf(cells, 0) != nil:
		return end
	case !slices.ContainsFunc(cells, func(c []token) bool { return len(c) > 0 && daysOnly(c) == nil }):
		return r.gatherHeader(at, end)
	case tabs > 0 && daysOnly(cells[0]) != nil: // a second line of hours in the row of a day
		for k := 0; k < maxBroken; k++ {
			next := r.lineEnd(end)
			if next < 0 || !spansOnly(splitCells(lexLine(r.text[end+1:next], end+1))[0]) {
				break
			}
			end = next
		}
		return end
	case need == 0 || tabs >= need && !spansOnly(cells[len(cells)-1]):
		return end
	}
	last := end
	for k := 0; k < maxBroken; k++ {
		next := r.lineEnd(last)
		if next < 0 {
			break
		}
		line := r.text[last+1 : next]
		more := strings.Count(line, "\t")
		t := lexLine(line, last+1)
		if len(t) == 0 || len(t) > maxTokens || tabs >= need && (more > 0 || !spansOnly(t)) || !hoursInCells(t) {
			break
		}
		if last, tabs = next, tabs+more; tabs > need+1 {
			return end
		}
		if tabs >= need {
			end = last
		}
	}
	return end
}

// gatherHeader takes a header whose cells have the name of the day in two languages, one line for each.
func (r *reader) gatherHeader(at, end int) int {
	last := end
	for k := 0; k < maxBroken; k++ {
		next := r.lineEnd(last)
		if next < 0 || slices.ContainsFunc(splitCells(lexLine(r.text[last+1:next], last+1)), func(c []token) bool { return daysOnly(c) == nil }) {
			break
		}
		last = next
	}
	if headerOf(splitCells(lexLine(r.text[at:last], at)), 0) != nil {
		return last
	}
	return end
}

// lineEnd is where the line ends that begins behind the line end at octet i, -1 if there is none.
func (r *reader) lineEnd(i int) int {
	if i >= len(r.text) {
		return -1
	}
	if n := strings.IndexByte(r.text[i+1:], '\n'); n >= 0 {
		return i + 1 + n
	}
	return len(r.text)
}

func spansOnly(t []token) bool {
	items := itemise(t)
	return has(items, iSpans) && !slices.ContainsFunc(items, func(it item) bool {
		return it.kind != iSpans && it.kind != iHalf && it.kind != iBreak && it.kind != iContinuous
	})
}

// hoursInCells says whether every cell is empty, hours, a dash or a closure.
func hoursInCells(t []token) bool {
	return !slices.ContainsFunc(splitCells(t), func(c []token) bool {
		items := itemise(c)
		return len(c) > 0 && !spansOnly(c) && (len(items) != 1 || items[0].kind != iClosed && items[0].kind != iDash)
	})
}
