package hours

import "slices"

// onEnd is another end: "jusqu'à 19h le jeudi".
func (s *sentence) onEnd(i, at, skip int) int {
	d := s.days
	next := i + skip + 1
	if next < len(s.items) && s.items[next].kind == iDays && s.items[next].close && !s.isAnswered(next) {
		d = &s.items[next]
		skip++
	}
	if d == nil || d.kind != iDays {
		return skip
	}
	s.say(ends, d, nil, min(d.start, s.items[i].start), max(d.end, s.items[i].end))
	s.sent[len(s.sent)-1].at = at
	s.answered = true
	return skip
}

// onSingle reads a time that stands alone: the end of a day that differs, "(16h30 le vendredi)", "(vendredi : 16h30)".
func (s *sentence) onSingle(i int) int {
	if n := i + 1; i > 0 && s.items[i-1].kind == iBreak && n < len(s.items) && s.items[n].kind == iDays && s.items[n].close && !s.isAnswered(n) &&
		s.endsAt(n) == 0 && s.nearEnd(&s.items[n], s.items[i].at) {
		s.onEndOf(&s.items[n], i)
		return 1
	}
	for k := i - 1; k > 0 && k >= i-2; k-- {
		if d := &s.items[k]; d.kind == iDays && s.items[k-1].paren && s.endsAt(k) == i && s.nearEnd(d, s.items[i].at) {
			s.onEndOf(d, i)
			return 0
		}
	}
	if s.days != nil && s.days.kind == iDays {
		s.unsure = true
	}
	return 0
}

// endsAt is the item of the time that stands alone behind the days at item k, 0 if there is none.
func (s *sentence) endsAt(k int) int {
	n := k + 1
	if n < len(s.items) && s.items[n].kind == iColon {
		n++
	}
	if n < len(s.items) && s.items[n].kind == iSingle && (n+1 == len(s.items) || s.items[n+1].kind != iSpans && s.items[n+1].kind != iDash) {
		return n
	}
	return 0
}

// nearEnd says whether a time is rather the end of the hours that the sentence gave to the days than their beginning.
func (s *sentence) nearEnd(d *item, at int) bool {
	for _, st := range slices.Backward(s.sent) {
		if st.op == opens && st.days&d.days == d.days {
			last := st.spans[len(st.spans)-1]
			return last.from < at && max(at-last.to, last.to-at) < at-last.from
		}
	}
	return false
}

// onEndOf gives days the end that item i says.
func (s *sentence) onEndOf(d *item, i int) {
	if !s.nearEnd(d, s.items[i].at) {
		s.unsure = true
		return
	}
	s.say(ends, d, nil, min(d.start, s.items[i].start), max(d.end, s.items[i].end))
	s.sent[len(s.sent)-1].at = s.items[i].at
	s.hold(d, true)
}

