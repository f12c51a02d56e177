package interact

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"image"
	"image/draw"
	"image/gif"
	"strconv"
	"time"

	"github.com/sonde-fleet/sonde/probes/web/browser"
	"github.com/sonde-fleet/sonde/probes/web/finding"
)

// Bounds of what is decoded: a picture is a stranger's.
const (
	maxPictures = 8
	maxPicture  = 3 << 20
	maxPixels   = 4 << 20
	maxFrames   = 400
)

// Moving looks into pictures that move, frame by frame: how long they go on (WCAG 2.2.2) and whether they flash (2.3.1). It
// reads them from the page's cache, so it comes before the page is held.
func Moving(ctx context.Context, t *browser.Tab, l *browser.Load) ([]finding.Finding, error) {
	if err := t.Inject(ctx, "sonde helper", helper()); err != nil {
		return nil, err
	}
	x := &try{ctx: ctx, t: t, page: l.URL, told: map[string]int{}}
	pictures, err := browser.Eval[[]struct {
		spot
		Source string `json:"source"`
	}](ctx, t, `(() => { const l = [], seen = new Set(); for (const e of document.images) { const s = e.currentSrc || e.src; if (!/\.gif([?#]|$)|^data:image\/gif/i.test(s) || seen.has(s) || !sonde.visible(e)) continue; seen.add(s); l.push({ ...sonde.describe(e), source: s.slice(0, 400000) }); if (l.length >= `+itoa(maxPictures)+`) break } return l })()`)
	if err != nil {
		return nil, err
	}
	for i := range pictures {
		data, err := browser.Eval[string](ctx, t, `fetch(`+strconv.Quote(pictures[i].Source)+`, {cache: "force-cache"}).then(r => r.blob()).then(b => b.size > `+itoa(maxPicture)+` ? "" : new Promise(d => { const f = new FileReader(); f.onload = () => d(f.result.split(",")[1] || ""); f.readAsDataURL(b) })).catch(() => "")`)
		if err != nil {
			return x.out, err
		}
		raw, err := base64.StdEncoding.DecodeString(data)
		if err != nil || len(raw) == 0 {
			continue
		}
		x.gif(&pictures[i].spot, raw)
	}
	return x.out, x.drifts()
}

// watched is how long what moves by script is watched: WCAG 2.2.2 lets it move for five seconds.
const watched = 5500 * time.Millisecond

// drifts watches what a script may keep moving: tickers, slides, what changed while nobody did anything. Most pages have
// nothing of the kind, and are not waited for.
func (x *try) drifts() error {
	list, err := ask[[]struct {
		spot
		Flashes float64 `json:"flashes"` // a second
		Goes    bool    `json:"goes"`    // it was still moving when the watch ended
	}](x, "drifts(%d)", watched.Milliseconds())
	if err != nil {
		return err
	}
	for i := range list {
		m := &list[i]
		if m.Flashes > 3 {
			x.failed("sonde-flashes", &m.spot, fmt.Sprintf("%.1f a second", m.Flashes))
		}
		if m.Goes {
			x.failed("sonde-moves-by-script", &m.spot, "")
		}
	}
	return nil
}

func (x *try) gif(s *spot, raw []byte) {
	frames, lasts, flashes, err := animation(raw)
	if err != nil || frames < 2 {
		return
	}
	if lasts == 0 || lasts > 5*time.Second {
		detail := fmt.Sprintf("%d frames, without end", frames)
		if lasts > 0 {
			detail = fmt.Sprintf("%d frames, %s", frames, lasts.Round(100*time.Millisecond))
		}
		x.failed("sonde-animated-picture", s, detail)
	}
	if flashes > 3 {
		x.failed("sonde-flashes", s, fmt.Sprintf("%d a second", flashes))
	}
}

// animation reads a GIF: its frames, how long it plays (0: without end) and the most flashes in any second, a flash being a
// pair of opposing changes of a tenth of the luminance over a quarter of the picture (WCAG's general flash).
func animation(raw []byte) (frames int, lasts time.Duration, flashes int, err error) {
	head, err := gif.DecodeConfig(bytes.NewReader(raw))
	if err != nil {
		return 0, 0, 0, err
	}
	if head.Width*head.Height > maxPixels || head.Width*head.Height*bytes.Count(raw, []byte{0x21, 0xF9}) > 64*maxPixels {
		return 0, 0, 0, fmt.Errorf("the picture is too large: %d × %d", head.Width, head.Height)
	}
	g, err := gif.DecodeAll(bytes.NewReader(raw))
	if err != nil {
		return 0, 0, 0, err
	}
	once := time.Duration(0)
	canvas := image.NewRGBA(image.Rect(0, 0, head.Width, head.Height))
	var light [][]float64
	var at []time.Duration
	for i, f := range g.Image {
		if i >= maxFrames {
			break
		}
		draw.Draw(canvas, f.Bounds(), f, f.Bounds().Min, draw.Over)
		light = append(light, grid(canvas))
		at = append(at, once)
		once += max(time.Duration(g.Delay[i])*10*time.Millisecond, 20*time.Millisecond)
	}
	if g.LoopCount != 0 {
		lasts = once * time.Duration(max(g.LoopCount+1, 1))
	}
	return len(g.Image), lasts, most(light, at), nil
}

// grid is the luminance of a picture at 16 × 16 places.
func grid(img image.Image) []float64 {
	const n = 16
	b := img.Bounds()
	out := make([]float64, 0, n*n)
	for j := range n {
		for i := range n {
			out = append(out, luminance(img.At(b.Min.X+(2*i+1)*b.Dx()/(2*n), b.Min.Y+(2*j+1)*b.Dy()/(2*n))))
		}
	}
	return out
}

// most counts opposing changes and returns the largest number of pairs that begin within a second.
func most(light [][]float64, at []time.Duration) int {
	var turns []time.Duration
	direction := 0
	for i := 1; i < len(light); i++ {
		up, down := 0, 0
		for j := range light[i] {
			switch d := light[i][j] - light[i-1][j]; {
			case d >= 0.1:
				up++
			case d <= -0.1:
				down++
			}
		}
		now := 0
		if quarter := len(light[i]) / 4; up >= quarter && up > down {
			now = 1
		} else if down >= quarter {
			now = -1
		}
		if now != 0 && now != direction {
			turns = append(turns, at[i])
			direction = now
		}
	}
	best := 0
	for i := range turns {
		n := 0
		for _, t := range turns[i:] {
			if t-turns[i] < time.Second {
				n++
			}
		}
		best = max(best, n)
	}
	return best / 2
}
