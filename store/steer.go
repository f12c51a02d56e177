package store

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strings"

	"github.com/sonde-fleet/sonde/probes"
	bolt "go.etcd.io/bbolt"
)

// What operators do: pauses by scope, orders that are not done twice, audits asked for again.
//
// A paused wave is passed over where due audits are read, because it may have every audit of the campaign: its index is a
// bucket of its own. A paused structure or audit has few: they are taken out of the index and put back.

// wholeCampaign is the key of a pause that names no part.
var wholeCampaign = []byte("campaign")

func waveKey(a *probes.Audit) []byte { return []byte(a.Campaign + "\x00" + a.Wave) }

func pausedWave(wave []byte) []byte                { return slices.Concat([]byte("wave\x00"), wave) }
func pausedStructure(id probes.StructureID) []byte { return []byte("structure\x00" + string(id)) }
func pausedAudit(id probes.AuditID) []byte         { return []byte("audit\x00" + string(id)) }
func paused(tx *bolt.Tx, k []byte) bool            { return tx.Bucket(bucketPaused).Get(k) != nil }
func prefixOf(campaign string, s probes.StructureID) []byte {
	return []byte(campaign + "." + string(s) + ".")
}

// heldBack says whether the audit is paused by itself or with its structure.
func heldBack(tx *bolt.Tx, a *probes.Audit) bool {
	return paused(tx, pausedStructure(a.Structure)) || paused(tx, pausedAudit(a.ID))
}

