package sip

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	gosip "github.com/emiago/sipgo/sip"
	"github.com/sonde-fleet/sonde/probes/phone/stamp"
)

// What a message may have. The library begins a goroutine for each message and keeps every header of it: what is beyond is
// hostile, and is let fall before it costs more than a look.
const (
	maxMessage = 16 << 10 // octets
	maxHeaders = 128
	maxStreams = 8 // connections over which requests come, of TCP
)

// rate is how many messages are let in: a burst, and then some a second. A call has about ten.
type rate struct {
	burst, perSecond float64
	left             float64
	last             time.Time
}

func (r *rate) take(now time.Time) bool {
	if r.last.IsZero() {
		r.left = r.burst
	} else {
		r.left = min(r.burst, r.left+now.Sub(r.last).Seconds()*r.perSecond)
	}
	r.last = now
	if r.left < 1 {
		return false
	}
	r.left--
	return true
}

// door stands between the wire and the library. It gives each message the instant of its arrival, hands the provisional
// answers on in the order of the wire, which the library does not keep, and keeps out what would harm: what cannot be parsed,
// lacks what every message has (RFC 3261, 8.1.1), answers what was never asked, or comes in a flood.
type door struct {
	*stamp.Conn           // of UDP; nil: a stream
	at          time.Time // of the datagram in hand: of the reader alone
	header      string    // in which the instant travels through the library. Nobody else knows its name
	hostile     atomic.Int64
	call        func() *Call
	sent        atomic.Pointer[time.Time] // just before the first INVITE left

	mu      sync.Mutex
	shut    bool      // nothing comes in any more
	request time.Time // when the last one of theirs came in
	parser  *gosip.Parser
	first   map[string]time.Time // when the first copy of a message came
	ours    rate                 // messages of the call
	others  rate                 // anything else
	streams map[string]*bytes.Buffer
	out     []byte // of datagrams: the library copies what it reads
}

func newDoor(call func() *Call) *door {
	return &door{header: "X-" + gosip.GenerateTagN(16), call: call, parser: gosip.NewParser(), first: map[string]time.Time{}, streams: map[string]*bytes.Buffer{},
		ours: rate{burst: 256, perSecond: 50}, others: rate{burst: 32, perSecond: 5}}
}

// ReadFrom is how the library reads the socket; the filter below is called with the datagram before the next one is read.
func (d *door) ReadFrom(buf []byte) (int, net.Addr, error) {
	n, from, at, err := d.Read(buf)
	d.at = at
	return n, net.UDPAddrFromAddrPort(from), err
}

// WriteTo notes when the INVITE leaves.
func (d *door) WriteTo(data []byte, to net.Addr) (int, error) {
	if d.sent.Load() == nil && bytes.HasPrefix(data, []byte("INVITE ")) {
		now := time.Now()
		d.sent.Store(&now)
	}
	return d.UDPConn.WriteTo(data, to)
}

// errFlood ends a connection whose messages have no end.
var errFlood = errors.New("a message that has no end")

// filter is what the library asks before it parses anything (a gosip.TransportReadFilter).
func (d *door) filter(info gosip.TransportReadProps, data []byte) (through []byte, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.shut {
		return nil, nil
	}
	if strings.EqualFold(info.Transport, "udp") {
		if keepsAlive(data) {
			return data, nil
		}
		m, ok := d.parse(data)
		if !ok || !d.admits(m, d.at) {
			d.hostile.Add(1)
			return nil, nil
		}
		d.out = d.mark(d.out[:0], data, d.copyOf(m, d.at))
		return d.out, nil
	}
	at := time.Now()
	key := info.LocalAddr.String() + " " + info.RemoteAddr.String()
	buf := d.streams[key]
	if buf == nil {
		if len(d.streams) == maxStreams {
			d.hostile.Add(1)
			return nil, errFlood
		}
		buf = new(bytes.Buffer)
		d.streams[key] = buf
	}
	if buf.Len() == 0 && keepsAlive(data) {
		return data, nil
	}
	buf.Write(data)
	for {
		for bytes.HasPrefix(buf.Bytes(), []byte("\r\n")) {
			buf.Next(2)
		}
		size, err := d.frame(buf.Bytes())
		if err != nil {
			d.hostile.Add(1)
			return nil, err
		}
		if size == 0 {
			return through, nil
		}
		one := buf.Next(size)
		if m, ok := d.parse(one); ok && d.admits(m, at) {
			through = d.mark(through, one, d.copyOf(m, at))
		} else {
			d.hostile.Add(1)
		}
	}
}

// settle is how long the library is given for a request that it has in hand. When it comes to it after everything was closed,
// it opens a socket of its own that nobody closes.
const settle = 20 * time.Millisecond

