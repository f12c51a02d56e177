package media

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"time"
)

// Track keeps the sound of a call, each piece at its place and silence where nothing came.
type Track struct {
	pcm []int16
	max int
}

// NewTrack makes a track of at most the length.
func NewTrack(length time.Duration) *Track { return &Track{max: int(length * Rate / time.Second)} }

// Put lays a piece down. What lies outside the track is left out.
func (t *Track) Put(p Piece) {
	at := int(p.At * Rate / time.Second)
	if at < 0 || at >= t.max {
		return
	}
	end := min(at+len(p.PCM), t.max)
	if grow := end - len(t.pcm); grow > 0 {
		t.pcm = append(t.pcm, make([]int16, grow)...)
	}
	copy(t.pcm[at:end], p.PCM)
}

// Length is where the last piece ends.
func (t *Track) Length() time.Duration { return time.Duration(len(t.pcm)) * time.Second / Rate }

// WAV is the track as a file: mono, 16 bits, 8 kHz.
func (t *Track) WAV() []byte { return WAV(t.pcm, Rate) }

// WAV is sound as a file: mono, 16 bits, of the rate in samples a second.
func WAV(pcm []int16, rate int) []byte {
	var b bytes.Buffer
	n := uint32(2 * len(pcm))
	b.Grow(44 + int(n))
	b.WriteString("RIFF")
	_ = binary.Write(&b, binary.LittleEndian, 36+n) // a buffer takes everything
	b.WriteString("WAVEfmt ")
	for _, v := range []any{uint32(16), uint16(1), uint16(1), uint32(rate), uint32(2 * rate), uint16(2), uint16(16)} {
		_ = binary.Write(&b, binary.LittleEndian, v)
	}
	b.WriteString("data")
	_ = binary.Write(&b, binary.LittleEndian, n)
	_ = binary.Write(&b, binary.LittleEndian, pcm)
	return b.Bytes()
}

// errWAV ends what is wrong with a file with how to mend it.
var errWAV = errors.New("a recording is a WAV file of 8 kHz, mono, 16 bits; Try: sox question.mp3 -r 8000 -c 1 -b 16 question.wav")

// ParseWAV reads a file of the form that WAV writes, whatever other chunks it has.
func ParseWAV(data []byte) ([]int16, error) {
	if len(data) < 12 || string(data[:4]) != "RIFF" || string(data[8:12]) != "WAVE" {
		return nil, fmt.Errorf("it is no WAV file: %w", errWAV)
	}
	known := false
	for rest := data[12:]; len(rest) >= 8; {
		name, size := string(rest[:4]), int64(binary.LittleEndian.Uint32(rest[4:]))
		body := rest[8:]
		if size > int64(len(body)) {
			return nil, fmt.Errorf("its chunk %q is cut off: %w", name, errWAV)
		}
		body = body[:size]
		switch {
		case name == "fmt " && size >= 16:
			form, channels, rate, bits := binary.LittleEndian.Uint16(body), binary.LittleEndian.Uint16(body[2:]), binary.LittleEndian.Uint32(body[4:]), binary.LittleEndian.Uint16(body[14:])
			if form != 1 || channels != 1 || rate != Rate || bits != 16 {
				return nil, fmt.Errorf("it has format %d, %d channels, %d Hz, %d bits: %w", form, channels, rate, bits, errWAV)
			}
			known = true
		case name == "data" && known:
			pcm := make([]int16, size/2)
			for i := range pcm {
				pcm[i] = int16(binary.LittleEndian.Uint16(body[2*i:]))
			}
			return pcm, nil
		}
		rest = rest[min(int64(len(rest)), 8+size+size%2):]
	}
	return nil, fmt.Errorf("it has no sound: %w", errWAV)
}