// pause follows an operator who pauses or resumes the campaign or a part of it.
func (p *projection) pause(e *probes.Event) error {
	k := wholeCampaign
	var concerned []probes.State
	audits := p.tx.Bucket(bucketAudits)
	switch d := e.Detail; {
	case d["audit"] != "":
		id := probes.AuditID(d["audit"])
		k = pausedAudit(id)
		if raw := audits.Get([]byte(id)); raw != nil {
			concerned = make([]probes.State, 1)
			if err := decode(raw, &concerned[0]); err != nil {
				return err
			}
		}
	case d["structure"] != "":
		id := probes.StructureID(d["structure"])
		k = pausedStructure(id)
		var err error
		if concerned, err = ofStructure(p.tx, id); err != nil {
			return err
		}
	case d["wave"] != "":
		k = pausedWave([]byte(d["campaign"] + "\x00" + d["wave"]))
	}
	if e.Kind == probes.CampaignPaused {
		if err := p.keep(bucketPaused, k, e); err != nil {
			return err
		}
	} else if err := p.tx.Bucket(bucketPaused).Delete(k); err != nil {
		return err
	}
	for i := range concerned {
		st := &concerned[i]
		due, err := p.tx.Bucket(bucketDue).CreateBucketIfNotExists(waveKey(&st.Audit))
		if err != nil {
			return err
		}
		at := timeKey(st.Due, st.Audit.ID)
		if heldBack(p.tx, &st.Audit) || !st.Status.Startable() {
			err = due.Delete(at)
		} else {
			err = due.Put(at, []byte{})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// ofStructure returns the audits of a structure: their identifiers begin with campaign and structure.
func ofStructure(tx *bolt.Tx, id probes.StructureID) (states []probes.State, err error) {
	campaigns := map[string]bool{}
	err = tx.Bucket(bucketDue).ForEachBucket(func(wave []byte) error {
		campaign, _, _ := strings.Cut(string(wave), "\x00")
		campaigns[campaign] = true
		return nil
	})
	for campaign := range campaigns {
		prefix := prefixOf(campaign, id)
		c := tx.Bucket(bucketAudits).Cursor()
		for k, v := c.Seek(prefix); bytes.HasPrefix(k, prefix); k, v = c.Next() {
			var st probes.State
			if err := decode(v, &st); err != nil {
				return nil, err
			}
			states = append(states, st)
		}
	}
	return states, err
}

// AuditsOf returns the audits of a structure, of whatever campaign.
func (db *DB) AuditsOf(id probes.StructureID) (states []probes.State, err error) {
	db.view(func(tx *bolt.Tx) { states, err = ofStructure(tx, id) })
	return states, err
}

// Paused says whether an operator has paused the campaign.
func (db *DB) Paused() (yes bool) {
	db.view(func(tx *bolt.Tx) { yes = paused(tx, wholeCampaign) })
	return yes
}

// Held says whether the audit is not to be started now: an operator has paused the campaign, its wave, its structure or
// the audit itself.
func (db *DB) Held(a *probes.Audit) (yes bool) {
	db.view(func(tx *bolt.Tx) {
		yes = paused(tx, wholeCampaign) || paused(tx, pausedWave(waveKey(a))) || heldBack(tx, a)
	})
	return yes
}

// Pauses returns the pauses that hold now, as the events that made them.
func (db *DB) Pauses() []probes.Event { return db.events(bucketPaused, 0) }

// Suppressions returns at most max structures that must not be contacted any more, as the events that said so, and how
// many there are.
func (db *DB) Suppressions(max int) (list []probes.Event, all int) {
	db.view(func(tx *bolt.Tx) { all = tx.Bucket(bucketSuppressed).Stats().KeyN })
	return db.events(bucketSuppressed, max), all
}

func (db *DB) events(bucket []byte, max int) (list []probes.Event) {
	db.view(func(tx *bolt.Tx) {
		c := tx.Bucket(bucket).Cursor()
		for k, v := c.First(); k != nil && (max == 0 || len(list) < max); k, v = c.Next() {
			var e probes.Event
			if decode(v, &e) == nil {
				list = append(list, e)
			}
		}
	})
	return list
}

// order is what an operator's order put into the journal, so that the same order is not done again.
type order struct {
	First  probes.Event `cbor:"1,keyasint"`
	Events int          `cbor:"2,keyasint"`
}

// order remembers the key of the order that the event carries.
func (p *projection) order(e *probes.Event) error {
	k := e.Detail["order"]
	if k == "" {
		return nil
	}
	o := p.orders[k]
	if o == nil {
		o = &order{}
		if raw := p.tx.Bucket(bucketOrders).Get([]byte(k)); raw == nil {
			o.First = *e
		} else if err := decode(raw, o); err != nil {
			return err
		}
		p.orders[k] = o
	}
	o.Events++
	return nil
}

// Ordered returns what the journal has of the order with this key: its first event, and how many there are.
func (db *DB) Ordered(key string) (first probes.Event, events int) {
	db.view(func(tx *bolt.Tx) {
		var o order
		if raw := tx.Bucket(bucketOrders).Get([]byte(key)); raw != nil && decode(raw, &o) == nil {
			first, events = o.First, o.Events
		}
	})
	return first, events
}

// LaunchOrder returns the last order to launch a campaign.
func (db *DB) LaunchOrder() (e probes.Event, ok bool) {
	db.view(func(tx *bolt.Tx) {
		if raw := tx.Bucket(bucketMeta).Get(metaOrdered); raw != nil {
			ok = decode(raw, &e) == nil
		}
	})
	return e, ok
}

// Again returns the audit that was asked for to try this one again, "" when none was.
func (db *DB) Again(id probes.AuditID) (again probes.AuditID) {
	db.view(func(tx *bolt.Tx) { again = probes.AuditID(tx.Bucket(bucketAgain).Get([]byte(id))) })
	return again
}

// Tally calls f with how many audits of the campaign there are on a channel, of a wave, in a status.
func (db *DB) Tally(campaign string, f func(channel probes.Channel, wave string, s probes.Status, n int)) {
	db.view(func(tx *bolt.Tx) {
		prefix := []byte(campaign + "\x00")
		c := tx.Bucket(bucketCounts).Cursor()
		for k, v := c.Seek(prefix); bytes.HasPrefix(k, prefix); k, v = c.Next() {
			parts := strings.Split(string(k), "\x00")
			if n := int(binary.BigEndian.Uint64(v)); n != 0 {
				f(probes.Channel(parts[1]), parts[2], probes.Status(parts[3]), n)
			}
		}
	})
}

// Queued returns at most max audits that are in doubt, by hand or awaiting their channel, in order of identifier, after
// the one that is named ("": from the first).
func (db *DB) Queued(s probes.Status, after probes.AuditID, max int) (list []probes.State) {
	prefix := queueKey(s, "")
	db.view(func(tx *bolt.Tx) {
		audits := tx.Bucket(bucketAudits)
		c := tx.Bucket(bucketQueue).Cursor()
		k, _ := c.Seek(queueKey(s, after))
		if after != "" && bytes.Equal(k, queueKey(s, after)) {
			k, _ = c.Next()
		}
		for ; bytes.HasPrefix(k, prefix) && len(list) < max; k, _ = c.Next() {
			var st probes.State
			if raw := audits.Get(k[len(prefix):]); raw != nil && decode(raw, &st) == nil {
				list = append(list, st)
			}
		}
	})
	return list
}

// Unmatched returns how many mails wait in the holding pen: they belong to no audit for sure.
func (db *DB) Unmatched() (n int) {
	db.view(func(tx *bolt.Tx) {
		if v := tx.Bucket(bucketMeta).Get(metaPen); len(v) == 8 {
			n = int(binary.BigEndian.Uint64(v))
		}
	})
	return n
}
