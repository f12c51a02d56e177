package listen

import (
	"fmt"
	"testing"
	"time"
)

// part hears a call and returns the print of a part of it.
func part(x []int16, from, to time.Duration) Print { return listen(x).Print.Part(from, to) }

func TestARecordingIsFoundAgain(t *testing.T) {
	text := newSynth(20).voice(6).x
	call := func(seed uint64, before float64, gain float64) *synth {
		s := newSynth(seed).silence(before)
		for _, x := range text {
			s.x = append(s.x, int16(float64(x)*gain))
		}
		return s.silence(1)
	}
	of := func(s *synth, noise, loss, before float64) Print {
		from := time.Duration(before * float64(time.Second))
		return part(s.line(noise, loss), from, from+6*time.Second)
	}
	var l Library
	if n := l.Add("rennes", "call-1", "menu", of(call(1, 0.7, 1), -60, 0, 0.7)); n != 1 {
		t.Fatal(n)
	}
	for name, p := range map[string]Print{
		"another offset":     of(call(2, 1.2345, 1), -60, 0, 1.2345),
		"quieter":            of(call(3, 0.3, 0.3), -60, 0, 0.3),
		"noise":              of(call(4, 0.9, 0.7), -42, 0, 0.9),
		"three percent lost": of(call(5, 2, 0.7), -60, 0.03, 2),
		"a part of it":       part(call(6, 1, 1).line(-60, 0), 2500*time.Millisecond, 5*time.Second),
	} {
		r, share, ok := l.Find("rennes", p)
		t.Logf("%s: %.3f of the bits differ", name, share)
		if !ok || r.Label != "menu" {
			t.Errorf("%s was not found: %.3f", name, share)
		}
	}
	least := 1.0
	for seed := range uint64(20) {
		_, share, ok := l.Find("rennes", part(newSynth(100+seed).voice(5).line(-60, 0), 0, 5*time.Second))
		least = min(least, share)
		if ok {
			t.Errorf("voice %d was taken for the recording: %.3f", seed, share)
		}
	}
	t.Logf("other voices differ in %.3f of the bits at least", least)
	if _, _, ok := l.Find("nantes", of(call(1, 0.7, 1), -60, 0, 0.7)); ok {
		t.Error("another structure's recording was found")
	}
}

func TestLibraryCountsCallsAndForgets(t *testing.T) {
	text := part(newSynth(21).voice(4).line(-60, 0), 0, 4*time.Second)
	var l Library
	for i, want := range []int{1, 1, 2, 3} { // twice in one call is one call
		if n := l.Add("s", fmt.Sprint("call-", max(0, i-1)), "", text); n != want {
			t.Errorf("add %d: %d calls, want %d", i, n, want)
		}
	}
	if n := l.Add("s", "call-9", "", text[:leastWords-1]); n != 0 {
		t.Errorf("a print that is too short was filed: %d", n)
	}
	if n := l.Add("s", "call-9", "", make(Print, 1000)); n != 0 {
		t.Errorf("silence was filed: %d", n)
	}
	l.Forget("s", "call-0")
	if len(l.Structures["s"]) != 1 {
		t.Error("what was heard in other calls too was forgotten")
	}
	var other Library
	other.Add("s", "only", "", text)
	other.Forget("s", "only")
	if len(other.Structures) != 0 {
		t.Errorf("%+v", other)
	}
}

func TestLibraryIsBounded(t *testing.T) {
	if testing.Short() {
		t.Skip()
	}
	var l Library
	s := newSynth(22)
	random := func() (p Print) {
		for range leastWords {
			p = append(p, s.r.Uint32()|1)
		}
		return p
	}
	kept := random()
	l.Add("s", "a", "kept", kept)
	l.Add("s", "b", "", kept)
	for i := range maxRecordings + 20 {
		l.Add("s", fmt.Sprint(i), "", random())
	}
	if n := len(l.Structures["s"]); n != maxRecordings {
		t.Errorf("%d recordings", n)
	}
	if r, _, ok := l.Find("s", kept); !ok || r.Label != "kept" || r.Calls != 2 {
		t.Error("what came twice went before what came once")
	}
	long := make(Print, 3*maxWords)
	for i := range long {
		long[i] = s.r.Uint32() | 1
	}
	l.Add("long", "a", "", long)
	if n := len(l.Structures["long"][0].Print); n != maxWords {
		t.Errorf("%d words of a recording", n)
	}
}
