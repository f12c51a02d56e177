package switchboard

import (
	"strings"
	"time"

	"github.com/sonde-fleet/sonde/probes/phone/media"
)

// talk plays the steps of an answered call, then keeps silent until the caller hangs up.
func (c *call) talk() {
	if c.next.IsZero() {
		c.next = time.Now()
	}
	if !c.silence(longestRing, c.acked) {
		return
	}
	// Whoever picks up takes a moment to lift the receiver to their mouth.
	if !c.silence(200*time.Millisecond+time.Duration(c.r.IntN(300))*time.Millisecond, nil) {
		return
	}
	for i, step := range c.way.Steps {
		if step.Act == HangUp {
			c.end(ByTelephone, time.Now(), true)
			return
		}
		if !c.act(i, step) {
			return
		}
	}
	for c.frame(nil) {
	}
}

// act does one step; it says whether the call goes on. A structure's recordings are the same in each of its calls, its persons not.
func (c *call) act(i int, step Step) bool {
	sounds, house := c.s.o.Sounds, c.s.rand(c.truth.User, step.Act, i)
	switch step.Act {
	case Person:
		return c.play(Person, c.s.somebody(c.truth.User), nil) && c.silence(step.For, nil)
	case Menu:
		return c.menu(one(sounds.menus, house), step)
	case Announce:
		return c.play(Announce, one(sounds.announcements, house), nil)
	case Greeting:
		return c.play(Greeting, one(sounds.greetings, house), nil)
	case Queue:
		return c.queue(step, one(sounds.holding, house))
	case Transfer:
		return c.tones(Transfer, step.For, nil)
	case Beep:
		return c.play(Beep, Sound{PCM: tones().beep}, nil)
	case Fax:
		return c.play(Fax, Sound{PCM: tones().fax}, nil)
	}
	return c.part(Wait, "", step.For, nil, nil)
}

// queue plays hold music, and between an announcement.
func (c *call) queue(step Step, announcement Sound) bool {
	for left := step.For; left > 0; {
		length := left
		if step.Every > 0 {
			length = min(left, step.Every)
		}
		if !c.play(Queue, c.s.o.Sounds.hold(length, c.r), nil) {
			return false
		}
		if left -= length; left > 0 && !c.play(Announce, announcement, nil) {
			return false
		}
	}
	return true
}

// menu says a prompt and waits for a key, as often as the step says. A key that leads nowhere is answered by the prompt.
func (c *call) menu(prompt Sound, step Step) bool {
	for range max(1, step.Times) {
		key := ""
		chosen := func() bool {
			select {
			case key = <-c.line.keys:
				return true
			default:
				return false
			}
		}
		if !c.part(Menu, prompt.Name, prompt.length(), prompt.PCM, chosen) {
			return false
		}
		if key == "" && !c.hush(step.For, chosen) {
			return false
		}
		if key != "" && (step.Keys == "" || strings.Contains(step.Keys, key)) {
			return true
		}
	}
	return true
}

// tones plays the ring tone for a while, or until a channel is closed.
func (c *call) tones(a Act, length time.Duration, until <-chan struct{}) bool {
	for left := length; left > 0; left -= ringEvery {
		if !c.part(a, "440 Hz", min(left, ringOn), tones().ring, closed(until)) {
			return false
		}
		if pause := min(left, ringEvery) - ringOn; pause > 0 && !c.silence(pause, until) {
			return false
		}
		if until != nil && closed(until)() {
			return true
		}
	}
	return true
}

func closed(c <-chan struct{}) func() bool {
	if c == nil {
		return nil
	}
	return func() bool {
		select {
		case <-c:
			return true
		default:
			return false
		}
	}
}

// silence sends silence for a while, or until a channel is closed.
func (c *call) silence(length time.Duration, until <-chan struct{}) bool {
	return c.hush(length, closed(until))
}

// hush sends silence for a while, or until stop says so.
func (c *call) hush(length time.Duration, stop func() bool) bool {
	for ; length > 0; length -= media.Frame {
		if !c.frame(nil) {
			return false
		}
		if stop != nil && stop() {
			break
		}
	}
	return true
}

// play plays a sound to its end, or until stop says so.
func (c *call) play(a Act, s Sound, stop func() bool) bool {
	return c.part(a, s.Name, s.length(), s.PCM, stop)
}

// part plays samples for a length, and notes when the first packet left and when the last one ended.
func (c *call) part(a Act, name string, length time.Duration, pcm []int16, stop func() bool) bool {
	index := -1
	defer func() {
		if index >= 0 {
			c.mu.Lock()
			c.truth.Parts[index].To = c.sentAt.Add(media.Frame)
			c.mu.Unlock()
		}
	}()
	for ; length > 0; length -= media.Frame {
		n := min(samples, len(pcm))
		if !c.frame(pcm[:n]) {
			return false
		}
		pcm = pcm[n:]
		if index < 0 {
			c.mu.Lock()
			index = len(c.truth.Parts)
			c.truth.Parts = append(c.truth.Parts, Part{Act: a, Name: name, From: c.sentAt})
			if a == Person && c.truth.Person.IsZero() {
				c.truth.Person = c.sentAt
			}
			c.mu.Unlock()
		}
		if stop != nil && stop() {
			break
		}
	}
	return true
}

// frame sends 20 ms of sound when they are due, and says whether the call goes on. What is late is caught up with: the deadlines
// are absolute.
func (c *call) frame(pcm []int16) bool {
	select {
	case <-c.over:
		return false
	case <-c.s.over:
		c.leave()
		return false
	default:
	}
	if wait := time.Until(c.next); wait > 0 {
		t := time.NewTimer(wait)
		select {
		case <-t.C:
		case <-c.over:
			t.Stop()
			return false
		case <-c.s.over:
			t.Stop()
			c.leave()
			return false
		}
	}
	c.next = c.next.Add(media.Frame)
	c.sentAt = time.Now()
	c.line.send(pcm)
	return c.watch(c.sentAt)
}

// watch ends a call whose caller is gone.
func (c *call) watch(now time.Time) bool {
	c.mu.Lock()
	answered, expires := c.truth.Answered, c.expires
	c.mu.Unlock()
	switch deaf := c.s.o.Deaf; {
	case answered.IsZero():
		return true
	case !expires.IsZero() && now.After(expires):
		c.end(BySession, now, true)
		return false
	case deaf > 0 && now.Sub(answered) > deaf && now.Sub(c.line.last()) > deaf:
		c.end(ByDeafness, now, true)
		return false
	}
	return true
}
