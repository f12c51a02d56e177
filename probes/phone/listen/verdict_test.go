package listen

import (
	"slices"
	"testing"
	"time"
)

// story writes what was heard: "s3.5" is a voice for 3.5 s, m music, - silence, n noise, b a beep, r ring tone, f a fax machine.
func story(parts ...string) Heard {
	var h Heard
	for _, p := range parts {
		d, err := time.ParseDuration(p[1:] + "s")
		if err != nil {
			panic(err)
		}
		s := Segment{Start: h.Length, End: h.Length + d, Confidence: 0.98}
		switch p[0] {
		case 's':
			s.Kind = Speech
		case 'm':
			s.Kind = Music
		case '-':
			s.Kind = Silence
		case 'n':
			s.Kind = Noise
		default:
			s.Kind, s.Tone = Signal, map[byte]ToneKind{'b': Beep, 'r': Ring, 'f': Fax}[p[0]]
			h.Tones = append(h.Tones, Tone{Kind: s.Tone, Start: s.Start, End: s.End, Bursts: 1, On: d})
		}
		h.Length = s.End
		h.Segments = append(h.Segments, s)
	}
	return h
}

func TestJudge(t *testing.T) {
	seconds := func(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
	for _, c := range []struct {
		name     string
		heard    Heard
		context  Context
		first    Answerer
		wait     float64 // negative: no person
		music    float64
		recorded float64
	}{
		{"a person greets and waits", story("r1.5", "-2", "s2.1", "-3"), Context{Answered: seconds(2)}, Human, 1.5, 0, 0},
		{"a person who pauses in the greeting", story("-0.5", "s1.2", "-0.6", "s1.5", "-2"), Context{}, Human, 0.5, 0, 0},
		{"a person who asks again", story("-0.5", "s2", "-2", "s0.6", "-2", "s1.2", "-1"), Context{}, Human, 0.5, 0, 0},
		{"a person who is asked something answers at length", story("-0.5", "s2", "-4", "s12", "-1"), Context{Spoke: seconds(3)}, Human, 0.5, 0, 0},
		{"music, then a person", story("m20", "-0.4", "s2", "-2"), Context{}, Human, 20.4, 20, 0},
		{"menu, music, person", story("-0.3", "s12", "-1", "m20", "-0.4", "s2", "-2"), Context{}, Announcement, 33.7, 20, 12},
		{"menu and a key, music, person", story("-0.3", "s12", "-1", "m20", "-0.4", "s2", "-2"), Context{Pressed: true}, IVR, 33.7, 20, 12},
		{"menu, ring tone, person", story("-0.3", "s12", "-1", "r1.5", "-2", "s2", "-2"), Context{}, Announcement, 16.8, 0, 12},
		{"announcements in the queue", story("m10", "-0.3", "s3", "-0.3", "m10", "s3", "m10", "-0.5", "s1.5", "-3"), Context{}, Announcement, 37.1, 30, 6},
		{"please hold, and dropped in the queue", story("-0.3", "s3", "-1", "m30"), Context{}, Announcement, -1, 30, 3},
		{"please hold in two sentences", story("-0.3", "s3", "-1", "s2", "-1", "m30"), Context{}, Announcement, -1, 30, 5},
		{"closed", story("-0.3", "s9", "-0.4"), Context{}, Announcement, -1, 0, 9},
		{"closed, in a sentence", story("-0.3", "s3", "-0.4"), Context{}, Announcement, -1, 0, 3},
		{"closed, with a pause in it", story("-0.3", "s4", "-1", "s4", "-1"), Context{}, Announcement, -1, 0, 8},
		{"voicemail", story("-0.3", "s4", "-0.5", "b0.5", "-5"), Context{}, Voicemail, -1, 0, 4},
		{"voicemail in two sentences", story("-0.3", "s2", "-1", "s1.8", "-0.5", "b0.5", "-5"), Context{}, Voicemail, -1, 0, 3.8},
		{"fax", story("-1", "f3", "-2"), Context{}, FaxMachine, -1, 0, 0},
		{"a fax before the answer is none", story("f3", "-2", "s2", "-2"), Context{Answered: seconds(4)}, Human, 1, 0, 0},
		{"nobody", story("-1", "n5", "-2"), Context{}, Nobody, -1, 0, 0},
		{"nothing at all", Heard{}, Context{}, Nobody, -1, 0, 0},
		{"music alone", story("m30"), Context{}, Queue, -1, 30, 0},
		{"the answer in the middle of a word", story("s4", "-3"), Context{Answered: seconds(2)}, Human, 0, 0, 0},
	} {
		v := Judge(c.heard, c.context)
		near := func(got time.Duration, want float64) bool { return (got - seconds(want)).Abs() < time.Millisecond }
		switch {
		case v.First != c.first, v.Person != (c.wait >= 0), v.Person && !near(v.Wait, c.wait), !near(v.Music, c.music), !near(v.Recorded, c.recorded):
			t.Errorf("%s: %s, person %v %v, music %v, recorded %v", c.name, v.First, v.Person, v.Wait, v.Music, v.Recorded)
		case v.Confidence <= 0 || v.Confidence > 1:
			t.Errorf("%s: confidence %v", c.name, v.Confidence)
		}
		for i, m := range v.Marks {
			if i > 0 && m.Start != v.Marks[i-1].End {
				t.Errorf("%s: marks with a hole: %+v", c.name, v.Marks)
			}
		}
	}
}

func TestMarksSayWhoSpoke(t *testing.T) {
	v := Judge(story("r1.5", "-2", "s9", "-1", "m10", "-0.5", "s2", "-2"), Context{Answered: 2 * time.Second})
	var labels []string
	for _, m := range v.Marks {
		labels = append(labels, m.Label)
	}
	if want := []string{"ring", "silence", "machine", "silence", "music", "silence", "human", "silence"}; !slices.Equal(labels, want) {
		t.Errorf("%q, want %q", labels, want)
	}
}

// What was heard in another call is no person, however short it is.
func TestAKnownRecordingIsNoPerson(t *testing.T) {
	x := newSynth(30).silence(0.5).voice(2.6).silence(3).line(-60, 0)
	h := listen(x)
	if v := Judge(h, Context{}); v.First != Human {
		t.Fatalf("unknown, it passes for a person: %+v", v)
	}
	var l Library
	if l.Add("rennes", "call-1", "", h.Print.Part(500*time.Millisecond, 3100*time.Millisecond)) != 1 {
		t.Fatal("not filed")
	}
	again := newSynth(30).silence(1.1)
	again.x = append(again.x, x[Rate/2:]...)
	h = listen(again.line(-58, 0.02))
	known := func(p Print) bool { _, _, ok := l.Find("rennes", p); return ok }
	if v := Judge(h, Context{Known: known}); v.First == Human || v.Person || !slices.ContainsFunc(v.Marks, func(m Mark) bool { return m.Label == RoleRecording }) {
		t.Errorf("%+v", v)
	}
}

// A text that comes twice in a call is a menu.
func TestATextThatComesAgainIsAMenu(t *testing.T) {
	text := newSynth(31).voice(3.5).x
	s := newSynth(32).silence(0.5)
	s.x = append(s.x, text...)
	s.silence(3)
	s.x = append(s.x, text...)
	s.silence(2)
	if v := Judge(listen(s.line(-60, 0.01)), Context{}); v.First != IVR || v.Person {
		t.Errorf("%+v", v)
	}
}
