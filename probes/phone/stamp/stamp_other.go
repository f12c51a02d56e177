//go:build !linux

package stamp

import (
	"net"
	"time"
)

func enable(*net.UDPConn) {}

func parse([]byte) (at time.Time, spilt uint32, told bool) { return at, 0, false }

func temporary(err error) bool {
	passing, ok := err.(interface{ Temporary() bool })
	return ok && passing.Temporary()
}
