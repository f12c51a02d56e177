package site

import (
	"bytes"
	"encoding/binary"
	"math"
	"regexp"
	"strings"
	"testing"
)

// wavOf writes samples as a file, as a prober does.
func wavOf(rate uint32, pcm ...int16) []byte {
	var b bytes.Buffer
	n := uint32(2 * len(pcm))
	b.WriteString("RIFF")
	for _, v := range []any{36 + n, [8]byte([]byte("WAVEfmt ")), uint32(16), uint16(1), uint16(1), rate, 2 * rate, uint16(2), uint16(16), [4]byte([]byte("data")), n, pcm} {
		_ = binary.Write(&b, binary.LittleEndian, v) // a buffer takes everything
	}
	return b.Bytes()
}

func TestWaveOfASound(t *testing.T) {
	pcm := make([]int16, 16000)
	for i := 8000; i < 16000; i++ { // a second of silence, then one that is loud above and soft below
		pcm[i] = 16000
		if i%2 == 1 {
			pcm[i] = -4000
		}
	}
	x, err := readTone(wavOf(8000, pcm...))
	if err != nil || x.length() != 2000 {
		t.Fatalf("%v, %d ms", err, x.length())
	}
	peaks := x.peaks(10)
	for i, p := range peaks {
		if want := (peak{-4000, 16000}); i >= 5 && p != want || i < 5 && p != (peak{}) {
			t.Errorf("column %d: %+v", i, p)
		}
	}
	// Half of an axis of four seconds, the upper half twice as high as what is not there.
	path := wave{peaks, 2000}.path(4000)
	if n := strings.Count(path, "M"); n != 10 || !strings.Contains(path, "M44 ") && !strings.Contains(path, "M44.0 ") || !strings.Contains(path, " 6V48") {
		t.Errorf("%d columns: %s", n, path)
	}
	if got := x.peaks(100_000); len(got) != 16000 {
		t.Errorf("%d columns of 16000 samples", len(got))
	}
	// A line that is nearly silent is drawn as one.
	if path := (wave{[]peak{{-20, 20}}, 1000}).path(1000); !strings.Contains(path, " 40V40") {
		t.Errorf("a silent line: %s", path)
	}
	whole := wavOf(8000, pcm...)
	for name, b := range map[string][]byte{"empty": nil, "no WAV": []byte("<html>"), "no sound": whole[:44], "no format": append([]byte("RIFF\x00\x00\x00\x00WAVEdata\x04\x00\x00\x00"), 1, 2, 3, 4),
		"8 bits": func() []byte { c := bytes.Clone(whole); c[34] = 8; return c }(), "no rate": func() []byte { c := bytes.Clone(whole); copy(c[24:28], make([]byte, 4)); return c }()} {
		if _, err := readTone(b); err == nil {
			t.Errorf("%s is drawn", name)
		}
	}
	if x, err := readTone(whole[:44+8001]); err != nil || x.frames() != 4000 {
		t.Errorf("a file that is cut off: %v, %d samples", err, x.frames())
	}
}

// FuzzWAV reads what a prober that was taken over may send: nothing is read beyond the file, and what is drawn is a drawing.
func FuzzWAV(f *testing.F) {
	whole := wavOf(8000, 1, -32768, 32767, 0, 0, -1)
	f.Add(whole, int64(1000))
	f.Add(whole[:20], int64(0))
	f.Add(append(bytes.Clone(whole[:36]), "LIST\xff\xff\xff\xffdata"...), int64(-5))
	f.Add(bytes.Replace(whole, []byte("data\x0c"), []byte("data\xff"), 1), int64(math.MaxInt64))
	drawing := regexp.MustCompile(`^(M-?[0-9.]+ -?[0-9]+V-?[0-9]+(h\.4)?)*$`)
	f.Fuzz(func(t *testing.T, b []byte, whole int64) {
		x, err := readTone(b)
		if err != nil {
			return
		}
		if len(x.data) > len(b) || x.length() < 0 {
			t.Fatalf("%d octets of sound in a file of %d, %d ms", len(x.data), len(b), x.length())
		}
		peaks := x.peaks(waveColumns)
		if len(peaks) > waveColumns || len(peaks) == 0 {
			t.Fatalf("%d columns", len(peaks))
		}
		for _, p := range peaks {
			if p.low > p.high {
				t.Fatalf("column %+v", p)
			}
		}
		if path := (wave{peaks, x.length()}).path(max(whole, x.length())); !drawing.MatchString(path) {
			t.Fatalf("no drawing: %.200s", path)
		}
	})
}

func BenchmarkWaveOfAnHour(b *testing.B) {
	whole := wavOf(8000, make([]int16, 3600*8000)...)
	b.ReportAllocs()
	for b.Loop() {
		x, err := readTone(whole)
		if err != nil {
			b.Fatal(err)
		}
		_ = wave{x.peaks(waveColumns), x.length()}.path(x.length())
	}
}
