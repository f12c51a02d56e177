package listen

import (
	"encoding/binary"
	"math"
	"reflect"
	"testing"
	"time"
)

func TestTrackOfSyntheticSound(t *testing.T) {
	s := newSynth(5).silence(1).voice(5).silence(0.7).music(12).silence(0.6).voice(2.5).silence(2)
	want := []Segment{{Kind: Silence, End: time.Second}, {Kind: Speech, End: 6 * time.Second}, {Kind: Silence, End: 6700 * time.Millisecond},
		{Kind: Music, End: 18700 * time.Millisecond}, {Kind: Silence, End: 19300 * time.Millisecond}, {Kind: Speech, End: 21800 * time.Millisecond}, {Kind: Silence, End: 23800 * time.Millisecond}}
	for _, bad := range []bool{false, true} {
		x := s.x
		if bad {
			x = s.line(-62, 0.03)
		}
		got := listen(x).Segments
		if len(got) != len(want) {
			t.Errorf("bad line %v: %+v", bad, got)
			continue
		}
		for i, g := range got {
			if g.Kind != want[i].Kind || (g.End-want[i].End).Abs() > 150*time.Millisecond {
				t.Errorf("bad line %v: segment %d is %+v, want %s until %v", bad, i, g, want[i].Kind, want[i].End)
			}
		}
	}
}

// A packet brings 160 samples, a test many, a broken gateway few: it must make no difference.
func TestPiecesMakeNoDifference(t *testing.T) {
	x := newSynth(6).tone(1.5, 440).silence(1).voice(3).silence(0.5).music(4).line(-60, 0.02)
	want := listen(x)
	for _, size := range []int{1, 7, 160, 1000} {
		l := New()
		for i := 0; i < len(x); i += size {
			l.Write(x[i:min(len(x), i+size)])
			if i%4000 == 0 && size >= 160 {
				l.Heard() // asked on the way
			}
		}
		if got := l.Heard(); !reflect.DeepEqual(got, want) {
			t.Errorf("in pieces of %d: %+v\nwant %+v", size, got.Segments, want.Segments)
		}
	}
}

func TestMemoryIsBounded(t *testing.T) {
	l := New()
	l.samples = int64(Longest.Seconds())*Rate - 1000
	l.Write(make([]int16, 100_000))
	if len(l.frames) != 1000/hop || len(l.prints.words) != 1000/hop {
		t.Errorf("%d looks and %d words after the end of listening", len(l.frames), len(l.prints.words))
	}
	l.tracker.judged = map[stretch]opinion{}
	for i := range maxJudged {
		l.tracker.judged[stretch{-i, -i}] = opinion{}
	}
	l.tracker.judge(make([]frame, 40), stretch{0, 30})
	if len(l.tracker.judged) != 1 {
		t.Errorf("%d opinions are kept", len(l.tracker.judged))
	}
	for range maxBursts + 10 {
		l.tones.open = burst{n: 9}
		l.tones.close()
	}
	if len(l.tones.bursts) > maxBursts {
		t.Errorf("%d bursts are kept", len(l.tones.bursts))
	}
}

func TestNoiseIsNoVoice(t *testing.T) {
	s := newSynth(7)
	for range 8 * Rate {
		s.x = append(s.x, int16(1500*s.r.NormFloat64()))
	}
	h := listen(s.line(-70, 0))
	for _, g := range h.Segments {
		if (g.Kind == Speech || g.Kind == Music) && g.Length() > 300*time.Millisecond {
			t.Errorf("noise was heard as %+v", g)
		}
	}
	if v := Judge(h, Context{}); v.First != Nobody || v.Person {
		t.Errorf("noise answered: %+v", v)
	}
}

// sound holds what was heard to what must be true of anything.
func sound(t *testing.T, h Heard, samples int) {
	t.Helper()
	if h.Length > time.Duration(samples)*time.Second/Rate {
		t.Fatalf("%v heard of %d samples", h.Length, samples)
	}
	at := time.Duration(0)
	for i, s := range h.Segments {
		if s.Start != at || s.End <= s.Start || s.Confidence < 0.5 || s.Confidence > 1 || math.IsNaN(s.Confidence) {
			t.Fatalf("segment %d of %+v", i, h.Segments)
		}
		at = s.End
	}
	if at != h.Length {
		t.Fatalf("segments end at %v of %v", at, h.Length)
	}
}

func FuzzListen(f *testing.F) {
	add := func(x []int16, answered uint16) {
		var data []byte
		for _, s := range x {
			data = binary.LittleEndian.AppendUint16(data, uint16(s))
		}
		f.Add(data, answered, uint8(160))
	}
	add(newSynth(8).tone(0.6, 440).voice(0.8).line(-50, 0.05), 500)
	add(newSynth(9).music(1).x, 0)
	add([]int16{32767, -32768, 32767, -32768}, 9)
	add(nil, 0)
	f.Fuzz(func(t *testing.T, data []byte, answered uint16, size uint8) {
		if len(data) > 8*Rate {
			return
		}
		l := New()
		x := make([]int16, len(data)/2)
		for i := range x {
			x[i] = int16(binary.LittleEndian.Uint16(data[2*i:]))
		}
		for i := 0; i < len(x); i += int(size) + 1 {
			l.Write(x[i:min(len(x), i+int(size)+1)])
		}
		h := l.Heard()
		sound(t, h, len(x))
		v := Judge(h, Context{Answered: time.Duration(answered) * time.Millisecond})
		if v.Confidence < 0 || v.Confidence > 1 || math.IsNaN(v.Confidence) || v.Person && v.Wait < 0 {
			t.Fatalf("%+v", v)
		}
		for _, m := range v.Marks {
			if m.End < m.Start || m.Label == "" || m.Confidence < 0 || m.Confidence > 1 {
				t.Fatalf("mark %+v", m)
			}
		}
		var lib Library
		lib.Add("s", "1", "", h.Print)
		lib.Find("s", h.Print)
	})
}

// FuzzPrints compares any prints: what is alike to itself must be found, and nothing may hang.
func FuzzPrints(f *testing.F) {
	f.Add([]byte("0123456789abcdef"), []byte("89abcdef"))
	f.Fuzz(func(t *testing.T, a, b []byte) {
		words := func(data []byte) (p Print) {
			for len(data) >= 4 && len(p) < 400 {
				p = append(p, binary.LittleEndian.Uint32(data))
				data = data[4:]
			}
			return p
		}
		x, y := words(a), words(b)
		share, _, ok := x.Difference(y)
		if share < 0 || share > 1 {
			t.Fatal(share)
		}
		if d, _, self := x.Difference(x); self && d != 0 {
			t.Fatal("not alike to itself", d)
		}
		_ = ok
	})
}

// BenchmarkMinute hears a minute of a call and judges it.
func BenchmarkMinute(b *testing.B) {
	x := newSynth(10).tone(1.5, 440).silence(3.5).voice(10).silence(1).music(38).silence(1).voice(3).silence(2).line(-60, 0.01)
	for b.Loop() {
		Judge(listen(x), Context{Answered: 5 * time.Second})
	}
}
