package listen

import (
	"flag"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/sonde-fleet/sonde/probes/phone/listen/corpus"
)

var (
	composed = flag.Int("calls", 132, "calls to compose")
	least    = flag.Float64("least", 0.95, "share of the calls that must be right")
	seed     = flag.Uint64("seed", 1, "of the composed calls")
)

// sounds are those that the coefficients were not made of.
type sounds struct {
	prompts map[string][][]int16 // by voice
	greets  map[string][][]int16 // by voice, short
	music   [][]int16
}

// installed reads the sounds, or skips the test where there are none and they are not required.
var installed = sync.OnceValues(func() (*sounds, error) {
	s := &sounds{prompts: map[string][][]int16{}, greets: map[string][][]int16{}}
	for _, of := range []corpus.Source{corpus.June, corpus.Armelle, corpus.Allison, corpus.Hold} {
		rs, err := corpus.Read(of, 120, true)
		if err != nil {
			return nil, err
		}
		for _, r := range rs {
			if r.Music {
				s.music = append(s.music, r.Samples)
				continue
			}
			x := corpus.Trim(r.Samples)
			if n := len(x); n > Rate && n < 12*Rate {
				s.prompts[r.Voice] = append(s.prompts[r.Voice], x)
			}
			if n := len(x); n > Rate*6/10 && n < Rate*38/10 {
				s.greets[r.Voice] = append(s.greets[r.Voice], x)
			}
		}
	}
	for voice, texts := range map[string][]string{
		"fr+m1": {"Mairie de Villeneuve, bonjour.", "Mairie bonjour, Nathalie à votre écoute.", "Allô ?", "Oui, bonjour ?", "Service de l'état civil, bonjour."},
		"fr+f3": {"Bienvenue à la mairie de Villeneuve.", "Pour l'état civil, tapez un.", "Pour les écoles et les crèches, tapez deux.",
			"Pour toute autre demande, restez en ligne.", "Nos bureaux sont fermés.", "Ils sont ouverts du lundi au vendredi, de neuf heures à dix-sept heures.",
			"Tous nos agents sont en ligne, merci de patienter."},
	} {
		for i, text := range texts {
			r, err := corpus.Speak(voice, 140+10*i, text)
			if err != nil {
				return nil, err
			}
			x := corpus.Trim(r.Samples)
			if voice == "fr+m1" {
				s.greets[voice] = append(s.greets[voice], x)
			} else {
				s.prompts[voice] = append(s.prompts[voice], x)
			}
		}
	}
	return s, nil
})

