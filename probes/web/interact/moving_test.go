package interact

import (
	"bytes"
	"image"
	"image/color"
	"image/gif"
	"testing"
	"time"
)

func frames(loop int, delay int, greys ...uint8) []byte {
	g := &gif.GIF{LoopCount: loop}
	for _, c := range greys {
		g.Image = append(g.Image, image.NewPaletted(image.Rect(0, 0, 20, 20), color.Palette{color.Gray{c}}))
		g.Delay = append(g.Delay, delay)
	}
	var b bytes.Buffer
	if err := gif.EncodeAll(&b, g); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func TestAnimation(t *testing.T) {
	for name, c := range map[string]struct {
		raw     []byte
		n       int
		lasts   time.Duration
		flashes int
	}{
		"still":                          {frames(0, 10, 0x80), 1, 100 * time.Millisecond, 0},
		"for ever, slowly":               {frames(0, 100, 0, 255, 0, 255), 4, 0, 0},
		"once, a second":                 {frames(-1, 50, 0x80, 0x90), 2, time.Second, 0},
		"thrice":                         {frames(2, 100, 0x80, 0x90), 2, 6 * time.Second, 0},
		"ten times a second":             {frames(0, 5, 0, 255, 0, 255, 0, 255, 0, 255, 0, 255), 10, 0, 4},
		"quickly, but hardly to be seen": {frames(0, 5, 0x80, 0x82, 0x80, 0x82, 0x80, 0x82), 6, 0, 0},
	} {
		n, lasts, flashes, err := animation(c.raw)
		if err != nil || n != c.n || lasts != c.lasts || flashes != c.flashes {
			t.Errorf("%s: %d frames, %s, %d flashes, %v; wanted %d, %s, %d", name, n, lasts, flashes, err, c.n, c.lasts, c.flashes)
		}
	}
}

func FuzzAnimation(f *testing.F) {
	f.Add(frames(0, 5, 0, 255))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if n, lasts, flashes, err := animation(raw); err == nil && (n < 0 || lasts < 0 || flashes < 0) {
			t.Errorf("%d %s %d", n, lasts, flashes)
		}
	})
}

func TestContrast(t *testing.T) {
	for _, c := range []struct {
		a, b color.Color
		want float64
	}{{color.Black, color.White, 21}, {color.Gray{0x76}, color.White, 4.54}, {color.White, color.White, 1}} {
		if got := ratio(c.a, c.b); got < c.want-0.01 || got > c.want+0.01 {
			t.Errorf("%v on %v: %.2f, want %.2f", c.a, c.b, got, c.want)
		}
	}
	with, without := image.NewRGBA(image.Rect(0, 0, 10, 10)), image.NewRGBA(image.Rect(0, 0, 10, 10))
	for i := range with.Pix {
		with.Pix[i], without.Pix[i] = 255, 255
	}
	for x := range 10 {
		with.Set(x, 5, color.Gray{0xAA}) // an edge: paler than the ink
	}
	got := contrasts(with, without, with.Bounds(), []float64{0, 0, 0})
	if len(got) != 10 || got[0] < 20.9 {
		t.Errorf("the edge and not the ink was measured: %v", got)
	}
	if got := contrasts(with, without, with.Bounds(), []float64{0, 0, 0, 0.5}); len(got) != 10 || got[0] > 4.1 || got[0] < 3.9 {
		t.Errorf("half transparent ink: %v", got)
	}
}
