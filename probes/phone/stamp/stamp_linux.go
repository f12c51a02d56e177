package stamp

import (
	"encoding/binary"
	"errors"
	"net"
	"syscall"
	"time"
	"unsafe"
)

// enable asks for SO_TIMESTAMPNS (the instant, in nanoseconds of the wall clock) and SO_RXQ_OVFL (what found no room).
func enable(conn *net.UDPConn) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return
	}
	_ = raw.Control(func(fd uintptr) { // a system without them leaves us the instant of the read
		_ = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_TIMESTAMPNS, 1)
		_ = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RXQ_OVFL, 1)
	})
}

// parse reads the control messages that come with a datagram. It allocates nothing: it runs for each packet of each call.
func parse(oob []byte) (at time.Time, spilt uint32, told bool) {
	const word = int(unsafe.Sizeof(uintptr(0)))
	for len(oob) >= syscall.SizeofCmsghdr {
		h := (*syscall.Cmsghdr)(unsafe.Pointer(&oob[0]))
		size := int(h.Len)
		if size < syscall.SizeofCmsghdr || size > len(oob) {
			break
		}
		data := oob[syscall.SizeofCmsghdr:size]
		if h.Level == syscall.SOL_SOCKET {
			switch {
			case h.Type == syscall.SCM_TIMESTAMPNS && len(data) >= 16:
				at = time.Unix(int64(binary.NativeEndian.Uint64(data)), int64(binary.NativeEndian.Uint64(data[8:])))
			case h.Type == syscall.SCM_TIMESTAMPNS && len(data) >= 8:
				at = time.Unix(int64(binary.NativeEndian.Uint32(data)), int64(binary.NativeEndian.Uint32(data[4:])))
			case h.Type == syscall.SO_RXQ_OVFL && len(data) >= 4:
				spilt, told = binary.NativeEndian.Uint32(data), true
			}
		}
		oob = oob[min(len(oob), (size+word-1)&^(word-1)):]
	}
	return at, spilt, told
}

// temporary says whether the socket can be read again.
func temporary(err error) bool {
	for _, passing := range []error{syscall.ECONNREFUSED, syscall.EINTR, syscall.ENOBUFS, syscall.ENOMEM, syscall.EHOSTUNREACH, syscall.ENETUNREACH} {
		if errors.Is(err, passing) {
			return true
		}
	}
	return false
}