func need(t testing.TB) *sounds {
	t.Helper()
	required := os.Getenv("SONDE_INTEGRATION") == "required"
	for _, p := range []string{"sox", "espeak-ng"} {
		if _, err := exec.LookPath(p); err != nil && !required {
			t.Skip(p + " is not installed; Try: make install")
		}
	}
	s, err := installed()
	if err != nil {
		if required {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	return s
}

// call is a call in the making, with the truth about it.
type call struct {
	x        []int16
	r        *rand.Rand
	s        *sounds
	kind     string
	first    []Answerer // right answers
	human    bool
	answered int // sample
	at       int // sample of the person's first word
}

func (c *call) silence(low, high float64) {
	c.x = append(c.x, make([]int16, int((low+(high-low)*c.r.Float64())*Rate))...)
}

func (c *call) add(x []int16, gain float64) {
	for _, s := range x {
		c.x = append(c.x, int16(max(-32768, min(32767, float64(s)*gain))))
	}
}

// level is between 0 and −12 dB.
func (c *call) level() float64 { return math.Pow(10, -0.6*c.r.Float64()) }

func (c *call) tone(hz, seconds, level float64) {
	for i := range int(seconds * Rate) {
		c.x = append(c.x, int16(level*math.Sin(2*math.Pi*hz*float64(i)/Rate)))
	}
}

// ring is the ring tone; the last burst may be cut by the answer.
func (c *call) ring(bursts int) {
	for i := range bursts {
		c.tone(440, 1.5, 5000)
		if i < bursts-1 {
			c.silence(3.5, 3.5)
		}
	}
	c.silence(0.2, 3)
}

// machine says prompts one after the other until there are so many seconds.
func (c *call) machine(voice string, seconds float64) {
	gain, from := c.level(), len(c.x)
	for {
		c.add(pick(c.r, c.s.prompts[voice]), gain)
		if len(c.x)-from >= int(seconds*Rate) {
			return
		}
		c.silence(0.15, 0.6)
	}
}

func (c *call) music(low, high float64) {
	m := pick(c.r, c.s.music)
	n := int((low + (high-low)*c.r.Float64()) * Rate)
	from := c.r.IntN(len(m) - n)
	c.add(m[from:from+n], c.level())
}

// person greets, waits, and may say a word again.
func (c *call) person(voice string) {
	gain := c.level()
	c.human, c.at = true, len(c.x)
	c.add(pick(c.r, c.s.greets[voice]), gain)
	c.silence(1.2, 3)
	for range c.r.IntN(3) {
		short := pick(c.r, c.s.greets[voice])
		c.add(short[:min(len(short), Rate*6/5)], gain)
		c.silence(1.7, 3)
	}
}

func pick[T any](r *rand.Rand, of []T) T { return of[r.IntN(len(of))] }

// kindsOfCalls are how calls to town halls go.
var kindsOfCalls = []struct {
	name  string
	first []Answerer
	make  func(c *call, machine, person string)
}{
	{"a person at once", []Answerer{Human}, func(c *call, _, p string) { c.silence(0.2, 1.2); c.person(p) }},
	{"menu, music, person", []Answerer{IVR, Announcement}, func(c *call, m, p string) {
		c.silence(0.2, 1)
		c.machine(m, 7)
		c.silence(0.2, 2)
		c.music(6, 25)
		c.silence(0, 1.2)
		c.person(p)
	}},
	{"music, person", []Answerer{Queue, Human}, func(c *call, _, p string) { c.music(5, 30); c.silence(0, 1); c.person(p) }},
	{"queue with announcements, person", []Answerer{Announcement, Queue}, func(c *call, m, p string) {
		c.silence(0.2, 1)
		c.machine(m, 5)
		for range 1 + c.r.IntN(3) {
			c.silence(0, 0.6)
			c.music(5, 15)
			c.silence(0, 0.6)
			c.machine(m, 1)
		}
		c.silence(0, 0.6)
		c.music(4, 12)
		c.silence(0, 1)
		c.person(p)
	}},
	{"menu, ring tone, person", []Answerer{IVR, Announcement}, func(c *call, m, p string) {
		c.silence(0.2, 1)
		c.machine(m, 7)
		c.silence(0.5, 2)
		c.ring(1 + c.r.IntN(3))
		c.person(p)
	}},
	{"announcement, hung up", []Answerer{Announcement, IVR}, func(c *call, m, _ string) { c.silence(0.2, 1); c.machine(m, 5); c.silence(0.2, 0.7) }},
	{"menu twice, hung up", []Answerer{IVR}, func(c *call, m, _ string) {
		c.silence(0.2, 1)
		from := len(c.x)
		c.machine(m, 8)
		text := slices.Clone(c.x[from:])
		c.silence(3, 5)
		c.add(text, 1)
		c.silence(1, 4)
	}},
	{"voicemail", []Answerer{Voicemail}, func(c *call, m, _ string) {
		c.silence(0.2, 1)
		c.machine(m, 3)
		c.silence(0.2, 1)
		c.tone(pick(c.r, []float64{440, 800, 1000, 1400}), 0.2+0.6*c.r.Float64(), 8000)
		c.silence(3, 8)
	}},
	{"fax", []Answerer{FaxMachine}, func(c *call, _, _ string) { c.silence(0.5, 2); c.tone(2100, 3, 6000); c.silence(1, 3) }},
	{"nobody speaks", []Answerer{Nobody}, func(c *call, _, _ string) { c.silence(5, 15) }},
	{"queue, hung up", []Answerer{Announcement, Queue}, func(c *call, m, _ string) {
		c.silence(0.2, 1)
		c.machine(m, 3)
		c.silence(0, 0.6)
		c.music(10, 30)
		c.silence(0, 0.3)
	}},
}

// compose makes a call as a line brings it.
func compose(s *sounds, n uint64) *call {
	r := rand.New(rand.NewPCG(n, *seed))
	kind := kindsOfCalls[int(n)%len(kindsOfCalls)]
	c := &call{r: r, s: s, kind: kind.name, first: kind.first}
	machine := pick(r, []string{"June (fr)", "Armelle (fr)", "Allison (en)", "fr+f3"})
	person := pick(r, slices.DeleteFunc([]string{"June (fr)", "Armelle (fr)", "Allison (en)", "fr+m1"}, func(v string) bool { return v == machine }))
	c.ring(1 + r.IntN(4))
	c.answered = len(c.x)
	kind.make(c, machine, person)
	noise := 32768 * math.Pow(10, (-75+25*r.Float64())/20)
	for i := range c.x {
		c.x[i] = corpus.Alaw(int16(max(-32768, min(32767, float64(c.x[i])+noise*r.NormFloat64()))))
	}
	corpus.Lose(c.x, 0.05*r.Float64(), r)
	return c
}

// TestComposedCalls listens to calls made of sounds that the coefficients were not made of: how long one waits for a person, and
// whether there was one.
func TestComposedCalls(t *testing.T) {
	s := need(t)
	type row struct{ calls, first, person, wait int }
	rows := map[string]*row{}
	var total row
	persons := 0
	for n := range uint64(*composed) {
		c := compose(s, n)
		l := New()
		for i := 0; i < len(c.x); i += 160 {
			l.Write(c.x[i:min(len(c.x), i+160)])
		}
		at := time.Duration(c.answered) * time.Second / Rate
		h := l.Heard()
		v := Judge(h, Context{Answered: at})
		r := rows[c.kind]
		if r == nil {
			r = &row{}
			rows[c.kind] = r
		}
		truth := time.Duration(c.at-c.answered) * time.Second / Rate
		first, person := slices.Contains(c.first, v.First), v.Person == c.human
		wait := c.human && v.Person && (v.Wait-truth).Abs() <= 500*time.Millisecond
		for _, r := range []*row{r, &total} {
			r.calls++
			r.first += count(first)
			r.person += count(person)
			r.wait += count(wait)
		}
		persons += count(c.human)
		if !first || !person || c.human && !wait {
			t.Logf("call %d, %s: %s, person %v %v (truth %v %v), confidence %.2f", n, c.kind, v.First, v.Person, v.Wait, c.human, truth, v.Confidence)
			for _, m := range v.Marks {
				if m.End > at && testing.Verbose() {
					t.Logf("      %6.2f–%6.2f %s %.2f", (m.Start - at).Seconds(), (m.End - at).Seconds(), m.Label, m.Confidence)
				}
			}
		}
	}
	for _, k := range kindsOfCalls {
		if r := rows[k.name]; r != nil {
			t.Logf("| %s | %d | %d | %d | %d |", k.name, r.calls, r.first, r.person, r.wait)
		}
	}
	t.Logf("| all | %d | %d | %d | %d of %d |", total.calls, total.first, total.person, total.wait, persons)
	for what, share := range map[string]float64{"human or machine": float64(total.person) / float64(total.calls), "the waiting time": float64(total.wait) / float64(persons),
		"who answered first": float64(total.first) / float64(total.calls)} {
		if share < *least {
			t.Errorf("%s: right in %.1f %% of the calls (wanted %.0f %%)", what, 100*share, 100**least)
		}
	}
}

func count(b bool) int {
	if b {
		return 1
	}
	return 0
}
