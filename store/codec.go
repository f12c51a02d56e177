package store

import (
	"errors"
	"fmt"

	"github.com/fxamacker/cbor/v2"
	"github.com/sonde-fleet/sonde/probes"
)

// codecVersion is the first octet of every stored value. A new layout gets a new number; old ones stay readable.
const codecVersion = 1

// Canonical CBOR (RFC 8949 §4.2, core deterministic) so that equal records have equal bytes and hashes.
var (
	encMode = func() cbor.EncMode {
		o := cbor.CoreDetEncOptions()
		o.Time = cbor.TimeRFC3339NanoUTC
		m, err := o.EncMode()
		if err != nil {
			panic(err)
		}
		return m
	}()
	// A text that is not UTF-8 is read all the same: journals of earlier versions may hold a server's reply in another
	// charset, and one of them must not stop what comes after it.
	decMode = func() cbor.DecMode {
		m, err := cbor.DecOptions{UTF8: cbor.UTF8DecodeInvalid, MaxNestedLevels: 16, MaxArrayElements: 1 << 16, MaxMapPairs: 1 << 12}.DecMode()
		if err != nil {
			panic(err)
		}
		return m
	}()
)

func encode(v any) ([]byte, error) {
	b, err := encMode.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("encode %T: %w", v, err)
	}
	return append([]byte{codecVersion}, b...), nil
}

func decode(b []byte, v any) error {
	if len(b) == 0 {
		return errors.New("decode: empty value")
	}
	if b[0] != codecVersion {
		return fmt.Errorf("decode %T: layout %d is newer than this program knows (%d); upgrade it", v, b[0], codecVersion)
	}
	if err := decMode.Unmarshal(b[1:], v); err != nil {
		return fmt.Errorf("decode %T: %w", v, err)
	}
	return nil
}

// DecodeRecord reads a journal record as Page returns it and as the feed carries it.
func DecodeRecord(b []byte) (probes.Record, error) {
	var r probes.Record
	err := decode(b, &r)
	return r, err
}
