package report

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/sonde-fleet/sonde/stats"
)

// curvePoints are the delays at which Curve reads the estimate.
var curvePoints = [...]time.Duration{6 * time.Hour, 12 * time.Hour, 24 * time.Hour, 48 * time.Hour, 3 * 24 * time.Hour, 5 * 24 * time.Hour,
	7 * 24 * time.Hour, 10 * 24 * time.Hour, 15 * 24 * time.Hour}

// barWidth is how many characters stand for everybody having answered.
const barWidth = 40

// Curve writes the Kaplan–Meier curve of the figures for a terminal: one line for each delay, with the share answered
// by then, its 95 % interval and a bar.
func Curve(w io.Writer, f *stats.Figures) error {
	fmt.Fprintln(w, "\nshare answered, by delay since the contact (95 % interval)")
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	for _, d := range curvePoints {
		s, low, high := f.Curve.At(float64(d.Milliseconds()))
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t  %s\n", Horizon(d), Percent(1-s), Percent(1-high), Percent(1-low), bar(1-s))
	}
	return t.Flush()
}

// eighths are the last characters of a bar.
var eighths = [...]string{"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"}

// bar draws a share to an eighth of a character.
func bar(share float64) string {
	n := int(share*barWidth*8 + 0.5)
	return strings.Repeat("█", n/8) + eighths[n%8]
}
