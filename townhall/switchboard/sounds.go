package switchboard

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/sonde-fleet/sonde/probes/phone/listen/corpus"
	"github.com/sonde-fleet/sonde/probes/phone/media"
)

// ErrNoSounds says that a Debian package of recordings is not installed.
var ErrNoSounds = errors.New("the recordings are not installed")

// Sound is a piece of sound of a telephone: 16-bit samples at 8 kHz that begin and end with something to hear.
type Sound struct {
	Name string
	PCM  []int16
}

// length is how long it is heard.
func (s Sound) length() time.Duration { return time.Duration(len(s.PCM)) * time.Second / media.Rate }

// Sounds are the town's voices. They are recordings of real people, made for the Asterisk telephone system: Armelle speaks for
// persons, June for machines, in French. A person therefore says a sentence of a telephone system and not "Mairie de
// Bellerive, bonjour": only its length, its voice and the silence after it are those of a greeting. Recordings were chosen that
// the prober's own ear takes for what they stand for, and music whose end it finds: of five pieces two were left out, whose end it
// misses by half a second in one call of four to ten. With the others it is right in every menu, queue and greeting that was composed, and
// in 99 of 100 queues with announcements. How often an ear errs on other voices is measured beside the ear, not by the town.
type Sounds struct {
	persons, menus, announcements, holding, greetings, music []Sound
}

// place is a folder of a Debian package.
type place struct{ debian, folder, suffix string }

var (
	armelle = place{"asterisk-prompt-fr-armelle", "sounds/fr", ".gsm"}
	june    = place{"asterisk-core-sounds-fr-wav", "sounds/fr_CA_f_June", ".wav"}
	opsound = place{"asterisk-moh-opsound-wav", "moh", ".wav"}
)

// What each recording stands for. Persons speak for 1 to 4 s. Menus and announcements are longer than a person speaks to one who
// is silent.
const (
	personNames = "hello-world queue-thankyou queue-reporthold conf-thereare vm-reachoper vm-theperson vm-num-i-have vm-advopts indigen-switch-lang " +
		"priv-recordintro vm-calldiffnum vm-unknown-caller queue-less-than vm-saved vm-prev vm-tocancel"
	menuNames         = "vm-review vm-forward vm-forward-multiple dir-instr"
	announcementNames = "ss-noservice agent-newlocation vm-newuser vm-tmpexists"
	holdingNames      = "pls-hold-while-try priv-callpending queue-thankyou queue-youarenext"
	greetingNames     = "vm-intro vm-rec-unv vm-rec-busy"
	musicNames        = "macroform-cold_day manolo_camp-morning_coffee reno_project-system"
)

// LoadSounds reads the recordings where Debian's packages have put them. Armelle's are decoded by sox.
func LoadSounds() (*Sounds, error) { return load("/usr/share/asterisk") }

func load(root string) (*Sounds, error) {
	s := &Sounds{}
	var faults []error
	for _, of := range []struct {
		from  place
		names string
		into  *[]Sound
	}{{armelle, personNames, &s.persons}, {june, menuNames, &s.menus}, {june, announcementNames, &s.announcements}, {june, holdingNames, &s.holding},
		{june, greetingNames, &s.greetings}, {opsound, musicNames, &s.music}} {
		for _, name := range strings.Fields(of.names) {
			file := filepath.Join(root, of.from.folder, name+of.from.suffix)
			if _, err := os.Stat(file); err != nil {
				faults = append(faults, fmt.Errorf("%s: %w; Try: apt-get install sox %[1]s", of.from.debian, ErrNoSounds))
				break
			}
			pcm, err := corpus.ReadFile(file)
			if err != nil {
				faults = append(faults, fmt.Errorf("%s: %w; Try: apt-get install sox", of.from.debian, err))
				break
			}
			*of.into = append(*of.into, Sound{Name: name, PCM: corpus.Trim(pcm)}) // the instant of the first packet is that of the first word
		}
	}
	return s, errors.Join(faults...)
}

// one draws a sound.
func one(of []Sound, r *rand.Rand) Sound {
	if len(of) == 0 {
		return Sound{Name: "nothing"}
	}
	return of[r.IntN(len(of))]
}

// somebody is who speaks next at a telephone: everybody has spoken before one comes again, for persons do not say the same
// twice, and what comes twice is a recording to whoever has heard it.
func (s *Switchboard) somebody(user string) Sound {
	all := s.o.Sounds.persons
	if len(all) == 0 {
		return Sound{Name: "nothing"}
	}
	s.mu.Lock()
	n := s.spoken[user]
	s.spoken[user]++
	s.mu.Unlock()
	return all[s.rand(user, Person).Perm(len(all))[n%len(all)]]
}

// musicFrom is where hold music begins to be played: its beginning may be too quiet to be heard as one.
const musicFrom = 10 * media.Rate

// hold is music of a length, from somewhere within a piece.
func (s *Sounds) hold(length time.Duration, r *rand.Rand) Sound {
	m := one(s.music, r)
	n := int(length * media.Rate / time.Second)
	from := min(musicFrom+r.IntN(5)*media.Rate, len(m.PCM)/2)
	if from+n <= len(m.PCM) { // no copy: many calls wait at once
		return Sound{Name: m.Name, PCM: m.PCM[from : from+n]}
	}
	out := make([]int16, 0, n)
	for len(m.PCM) > 0 && len(out) < n {
		out = append(out, m.PCM[from:min(len(m.PCM), from+n-len(out))]...)
		from = 0
	}
	return Sound{Name: m.Name, PCM: out[:n]} // without music it is silence
}

// tone is a sine of full scale/6, which is about −16 dBm0.
func tone(hertz float64, length time.Duration) []int16 {
	pcm := make([]int16, length*media.Rate/time.Second)
	for i := range pcm {
		pcm[i] = int16(5000 * math.Sin(2*math.Pi*hertz*float64(i)/media.Rate))
	}
	return pcm
}

// The tones of the French network (ITU-T E.180 supplement 2) and of a fax (ITU-T T.30). The ring tone sounds for 1.5 s each 5 s.
const (
	ringHertz, beepHertz, faxHertz = 440, 1000, 2100
	ringOn, ringEvery              = 1500 * time.Millisecond, 5 * time.Second
	beepFor, faxFor                = 400 * time.Millisecond, 3 * time.Second
)

var tones = sync.OnceValue(func() (t struct{ ring, beep, fax []int16 }) {
	t.ring, t.beep, t.fax = tone(ringHertz, ringOn), tone(beepHertz, beepFor), tone(faxHertz, faxFor)
	return t
})
