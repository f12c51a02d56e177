package hours

import "slices"

// service is a column of a table whose rows are the days: the hours of one service, or of one part of the year.
type service struct {
	index int
	title string
	note  string
	scope scope
	run   *run // columns that are parts of one year share it
	mute  bool // the times of an event
}

// services is such a table as it is being read.
type services struct {
	columns    []service
	order      []*run
	days       *item // of the last row
	start, end int
	strange    bool // words stood between days and hours
	line       int
}

// servicesOf reads a header that names services or seasons over at least two columns.
func (r *reader) servicesOf(cells [][]token) *services {
	out := &services{}
	var year *run
	named := false
	for i, c := range cells {
		if i == 0 || len(c) == 0 {
			continue
		}
		items := itemise(c)
		season, name := has(items, iPeriod, iTerm), slices.ContainsFunc(c, nameInTable) || has(items, iEvent)
		if has(items, iDays, iDated, iSpans, iUntil, iAllDay, iHalf, iClosed) || !season && !name && !has(items, iOpened) {
			return nil
		}
		named = named || season || name
		s := service{index: i, title: clean(r.text[c[0].start:c[len(c)-1].end]), mute: has(items, iEvent) && !has(items, iOpened)}
		if !name && !season {
			s.title = r.heading.text
		}
		for _, it := range items {
			if it.kind == iPeriod {
				s.scope = it.scope
			}
		}
		switch {
		case season && !s.scope.said:
			if s.note = s.title; s.scope != (scope{}) {
				s.note = "" // the hours say it
			}
			if year == nil {
				year = &run{title: r.heading.text}
				out.order = append(out.order, year)
			}
			s.run = year
		default:
			if s.scope.said {
				s.note = s.title
			}
			s.run = &run{title: s.title, said: s.scope.said, unsure: s.scope.said}
			out.order = append(out.order, s.run)
		}
		out.columns = append(out.columns, s)
	}
	if len(out.columns) < 2 || !named {
		return nil
	}
	return out
}

// service takes the lines of a table that has a column for each service.
func (r *reader) service(t []token, n int) bool {
	cells := splitCells(t)
	if len(cells) < 3 {
		r.endServices()
		return false
	}
	if header := r.servicesOf(cells); header != nil {
		r.endServices()
		r.services = header
		return false // it is a line like another until days follow
	}
	all := r.services
	if all == nil {
		return false
	}
	first := itemise(cells[0])
	if days := slices.IndexFunc(first, func(it item) bool { return it.kind == iDays }); days >= 0 {
		all.days = &first[days]
	} else if len(first) > 0 {
		all.days = nil
	}
	if all.days == nil || has(first, iDated, iSpans, iUntil, iAllDay, iOdd, iPeriod, iSingle) || r.heading.hostile {
		r.endServices()
		return false
	}
	if all.line == 0 {
		r.finish()
		all.start = t[0].start
	}
	all.line, all.end, r.days = n, t[len(t)-1].end, nil
	words := false
	for _, c := range all.columns {
		if c.index >= len(cells) || c.mute {
			continue
		}
		keep := r.scope
		r.scope = c.scope
		one := &sentence{reader: r, items: itemise(cells[c.index]), line: n, days: all.days}
		one.read()
		r.scope = keep
		all.strange = all.strange || words && len(one.sent) > 0
		words = words || has(one.items, iText) && len(one.sent) == 0
		for k := range one.sent {
			if !c.run.add(&one.sent[k]) {
				c.run.unsure = true
			}
		}
		if c.note != "" && len(one.sent) > 0 {
			c.run.notes = append(c.run.notes, c.note)
		}
		c.run.notes = append(c.run.notes, one.notes...)
		c.run.unsure = c.run.unsure || one.unsure
	}
	return true
}

// endServices keeps what the columns said. The whole table proves it.
func (r *reader) endServices() {
	all := r.services
	if r.services = nil; all == nil || all.line == 0 {
		return
	}
	r.finish()
	for _, x := range all.order {
		x.start, x.end, x.unsure = all.start, all.end, x.unsure || all.strange || r.heading.doubt
		if f, ok := x.found(); ok && len(r.out) < maxFound {
			r.out = append(r.out, f)
			r.ended = all.line
		}
	}
	r.foreign = false
}

// paired makes spans of times that stand in cells of their own, "Lundi | 9:00 | 12:00 | 14:00 | 17:00", and takes the
// borders away from around a dash. doubt is true where the times may be those of something that happens twice.
func (r *reader) paired(t []token) (out []token, doubt bool) {
	cells := splitCells(t)
	if len(cells) < 3 || !slices.ContainsFunc(itemise(cells[0]), func(it item) bool { return it.kind == iDays }) {
		return t, false
	}
	times, last, dashed := 0, -1, false
	for _, c := range cells[1:] {
		switch {
		case len(c) == 0:
		case len(c) == 1 && c[0].kind == clock || len(c) == 2 && (c[0].kind == from || c[0].kind == to) && c[1].kind == clock:
			if c[len(c)-1].value <= last {
				return t, false
			}
			last = c[len(c)-1].value
			times++
		case len(c) == 1 && (c[0].kind == dash || c[0].kind == to):
			dashed = true
		case len(c) == 1 && c[0].kind == closed:
		default:
			return t, false
		}
	}
	if times == 0 || times%2 > 0 {
		return t, false
	}
	isTime := func(i int) bool { return i > 0 && len(cells[i]) > 0 && cells[i][len(cells[i])-1].kind == clock }
	at := cells[0][len(cells[0])-1].end
	border := token{kind: cell, text: "\t", start: at, end: at}
	out = slices.Clone(cells[0])
	start, columns := 0, len(cells)-1
	for i, k := 1, 0; i < len(cells); i++ {
		end := isTime(i) && k%2 == 1
		switch {
		case end && !isTime(i-1) && (!dashed || !isTime(i-2)):
			return t, false // the end of what?
		case end:
			doubt = doubt || cells[i][len(cells[i])-1].value-start < 60 // a timetable of buses
			out = append(out, token{kind: dash, text: "-", start: cells[i][0].start, end: cells[i][0].start})
		case dashed && k%2 == 1 && i+1 < len(cells) && isTime(i-1) && isTime(i+1):
			columns = 4
			continue // the dash of a span; nobody puts one between two performances
		default:
			out = append(out, border)
		}
		if isTime(i) {
			start = cells[i][len(cells[i])-1].value
			k++
		}
		out = append(out, cells[i]...)
	}
	return out, doubt || columns < 4 && !r.opening && !r.heading.open
}
