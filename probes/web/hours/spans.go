package hours

// spansAt reads the spans at token i, as many as stand in a row: "9h-12h et 14h-17h", "8h30/12h - 13h30/17h".
func spansAt(t []token, i int) (it item, n int) {
	it = item{kind: iSpans}
	slashed := slashedAt(t, i)
	j := i
	for {
		s, k, ok := spanAt(t, j, slashed)
		if k == 0 {
			break
		}
		if !ok {
			it.kind = iOdd
		}
		if k+1 < len(t) && t[k].kind == to && t[k+1].kind == clock {
			it.kind = iOdd
		}
		it.spans = append(it.spans, s)
		n, j = k-i, k
		for j < len(t) && (t[j].kind == and || t[j].kind == comma && t[j].text != "(" || t[j].kind == slash || t[j].kind == from || slashed && t[j].kind == dash) {
			j++
		}
	}
	for a, s := range it.spans {
		for _, other := range it.spans[:a] {
			if s.from < other.to && other.from < s.to {
				it.kind = iOdd
			}
		}
	}
	return it, n
}

// slashedAt says whether the times from token i on are "8h30/12h - 13h30/17h", where a slash means to.
func slashedAt(t []token, i int) bool {
	return i+2 < len(t) && t[i].kind == clock && t[i+1].kind == slash && t[i+2].kind == clock &&
		(i+3 >= len(t) || t[i+3].kind != to && (t[i+3].kind != dash || i+4 < len(t) && t[i+4].kind != clock || i+5 < len(t) && t[i+5].kind == slash))
}

// spanAt reads one span and returns the index behind it, 0 if there is none.
func spanAt(t []token, i int, slashed bool) (s span, end int, ok bool) {
	if i+2 >= len(t) {
		return s, 0, false
	}
	j := i + 1
	between := i > 0 && t[i-1].text == "entre" || i > 0 && t[i-1].text == "between"
	switch k := t[j].kind; {
	case k == dash, k == to && t[j].text != "au", k == until, slashed && k == slash, between && k == and:
	default:
		return s, 0, false
	}
	for j++; j < len(t) && (t[j].kind == dash || t[j].kind == to); j++ { // "9h -- 12h"
	}
	if j >= len(t) || t[j].kind != clock {
		return s, 0, false
	}
	a, b := t[i], t[j]
	switch {
	case a.kind == number: // 9-12h, de 9 à 12h
		if a.value < 0 || a.value > 24 || t[i+1].kind != dash && (i == 0 || t[i-1].kind != from) || b.dotted {
			return s, 0, false
		}
		a.value *= 60
	case a.kind != clock:
		return s, 0, false
	case a.dotted && b.dotted:
		if a.value%5 != 0 || b.value%5 != 0 || money(t, j+1) {
			return s, 0, false
		}
	}
	if b.pm == 'p' && a.pm == 0 && a.value < 12*60 && a.value+12*60 < b.value && (a.kind == number || a.value < 7*60) { // 2-5pm
		a.value += 12 * 60
	}
	s = span{a.value % (24 * 60), b.value}
	if b.value == 0 {
		s.to = 24 * 60
	}
	if s.to <= s.from && s.from >= 17*60 && s.to <= 6*60 { // over midnight
		s.to += 24 * 60
	}
	before := i == 0 || t[i-1].kind != clock && (i == 1 || t[i-1].kind != to || t[i-2].kind != clock) ||
		t[i-1].kind == clock && i > 2 && ranges(t[i-2].kind) && t[i-3].kind != word
	behind := j+1 >= len(t) || t[j+1].kind != clock || j+3 < len(t) && ranges(t[j+2].kind) && t[j+3].kind == clock
	return s, j + 1, s.from < s.to && before && behind // "9h 12h - 14h 17h" is no span
}

func ranges(k kind) bool { return k == dash || k == to }

func money(t []token, i int) bool {
	switch textAt(t, i) {
	case "€", "euro", "euros", "$", "eur", "m", "cm", "km", "kg", "%", "ans":
		return true
	}
	return false
}