// close lets nothing in any more, and waits for what is inside.
func (d *door) close() {
	d.mu.Lock()
	d.shut = true
	wait := time.Duration(0)
	if !d.request.IsZero() {
		wait = time.Until(d.request.Add(settle))
	}
	d.mu.Unlock()
	time.Sleep(wait)
}

// keepsAlive says whether data are the empty lines that keep a way open (RFC 5626, 3.5.1).
func keepsAlive(data []byte) bool { return len(data) <= 4 && len(bytes.Trim(data, "\r\n")) == 0 }

// frame is how long the first message of a stream is; 0: it is not whole yet.
func (d *door) frame(data []byte) (size int, err error) {
	end := bytes.Index(data, []byte("\r\n\r\n"))
	if end < 0 {
		if len(data) > maxMessage {
			return 0, errFlood
		}
		return 0, nil
	}
	defer func() {
		if fault := recover(); fault != nil { // in the library's parser
			size, err = 0, errFlood
		}
	}()
	m, n, err := d.parser.ParseHeaders(data[:end+4], false)
	if err != nil {
		return 0, fmt.Errorf("a stream that cannot be divided into messages: %w", err)
	}
	l := m.ContentLength() // RFC 3261, 18.3: a stream cannot do without
	if l == nil || *l > maxMessage {
		return 0, errFlood
	}
	n += int(*l)
	if len(data) < n {
		return 0, nil
	}
	return n, nil
}

// parse reads a message as the library will, so that what it would choke on never reaches it.
func (d *door) parse(data []byte) (m gosip.Message, ok bool) {
	defer func() {
		if recover() != nil { // in the library's parser
			m, ok = nil, false
		}
	}()
	head, _, whole := bytes.Cut(data, []byte("\r\n\r\n"))
	if !whole || len(data) > maxMessage || bytes.Count(head, []byte("\n")) > maxHeaders {
		return nil, false
	}
	m, err := d.parser.ParseSIP(data)
	if err != nil || m.Via() == nil || m.From() == nil || m.To() == nil || m.CallID() == nil || m.CSeq() == nil {
		return nil, false
	}
	return m, true
}

// maxFirst is how many messages are known again.
const maxFirst = 128

// copyOf is when a message first came. On a machine under load the library may come to a copy before it comes to the first,
// and the callee would have hung up half a second later.
func (d *door) copyOf(m gosip.Message, at time.Time) time.Time {
	branch, _ := m.Via().Params.Get("branch")
	tag, _ := m.To().Params.Get("tag")
	code := 0
	if r, ok := m.(*gosip.Response); ok {
		code = r.StatusCode
	}
	key := fmt.Sprint(branch, " ", m.CSeq().SeqNo, m.CSeq().MethodName, " ", code, " ", tag)
	if first, ok := d.first[key]; ok {
		return first
	}
	if len(d.first) < maxFirst {
		d.first[key] = at
	}
	return at
}

// mark appends the message with the instant of its arrival as its first header.
func (d *door) mark(to, message []byte, at time.Time) []byte {
	line := bytes.IndexByte(message, '\n') + 1
	to = append(to, message[:line]...)
	to = append(to, d.header...)
	to = append(to, ": "...)
	to = strconv.AppendInt(to, at.UnixNano(), 10)
	to = append(to, "\r\n"...)
	return append(to, message[line:]...)
}

// arrived is the instant of a message that came through the door.
func (d *door) arrived(m interface{ GetHeader(string) gosip.Header }) time.Time {
	now := time.Now()
	h := m.GetHeader(d.header)
	if h == nil {
		return now
	}
	n, err := strconv.ParseInt(h.Value(), 10, 64)
	if age := now.Round(0).Sub(time.Unix(0, n)); err == nil && age > 0 && age < time.Minute {
		return now.Add(-age)
	}
	return now
}

// admits judges one message. What belongs to no call of ours has a bucket of its own, so that strangers cannot use up that of
// the call: only who got our INVITE knows its Call-ID.
func (d *door) admits(m gosip.Message, at time.Time) bool {
	c := d.call()
	mine := c != nil && m.CallID().Value() == c.id
	switch m := m.(type) {
	case *gosip.Response:
		if m.StatusCode < 100 || m.StatusCode > 699 {
			return false
		}
		if !mine {
			return d.others.take(at)
		}
		if tag, _ := m.From().Params.Get("tag"); tag != c.tag {
			return false
		}
		if m.CSeq().MethodName != gosip.INVITE {
			return d.ours.take(at)
		}
		current, known := c.asked(m)
		if !known || !d.ours.take(at) {
			return false
		}
		if current {
			c.provisional(m, at)
		}
		return true
	case *gosip.Request:
		if m.CSeq().MethodName != m.Method {
			return false
		}
		if mine && !d.ours.take(at) || !mine && (m.IsAck() || !d.others.take(at)) {
			return false
		}
		d.request = time.Now()
		return true
	}
	return false
}