// onClosed reads what is closed: the days before or behind, half of them, a period, some hours.
func (s *sentence) onClosed(i int) int {
	it := &s.items[i]
	at := func(k int) item {
		if i+k < len(s.items) {
			return s.items[i+k]
		}
		return item{kind: iBreak}
	}
	next := at(1)
	switch {
	case next.kind == iSingle && next.led:
		return s.onEnd(i, next.at, 1)
	case next.kind == iPeriod && at(2).kind != iColon:
		s.closePeriod(&next, it.start)
		return 1
	case next.kind == iDoubt, next.kind == iDated, next.kind == iSingle:
		s.note(it.start, s.clauseEnd(i))
		s.unsure = s.unsure || next.kind == iSingle
		n := 1
		for at(n).kind != iBreak && at(n).kind != iCell {
			n++
		}
		return n - 1
	case next.kind == iSpans && s.days == nil:
		s.note(it.start, s.clauseEnd(i))
		return 1
	case s.governs(i):
		k, half := 1, kind(word)
		if next.kind == iHalf {
			k, half = 2, next.half
		}
		d := at(k)
		if half != word {
			d.half = half
		}
		if then := at(k + 1); then.kind == iSpans && then.close {
			s.say(cuts, &d, then.spans, it.start, then.end)
			return k + 1
		}
		s.say(closes, &d, nil, it.start, d.end)
		for half == word && s.isListed(i+k+1) { // le mardi matin et le jeudi après-midi
			k++
			next := at(k)
			s.say(closes, &next, nil, it.start, next.end)
		}
		s.hold(&s.items[i+k], true)
		return k
	case next.kind == iSpans && next.led && next.close && s.days != nil && s.days.kind == iDays:
		s.say(cuts, s.days, next.spans, s.days.start, next.end)
		return 1
	case next.kind == iHalf && next.close && s.days != nil && s.days.kind == iDays:
		if has(s.items[i+2:], iSpans) && !s.answered { // fermé le matin, 14h-18h
			return 1
		}
		d := *s.days
		d.half = next.half
		s.say(closes, &d, nil, s.days.start, next.end)
		s.answered = true
		return 1
	case s.days != nil && s.days.kind == iDays && !s.answered:
		if has(s.items[i+1:], iSpans) && has(s.items, iCell) { // the morning's cell of a table
			return 0
		}
		s.say(closes, s.days, nil, s.days.start, it.end)
		s.answered = true
	case s.days != nil && s.answered && i > 0 && s.items[i-1].kind != iCell && s.items[i-1].kind != iHalf:
		s.note(it.start, s.clauseEnd(i))
	}
	return 0
}

// isListed says whether item k is days beside those before it that have no hours of their own.
func (s *sentence) isListed(k int) bool {
	return k < len(s.items) && s.items[k].kind == iDays && s.items[k].close && !s.isAnswered(k)
}

// onExcept reads "sauf le mercredi", "sauf le jeudi de 8h à 19h", "sauf en août".
func (s *sentence) onExcept(i int) int {
	k := i + 1
	if k >= len(s.items) {
		return 0
	}
	if k+1 < len(s.items) && s.items[k].kind == iDoubt && s.items[k+1].kind == iPeriod { // le mois d'août
		k++
	}
	next := &s.items[k]
	orphan := s.days == nil && len(s.sent) == 0 && (s.run == nil || s.sealed) && (i == 0 || s.items[i-1].kind != iClosed) ||
		s.days != nil && s.days.kind == iDated && !s.answered
	switch {
	case next.kind == iDays && orphan:
		// Of what they are an exception was not understood: the hours that follow are just not theirs.
		s.hold(&item{kind: iDated, start: next.start}, false)
		s.unsure = true
		return k - i
	case next.kind == iPeriod:
		s.unsure = s.unsure || len(s.sent) > 1 // which of the days?
		s.closePeriod(next, s.items[i].start)
		return k - i
	case next.kind != iDays:
		s.note(s.items[i].start, s.clauseEnd(i))
		s.unsure = true
		return 0
	case s.days != nil && s.days.kind == iDays && !s.answered && next.half == word:
		d := *s.days
		if d.days &^= next.days; next.days&holidayBit != 0 {
			s.say(closes, &item{days: holidayBit, half: word}, nil, s.items[i].start, next.end)
		}
		s.days = &d
		return k - i
	case s.endsAt(k) > 0:
		n := s.endsAt(k)
		s.onEndOf(next, n)
		return n - i
	case s.isAnswered(k):
		s.hold(next, false)
		s.replace = true
		return k - i
	default:
		s.say(closes, next, nil, s.items[i].start, next.end)
		for s.isListed(k + 1) {
			k++
			s.say(closes, &s.items[k], nil, s.items[i].start, s.items[k].end)
		}
		if len(s.back) > 0 {
			s.unsure = true
		}
		return k - i
	}
}

// closePeriod is a closure of some of the year.
func (s *sentence) closePeriod(p *item, start int) {
	if p.scope.said {
		s.note(start, p.end)
		return
	}
	d := item{days: everyBit, half: word}
	keep := s.scope
	s.scope = p.scope
	s.say(closes, &d, nil, start, p.end)
	s.scope = keep
}
