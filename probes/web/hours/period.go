package hours

import "fmt"

var monthNames = [...]string{"", "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"}

var monthDays = [...]int{0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}

// shortPeriod is how many days a period has that is an event or a closure, not a season with its own timetable.
const shortPeriod = 21

// periodAt reads a period of the year or a date: "du 1er juillet au 31 août", "juillet et août", "d'avril à octobre",
// "14 juin", "12/05/2026".
func periodAt(t []token, i int) (it item, n int) {
	if t[i].kind == number && i+2 < len(t) && t[i+1].kind == slash && t[i+2].kind == number && !t[i+2].spaced && !t[i+1].spaced &&
		t[i].value > 0 && t[i].value <= 31 && t[i+2].value > 0 && t[i+2].value <= 12 {
		n = 3
		if i+4 < len(t) && t[i+3].kind == slash && t[i+4].kind == number {
			n = 5
		}
		return item{kind: iDated}, n
	}
	if t[i].kind == month {
		return monthsAt(t, i)
	}
	d1, ok := dayOfMonth(t, i)
	if !ok {
		return it, 0
	}
	j := i + 1
	if j+1 < len(t) && t[j].kind == dash && !t[j].spaced && t[j+1].kind == month && !t[j+1].spaced { // 8-Mai-1945
		if j += 2; j+1 < len(t) && t[j].kind == dash && t[j+1].kind == number {
			j += 2
		}
		return item{kind: iDated}, j - i
	}
	m1 := 0
	if j < len(t) && t[j].kind == month {
		m1 = t[j].value
		j++
	}
	year := yearAt(t, &j)
	if j < len(t) && (t[j].kind == dash || t[j].kind == to || t[j].kind == until || t[j].kind == and) {
		k := j + 1
		for k < len(t) && t[k].kind == day {
			k++
		}
		if d2, ok := dayOfMonth(t, k); ok && k+1 < len(t) && t[k+1].kind == month && (t[j].kind != and || m1 == 0) {
			m2 := t[k+1].value
			if m1 == 0 {
				m1 = m2
			}
			ranged := t[j].kind != and
			j = k + 2
			year = yearAt(t, &j) || year
			if d1 > monthDays[m1] || d2 > monthDays[m2] || !ranged {
				return item{kind: iDated}, j - i
			}
			length := (m2-m1)*30 + d2 - d1
			if length < 0 {
				length += 360
			}
			return item{kind: iPeriod, scope: scope{dates: dates(m1, d1, m2, d2), said: year}, brief: length < shortPeriod}, j - i
		}
	}
	if m1 == 0 {
		return it, 0
	}
	return item{kind: iDated}, j - i
}

// dayOfMonth reads "14" or "1er".
func dayOfMonth(t []token, i int) (int, bool) {
	if i >= len(t) || t[i].kind != number && (t[i].kind != ordinal || t[i].value != 1) {
		return 0, false
	}
	return t[i].value, t[i].value >= 1 && t[i].value <= 31
}

// yearAt takes a year and says whether there is one.
func yearAt(t []token, j *int) bool {
	if *j < len(t) && t[*j].kind == number && len(t[*j].text) == 4 && t[*j].value >= 1900 {
		*j++
		return true
	}
	return false
}

// monthsAt reads whole months: one, two, or a range.
func monthsAt(t []token, i int) (it item, n int) {
	first, j := t[i].value, i+1
	last := first
	text := ""
	for j+1 < len(t) {
		k := j + 1
		for k < len(t) && (t[k].kind == from || t[k].kind == article || t[k].kind == filler && t[k].text == "en") {
			k++
		}
		if !joins(t[j].kind) || k >= len(t) || t[k].kind != month {
			break
		}
		ranged := t[j].kind == dash || t[j].kind == to || t[j].kind == until
		if next := t[k].value; ranged || next == last%12+1 {
			last = next
		} else {
			text += dates(first, 1, last, monthDays[last]) + ","
			first, last = next, next
		}
		j = k + 1
	}
	year := yearAt(t, &j)
	text += dates(first, 1, last, monthDays[last])
	return item{kind: iPeriod, scope: scope{dates: text, said: year}}, j - i
}

// dates writes a period for opening hours, whole months without their days.
func dates(m1, d1, m2, d2 int) string {
	whole := d1 == 1 && d2 >= monthDays[m2]-btoi(m2 == 2)
	switch {
	case whole && m1 == m2:
		return monthNames[m1]
	case whole:
		return monthNames[m1] + "-" + monthNames[m2]
	case m1 == m2 && d1 == d2:
		return fmt.Sprintf("%s %02d", monthNames[m1], d1)
	case m1 == m2:
		return fmt.Sprintf("%s %02d-%02d", monthNames[m1], d1, d2)
	default:
		return fmt.Sprintf("%s %02d-%s %02d", monthNames[m1], d1, monthNames[m2], d2)
	}
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}
