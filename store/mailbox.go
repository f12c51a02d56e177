package store

import (
	"strconv"
	"time"

	"github.com/sonde-fleet/sonde/probes"
	bolt "go.etcd.io/bbolt"
)

// mailbox is what is known of a mailbox: how far it has been read (RFC 3501 §2.3.1.1), and whether it is in sight.
type mailbox struct {
	Validity uint32    `cbor:"1,keyasint"`
	UID      uint32    `cbor:"2,keyasint"`
	Read     time.Time `cbor:"3,keyasint,omitzero"` // when something in it was read last
	Down     time.Time `cbor:"4,keyasint,omitzero"` // since when it is out of sight; zero: it is not
	Up       time.Time `cbor:"5,keyasint,omitzero"` // when it came back last
	Why      string    `cbor:"6,keyasint,omitempty"`
}

// mailbox advances the cursor of the mailbox that an event of a watcher names, and remembers the mail.
func (p *projection) mailbox(e *probes.Event) error {
	if d := e.Detail["digest"]; d != "" && e.Detail["mailbox"] != "" {
		if err := p.tx.Bucket(bucketSeen).Put([]byte(d), []byte{}); err != nil {
			return err
		}
	}
	name := e.Detail["mailbox"]
	if e.Kind == probes.MailboxDown || e.Kind == probes.MailboxUp {
		name = e.Detail["folder"]
	}
	if name == "" {
		return nil
	}
	b := p.tx.Bucket(bucketMailboxes)
	var m mailbox
	if raw := b.Get([]byte(name)); raw != nil {
		if err := decode(raw, &m); err != nil {
			return err
		}
	}
	before := m
	switch e.Kind {
	case probes.MailboxDown:
		m.Down, m.Why = e.At, e.Text
	case probes.MailboxUp:
		m.Down, m.Up, m.Why = time.Time{}, e.At, ""
	default:
		m.read(e)
	}
	if m == before {
		return nil
	}
	raw, err := encode(&m)
	if err != nil {
		return err
	}
	return b.Put([]byte(name), raw)
}

// read follows an event that tells of something in the mailbox. The cursor rides on some of them only.
func (m *mailbox) read(e *probes.Event) {
	seen := e.Seen
	if seen.IsZero() {
		seen = e.At
	}
	if seen.After(m.Read) {
		m.Read = seen
	}
	validity, err1 := strconv.ParseUint(e.Detail["uidvalidity"], 10, 32)
	uid, err2 := strconv.ParseUint(e.Detail["uid"], 10, 32)
	if err1 != nil || err2 != nil || m.Validity == uint32(validity) && m.UID >= uint32(uid) {
		return
	}
	m.Validity, m.UID = uint32(validity), uint32(uid)
}

// Mailbox returns how far the mailbox has been read.
func (db *DB) Mailbox(name string) (validity, uid uint32) {
	var m mailbox
	db.view(func(tx *bolt.Tx) {
		if raw := tx.Bucket(bucketMailboxes).Get([]byte(name)); raw != nil && decode(raw, &m) != nil {
			m = mailbox{}
		}
	})
	return m.Validity, m.UID
}

// Mailboxes calls f with each mailbox that the journal knows, in order of name: its cursor, when something in it was read
// last, since when it is out of sight (zero: it is not) and why, and when it came back last.
func (db *DB) Mailboxes(f func(name string, validity, uid uint32, read, down, up time.Time, why string)) {
	db.view(func(tx *bolt.Tx) {
		_ = tx.Bucket(bucketMailboxes).ForEach(func(k, raw []byte) error {
			var m mailbox
			if decode(raw, &m) == nil {
				f(string(k), m.Validity, m.UID, m.Read, m.Down, m.Up, m.Why)
			}
			return nil
		})
	})
}
