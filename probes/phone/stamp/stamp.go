// Package stamp reads datagrams with the instant at which the system received them, so that what they wait in a queue of
// ours is never measured as the other side's delay. It understands no datagram.
package stamp

import (
	"errors"
	"net"
	"net/netip"
	"sync/atomic"
	"time"
)

// oldest is how long a datagram may have waited for us. A greater age is a clock that was set, and is not believed.
const oldest = 10 * time.Second

// Conn is a UDP socket whose datagrams have an instant. One goroutine reads it at a time.
type Conn struct {
	*net.UDPConn
	oob   [128]byte
	spilt atomic.Uint32
}

// On makes the system stamp what comes to the socket. Where it cannot, the instant of the read is taken.
func On(conn *net.UDPConn) *Conn {
	c := &Conn{UDPConn: conn}
	enable(conn)
	return c
}

// Read is the next datagram. A fault that passes, such as a refusal that an earlier packet of ours met, is passed over: only
// the end of the socket is an error.
func (c *Conn) Read(buf []byte) (n int, from netip.AddrPort, at time.Time, err error) {
	for {
		n, oobn, _, from, err := c.ReadMsgUDPAddrPort(buf, c.oob[:])
		now := time.Now()
		if err != nil {
			if errors.Is(err, net.ErrClosed) {
				return 0, from, now, err
			}
			var op net.Error
			if errors.As(err, &op) && op.Timeout() {
				return 0, from, now, err
			}
			if temporary(err) {
				continue
			}
			return 0, from, now, err
		}
		at, spilt, told := parse(c.oob[:oobn])
		if told {
			c.spilt.Store(spilt)
		}
		return n, netip.AddrPortFrom(from.Addr().Unmap(), from.Port()), since(now, at), nil
	}
}

// Spilt is how many datagrams the socket had no room for: what is lost so is lost by us, and not on the way.
func (c *Conn) Spilt() int { return int(c.spilt.Load()) }

// since puts a stamp of the wall clock on the monotonic one of now.
func since(now, stamp time.Time) time.Time {
	if age := now.Round(0).Sub(stamp); !stamp.IsZero() && age > 0 && age < oldest {
		return now.Add(-age)
	}
	return now
}
