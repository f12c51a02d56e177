package media

import (
	"math"
	"slices"
	"time"
)

// Packet is one piece of sound as it came.
type Packet struct {
	Arrived time.Duration // since the call began
	SSRC    uint32
	Seq     uint16
	Stamp   uint32 // in samples
	PCM     []int16
}

// Piece is sound at its place in the call.
type Piece struct {
	At   time.Duration // since the call began, by the sender's clock
	PCM  []int16
	Late bool // it came when later pieces had been handed on: for a track, not for an ear
}

// Counts is what became of the packets.
type Counts struct {
	Received, Lost, Late, Double int
	Jitter                       time.Duration // RFC 3550, 6.4.1
	First, Last                  time.Duration // arrivals since the call began
	Spilt                        int           // that found no room in our own socket: of those lost, these are our fault

	// What the other side reports (RTCP).
	Reports      int           // that came; 0: the rest is not known
	Trips        int           // of them that tell the way there and back; 0: RoundTrip is not known
	RoundTrip    time.Duration // mean
	RemoteLost   int           // packets of ours that it did not get
	RemoteJitter time.Duration
}

// LostShare is the share of the sound that was lost on the way, in percent. What our own socket had no room for came.
func (c Counts) LostShare() float64 {
	if all := c.Received - c.Double + c.Lost; all > 0 {
		return 100 * float64(max(0, c.Lost-c.Spilt)+c.Late) / float64(all)
	}
	return 0
}

const (
	window  = 4                      // packets that one is waited for
	stray   = 400 * time.Millisecond // how far the sender's clock may be from ours before the place is found anew
	longGap = 100                    // a jump of the sequence numbers that is a new stream and no loss
)

// Order puts packets in their order and gives each its place: the arrival of the first, and from there on the sender's
// timestamps, so that what the network delays is not heard as a pause and what the sender leaves out is a hole.
type Order struct {
	begun   bool
	ssrc    uint32
	next    uint16
	seen    uint64 // bit k: the packet next-1-k came
	held    []Packet
	base    time.Duration // place of the stamp
	stamp   uint32
	transit int64
	jitter  float64 // in samples
	counts  Counts
}

// Counts returns what became of the packets so far.
func (o *Order) Counts() Counts {
	c := o.counts
	c.Jitter = time.Duration(math.Round(o.jitter)) * time.Second / Rate
	return c
}

// Add takes a packet and returns the pieces that are now in order.
func (o *Order) Add(p Packet) []Piece {
	o.counts.Received++
	if o.counts.Received == 1 {
		o.counts.First = p.Arrived
	}
	o.counts.Last = p.Arrived
	ahead := int16(p.Seq - o.next)
	switch {
	case !o.begun || p.SSRC != o.ssrc || ahead > longGap || ahead < -longGap:
		out := o.Flush()
		o.begun, o.ssrc, o.next = true, p.SSRC, p.Seq
		o.base, o.stamp = p.Arrived, p.Stamp
		o.transit, o.seen = 0, 0
		o.measure(p)
		return append(out, o.take(p)...)
	case ahead < 0:
		k := -int(ahead) - 1
		if k >= 64 || o.seen>>k&1 == 1 {
			o.counts.Double++
			return nil
		}
		o.seen |= 1 << k
		o.counts.Late++
		o.counts.Lost = max(0, o.counts.Lost-1)
		at, _ := o.place(p)
		return []Piece{{At: at, PCM: p.PCM, Late: true}}
	}
	i, double := slices.BinarySearchFunc(o.held, p, func(a, b Packet) int { return int(int16(a.Seq - b.Seq)) })
	if double {
		o.counts.Double++
		return nil
	}
	o.measure(p)
	o.held = slices.Insert(o.held, i, p)
	var out []Piece
	for len(o.held) > 0 && (o.held[0].Seq == o.next || len(o.held) > window) {
		p := o.held[0]
		o.held = slices.Delete(o.held, 0, 1)
		out = append(out, o.take(p)...)
	}
	return out
}

// Flush returns what is still held back.
func (o *Order) Flush() (out []Piece) {
	for _, p := range o.held {
		out = append(out, o.take(p)...)
	}
	o.held = nil
	return out
}

func (o *Order) take(p Packet) []Piece {
	o.counts.Lost += int(p.Seq - o.next)
	o.seen = o.seen<<(p.Seq-o.next+1) | 1
	o.next = p.Seq + 1
	at, sound := o.place(p)
	if !sound { // its clock stood still, or jumped
		at = max(p.Arrived, o.base)
		o.base, o.stamp = at, p.Stamp
	}
	return []Piece{{At: at, PCM: p.PCM}}
}

// place is where the sender's clock puts a packet, and whether that can be.
func (o *Order) place(p Packet) (at time.Duration, sound bool) {
	at = o.base + time.Duration(int32(p.Stamp-o.stamp))*time.Second/Rate
	off := p.Arrived - at
	return at, off <= stray && off >= -stray
}

// measure is the estimate of RFC 3550, A.8.
func (o *Order) measure(p Packet) {
	transit := int64(p.Arrived*Rate/time.Second) - int64(int32(p.Stamp-o.stamp))
	if o.transit != 0 {
		if d := transit - o.transit; d < stray.Milliseconds()*8 && d > -stray.Milliseconds()*8 {
			o.jitter += (math.Abs(float64(d)) - o.jitter) / 16
		}
	}
	o.transit = transit
}
