package media

import (
	"bytes"
	"encoding/binary"
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
func (t *Track) WAV() []byte {
	var b bytes.Buffer
	n := uint32(2 * len(t.pcm))
	b.Grow(44 + int(n))
	b.WriteString("RIFF")
	_ = binary.Write(&b, binary.LittleEndian, 36+n) // a buffer takes everything
	b.WriteString("WAVEfmt ")
	for _, v := range []any{uint32(16), uint16(1), uint16(1), uint32(Rate), uint32(2 * Rate), uint16(2), uint16(16)} {
		_ = binary.Write(&b, binary.LittleEndian, v)
	}
	b.WriteString("data")
	_ = binary.Write(&b, binary.LittleEndian, n)
	_ = binary.Write(&b, binary.LittleEndian, t.pcm)
	return b.Bytes()
}
