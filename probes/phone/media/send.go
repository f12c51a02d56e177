package media

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/pion/rtp"
)

// behind is how many frames are made up for when we were not woken in time. What is more is left out, as a pause.
const behind = 10

// send gives one packet each 20 ms: silence, or the key that is pressed; and a report now and then.
func (s *Stream) send(ctx context.Context) {
	tick := time.NewTicker(Frame)
	defer tick.Stop()
	out := voice{ssrc: s.ssrc, seq: uint16(rand.Uint32() >> 17), stamp: rand.Uint32(), first: true}
	begun, frames := time.Now(), 0
	next := time.Since(s.begun) + nextReport()
	for {
		select {
		case <-ctx.Done():
			s.sendReport(true)
			return
		case <-tick.C:
		}
		due := int(time.Since(begun) / Frame)
		if skip := due - frames - behind; skip > 0 {
			frames += skip
			out.stamp += uint32(skip * frameSamples)
		}
		for ; frames < due; frames++ {
			s.frame(&out)
		}
		if now := time.Since(s.begun); now >= next {
			next = now + nextReport()
			s.sendReport(false)
		}
	}
}

// frame sends 20 ms.
func (s *Stream) frame(out *voice) {
	s.mu.Lock()
	remote, to, talking, cipher := s.remote, s.remote.Addr, s.talking, s.out
	if s.latched.IsValid() {
		to = s.latched
	}
	if out.pressed == nil && talking && len(s.keys) > 0 {
		out.pressed, s.keys = &key{event: s.keys[0].event}, s.keys[1:]
	}
	var words []int16
	if out.pressed == nil && talking && remote.Takes() && len(s.words) > 0 {
		words, s.words = s.words[:min(frameSamples, len(s.words))], s.words[min(frameSamples, len(s.words)):]
	}
	s.mu.Unlock()
	stamp := out.stamp
	out.stamp += uint32(frameSamples) // the clock runs on through a pause
	if !talking || !remote.Takes() {
		out.first = true
		return
	}
	var data []byte
	if out.pressed != nil {
		var done bool
		if data, done = out.press(out.pressed, stamp, remote.Keys); done {
			out.pressed = nil
		}
	} else {
		for i := range out.silence {
			out.silence[i] = remote.Law.Silence()
		}
		remote.Law.Encode(out.silence[:0], words)
		data = out.packet(remote.Payload, out.first, stamp, out.silence[:])
		out.first = false
	}
	size := len(data) - 12 // the header
	if data = seal(cipher, data, false); data != nil {
		if _, err := s.conn.WriteToUDPAddrPort(data, to); err == nil {
			s.mu.Lock()
			s.sent++
			r := &s.reports
			r.packets++
			r.octets += uint32(size)
			r.stamp, r.stampAt = stamp, time.Since(s.begun)
			s.mu.Unlock()
		}
	}
}

// Say sends the samples, 8 kHz, after what is being said already.
func (s *Stream) Say(pcm []int16) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.words = append(s.words, pcm...)
}

// sendReport tells the other side what came of its sound (RFC 3550, 6).
func (s *Stream) sendReport(bye bool) {
	s.mu.Lock()
	to, mux := s.reportTo()
	if !to.IsValid() || bye && s.reports.packets == 0 {
		s.mu.Unlock()
		return
	}
	data, cipher := s.report(time.Since(s.begun), bye), s.out
	s.mu.Unlock()
	conn := s.second
	if mux {
		conn = s.conn
	}
	if data = seal(cipher, data, true); data != nil {
		_, _ = conn.WriteToUDPAddrPort(data, to) // a report that is lost is followed by another
	}
}

// voice is the state of what we send.
type voice struct {
	ssrc    uint32
	seq     uint16
	stamp   uint32
	first   bool
	pressed *key
	silence [frameSamples]byte // a frame of it, words over its beginning
}

func (v *voice) packet(payload uint8, marker bool, stamp uint32, body []byte) []byte {
	p := rtp.Packet{Header: rtp.Header{Version: 2, Marker: marker, PayloadType: payload, SequenceNumber: v.seq, Timestamp: stamp, SSRC: v.ssrc}, Payload: body}
	v.seq++
	data, err := p.Marshal()
	if err != nil {
		return nil
	}
	return data
}
