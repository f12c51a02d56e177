package media

import (
	"fmt"
	"strings"
)

// A key is pressed for 160 ms, its end is told three times (RFC 4733, 2.5.1.4), and 100 ms pass before the next.
const (
	keyFrames  = 8
	endFrames  = 3
	restFrames = 5
	keyVolume  = 10 // −10 dBm0
)

const keyNames = "0123456789*#ABCD"

// key is one key that is being pressed.
type key struct {
	event byte
	frame int
	stamp uint32 // of its begin: the same in all its packets
}

// Press presses the keys one after the other: digits, *, #, A to D. The sound between is silence.
func (s *Stream) Press(keys string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.remote.Keys == 0 {
		return fmt.Errorf("the other side takes no telephone keys (RFC 4733)")
	}
	var pressed []key
	for _, r := range strings.ToUpper(keys) {
		i := strings.IndexRune(keyNames, r)
		if i < 0 {
			return fmt.Errorf("%q is no key of a telephone", r)
		}
		pressed = append(pressed, key{event: byte(i)})
	}
	s.keys = append(s.keys, pressed...)
	return nil
}

// press makes the next packet of a key, whose place on our clock is now; done says that it is over, its rest included.
func (v *voice) press(k *key, now uint32, payload uint8) (data []byte, done bool) {
	frame := k.frame
	k.frame++
	done = k.frame >= keyFrames+endFrames+restFrames
	if frame == 0 {
		k.stamp = now
	}
	if frame >= keyFrames+endFrames {
		return nil, done
	}
	end := byte(0)
	if frame >= keyFrames {
		end = 0x80
	}
	length := min(frame+1, keyFrames) * frameSamples
	return v.packet(payload, frame == 0, k.stamp, []byte{k.event, end | keyVolume, byte(length >> 8), byte(length)}), done
}
