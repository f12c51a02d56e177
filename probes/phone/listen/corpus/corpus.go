// Package corpus reads the sounds of Debian's packages, for the program that trains the classifier and for the tests that
// compose calls. The sounds are not part of the project; they are decoded by sox where they are no plain WAV.
package corpus

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/sonde-fleet/sonde/probes/phone/media"
)

// Rate is the number of samples a second of every recording.
const Rate = 8000

// Recording is one file of a voice or a piece of music.
type Recording struct {
	Name    string // path of the file
	Voice   string // who speaks, or which album
	Music   bool
	Samples []int16
}

// Source is a folder of recordings.
type Source struct {
	voice, glob string
	music       bool
}

// The packages, in their order: asterisk-core-sounds-fr-wav, -en-wav, asterisk-prompt-fr-armelle, the other languages where
// they are installed, asterisk-moh-opsound-wav; then music of games and read books, which train and do not test.
var (
	June    = Source{"June (fr)", "/usr/share/asterisk/sounds/fr_CA_f_June/*.wav", false}
	Armelle = Source{"Armelle (fr)", "/usr/share/asterisk/sounds/fr/*.gsm", false}
	Allison = Source{"Allison (en)", "/usr/share/asterisk/sounds/en_US_f_Allison/*.wav", false}
	Hold    = Source{"opsound", "/usr/share/asterisk/moh/*.wav", true}
	others  = []Source{
		{"Italian", "/usr/share/asterisk/sounds/it_*/*.wav", false},
		{"Russian", "/usr/share/asterisk/sounds/ru_*/*.wav", false},
		{"Spanish", "/usr/share/asterisk/sounds/es_*/*.wav", false},
		{"read books", "/usr/share/pocketsphinx/test/data/librivox/*.wav", false},
		{"Drascula", "/usr/share/scummvm/drascula/audio/*.ogg", true},
		{"Singularity", "/usr/share/games/singularity/music/*.ogg", true},
		{"HyperRogue", "/usr/share/hyperrogue/music/*.ogg", true},
	}
)

// noVoice are the files beside the prompts that hold no voice.
var noVoice = []string{"tt-monkeys", "tt-weasels", "confbridge-join", "confbridge-leave"}

// Reserved says whether the recording is one of those of which the tests compose calls: the coefficients are not made of them. They
// are all hold music and every second prompt of three voices.
func (r Recording) Reserved() bool {
	if r.Music {
		return r.Voice == Hold.voice
	}
	h := fnv.New32a()
	_, _ = h.Write([]byte(filepath.Base(r.Name)))
	return slices.Contains([]string{June.voice, Armelle.voice, Allison.voice}, r.Voice) && h.Sum32()%2 == 0
}

// Sentences are what espeak-ng says in training: not what it says in the tests' calls.
func Sentences() []string {
	return []string{
		"Bonjour, je voudrais savoir quels papiers il faut pour une carte d'identité.",
		"Le service de l'urbanisme est ouvert le lundi, le mercredi et le vendredi matin.",
		"Oui.",
		"Un instant, je regarde dans l'agenda. Non, il n'y a plus de place cette semaine.",
		"Pour l'inscription à l'école, adressez-vous au guichet unique, au premier étage.",
		"C'est à quel nom ? Vous pouvez épeler ?",
		"Les horaires de la piscine changent pendant les vacances. Consultez le site de la ville.",
		"Je vous remercie, bonne journée, au revoir.",
	}
}

// ErrMissing says that a package is not installed.
var ErrMissing = errors.New("no such sounds are installed")

// Others returns the sources that train and do not test.
func Others() []Source { return slices.Clone(others) }

// Read returns the recordings of a source in the order of their names: not more than most seconds of each, from its
// beginning; all, or the reserved ones.
func Read(s Source, most int, reserved bool) ([]Recording, error) {
	names, err := filepath.Glob(s.glob)
	if err != nil {
		return nil, err
	}
	var out []Recording
	for _, name := range names {
		base := strings.TrimSuffix(filepath.Base(name), filepath.Ext(name))
		if strings.HasPrefix(base, "beep") || strings.HasSuffix(base, "-2tone") || slices.Contains(noVoice, base) {
			continue
		}
		if reserved && !(Recording{Name: name, Voice: s.voice, Music: s.music}).Reserved() {
			continue
		}
		samples, err := ReadFile(name)
		if err != nil {
			return nil, err
		}
		out = append(out, Recording{name, s.voice, s.music, samples[:min(len(samples), most*Rate)]})
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("%s: %w; Try: make install", s.glob, ErrMissing)
	}
	return out, nil
}

// ReadFile returns the samples of a file, one channel at 8 kHz.
func ReadFile(name string) ([]int16, error) {
	if filepath.Ext(name) == ".wav" {
		data, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		if samples, err := media.ParseWAV(data); err == nil {
			return samples, nil
		}
	}
	out, err := exec.Command("sox", "-V1", name, "-t", "raw", "-r", "8000", "-e", "signed", "-b", "16", "-L", "-c", "1", "-").Output()
	if err != nil {
		return nil, fmt.Errorf("decode %s with sox: %w", name, err)
	}
	return pcm(out), nil
}

func pcm(data []byte) []int16 {
	out := make([]int16, len(data)/2)
	for i := range out {
		out[i] = int16(binary.LittleEndian.Uint16(data[2*i:]))
	}
	return out
}

// Trim cuts what is silent before and after.
func Trim(x []int16) []int16 {
	loud := func(s int16) bool { return s > 250 || s < -250 }
	from := slices.IndexFunc(x, loud)
	if from < 0 {
		return nil
	}
	to := len(x)
	for !loud(x[to-1]) {
		to--
	}
	return x[from:to]
}

// Speak makes a recording with espeak-ng: a voice such as "fr+m3" or "fr+f2", words a minute, a text.
func Speak(voice string, speed int, text string) (Recording, error) {
	dir, err := os.MkdirTemp("", "sonde-speak-")
	if err != nil {
		return Recording{}, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	name := filepath.Join(dir, "a.wav")
	if out, err := exec.Command("espeak-ng", "-v", voice, "-s", fmt.Sprint(speed), "-w", name, text).CombinedOutput(); err != nil {
		return Recording{}, fmt.Errorf("speak with espeak-ng: %w: %s", err, out)
	}
	samples, err := ReadFile(name)
	return Recording{Name: text, Voice: "espeak " + voice, Samples: samples}, err
}
