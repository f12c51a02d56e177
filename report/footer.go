package report

import (
	"encoding/binary"
	"fmt"
	"io"
)

// checkFooter walks through the footer of a Parquet file (Thrift's compact protocol) and refuses one that announces more
// than it has: the library makes room for as many things as a list announces before it reads the first.
func checkFooter(in io.ReaderAt, size int64) error {
	var tail [8]byte
	if size < 12 {
		return fmt.Errorf("%d bytes are no Parquet file: %w", size, ErrExport)
	}
	if _, err := in.ReadAt(tail[:], size-8); err != nil {
		return fmt.Errorf("%w: %w", ErrExport, err)
	}
	n := int64(binary.LittleEndian.Uint32(tail[:]))
	if string(tail[4:]) != "PAR1" || n > size-12 {
		return fmt.Errorf("no Parquet file, or one that was cut off: %w", ErrExport)
	}
	footer := make([]byte, n)
	if _, err := in.ReadAt(footer, size-8-n); err != nil {
		return fmt.Errorf("%w: %w", ErrExport, err)
	}
	w := thrift{left: footer}
	if w.skip(thriftStruct, 0); w.bad {
		return fmt.Errorf("damaged footer: %w", ErrExport)
	}
	return nil
}

// thrift is what is left to walk through.
type thrift struct {
	left []byte
	bad  bool
}

// The types of Thrift's compact protocol.
const (
	thriftTrue = iota + 1
	thriftFalse
	thriftByte
	thriftI16
	thriftI32
	thriftI64
	thriftDouble
	thriftBinary
	thriftList
	thriftSet
	thriftMap
	thriftStruct
)

func (w *thrift) take(n uint64) []byte {
	if w.bad || n > uint64(len(w.left)) {
		w.bad = true
		return []byte{0}
	}
	b := w.left[:n]
	w.left = w.left[n:]
	return b
}

func (w *thrift) varint() uint64 {
	x, n := binary.Uvarint(w.left)
	if n <= 0 {
		w.bad = true
		return 0
	}
	w.left = w.left[n:]
	return x
}

// skip passes over a value of the type.
func (w *thrift) skip(kind byte, depth int) {
	if w.bad || depth > 32 {
		w.bad = true
		return
	}
	switch kind {
	case thriftTrue, thriftFalse: // of a field: in its header
	case thriftByte:
		w.take(1)
	case thriftI16, thriftI32, thriftI64:
		w.varint()
	case thriftDouble:
		w.take(8)
	case thriftBinary:
		w.take(w.varint())
	case thriftList, thriftSet:
		head := w.take(1)[0]
		n := uint64(head >> 4)
		if n == 15 {
			n = w.varint()
		}
		w.elements(n, depth, head&15)
	case thriftMap:
		n := w.varint()
		if n > 0 {
			kinds := w.take(1)[0]
			w.elements(n, depth, kinds>>4, kinds&15)
		}
	case thriftStruct:
		for !w.bad {
			head := w.take(1)[0]
			if head == 0 {
				return
			}
			if head>>4 == 0 {
				w.varint() // the number of the field
			}
			w.skip(head&15, depth+1)
		}
	default:
		w.bad = true
	}
}

// elements passes over n values of each kind; each takes a byte at least.
func (w *thrift) elements(n uint64, depth int, kinds ...byte) {
	if n > uint64(len(w.left)) {
		w.bad = true
	}
	for range n {
		for _, kind := range kinds {
			if kind == thriftTrue || kind == thriftFalse {
				kind = thriftByte
			}
			w.skip(kind, depth+1)
		}
		if w.bad {
			return
		}
	}
}
