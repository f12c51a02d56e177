package schedule

import (
	"fmt"
	"strings"
	"time"

	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/schedule/calendar"
)

// shades go from nothing to the fullest cell; they can be told apart without colour.
var shades = [...]rune{'·', '░', '▒', '▓', '█'}

// tints are the same steps as backgrounds of the 256-colour palette.
var tints = [...]int{0, 194, 157, 114, 71}

// Heatmap draws a timetable for a terminal width columns wide, as two tables of due instants in the zone of loc (nil:
// UTC): weeks × weekdays, and weekdays × hours. Each cell has its number where there is room, and always a shade, so that
// it can be read without colour; below 76 columns a timetable round the clock is wider than asked. An empty timetable
// gives one line that says so.
func Heatmap(audits []probes.Audit, loc *time.Location, width int, colour bool) string {
	if len(audits) == 0 {
		return "no audit is planned\n"
	}
	if loc == nil {
		loc = time.UTC
	}
	days := map[calendar.Day]int{}
	var hours [7][24]int
	first, last := calendar.DayOf(audits[0].Due.In(loc)), calendar.DayOf(audits[0].Due.In(loc))
	for i := range audits {
		due := audits[i].Due.In(loc)
		d := calendar.DayOf(due)
		first, last = min(first, d), max(last, d)
		days[d]++
		hours[monday(due.Weekday())][due.Hour()]++
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%d audits, %s to %s (%s)\n\n", len(audits), first, last, loc)
	weeksTable(&b, days, first, last, width, colour)
	b.WriteByte('\n')
	hoursTable(&b, &hours, width, colour)
	return b.String()
}

// monday numbers the weekdays from Monday, 0.
func monday(w time.Weekday) int { return (int(w) + 6) % 7 }

var weekdayLabels = [...]string{"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"}

func weeksTable(b *strings.Builder, days map[calendar.Day]int, first, last calendar.Day, width int, colour bool) {
	most := 0
	for _, n := range days {
		most = max(most, n)
	}
	const label = len("2026-W10 2026-03-02")
	cell := fit(width-label-8, 7, digits(most)+2, 2)
	fmt.Fprintf(b, "%-*s", label, "week of")
	for _, name := range weekdayLabels {
		fmt.Fprintf(b, " %*.*s", cell, cell, name)
	}
	fmt.Fprintf(b, " %7s\n", "total")
	for start := first - calendar.Day(monday(first.Weekday())); start <= last; start += 7 {
		year, week := start.Week()
		fmt.Fprintf(b, "%d-W%02d %s", year, week, start)
		total := 0
		for d := start; d < start+7; d++ {
			total += days[d]
			b.WriteByte(' ')
			if d < first || d > last {
				b.WriteString(strings.Repeat(" ", cell))
				continue
			}
			writeCell(b, days[d], most, cell, colour)
		}
		fmt.Fprintf(b, " %7d\n", total)
	}
}

func hoursTable(b *strings.Builder, hours *[7][24]int, width int, colour bool) {
	most, from, to := 0, 23, 0
	for _, day := range hours {
		for h, n := range day {
			if most = max(most, n); n > 0 {
				from, to = min(from, h), max(to, h)
			}
		}
	}
	cell := fit(width-4, to-from+1, digits(most)+2, 2)
	fmt.Fprintf(b, "%-4s", "hour")
	for h := from; h <= to; h++ {
		fmt.Fprintf(b, " %*s", cell, fmt.Sprintf("%02d", h))
	}
	b.WriteByte('\n')
	for d, day := range hours {
		fmt.Fprintf(b, "%-4s", weekdayLabels[d])
		for h := from; h <= to; h++ {
			b.WriteByte(' ')
			writeCell(b, day[h], most, cell, colour)
		}
		b.WriteByte('\n')
	}
}

// fit returns the width of a cell when n of them with a blank before each share room: wanted if possible, else least.
func fit(room, n, wanted, least int) int {
	return max(min(room/max(n, 1)-1, wanted), least)
}

func digits(n int) int { return len(fmt.Sprint(n)) }

// writeCell writes a shade and, if it fits, the number.
func writeCell(b *strings.Builder, n, most, width int, colour bool) {
	step := 0
	if n > 0 {
		step = 1 + (n*(len(shades)-1)-1)/max(most, 1)
		step = min(step, len(shades)-1)
	}
	text := string(shades[step])
	if number := fmt.Sprint(n); n > 0 && len(number)+1 <= width {
		text = strings.Repeat(" ", width-1-len(number)) + number + text
	} else {
		text = strings.Repeat(" ", width-2) + strings.Repeat(text, 2)
		if n == 0 {
			text = strings.Repeat(" ", width-1) + string(shades[0])
		}
	}
	if colour && step > 0 {
		fmt.Fprintf(b, "\x1b[30;48;5;%dm%s\x1b[0m", tints[step], text)
		return
	}
	b.WriteString(text)
}
