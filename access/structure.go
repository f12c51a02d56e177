package access

import (
	"bytes"
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"regexp"
	"slices"
	"time"

	"github.com/sonde-fleet/sonde/probes"
	bolt "go.etcd.io/bbolt"
)

// StructureLink is a link that lets a structure's contact read its own audits and comment on them, without an account.
type StructureLink struct {
	Serial    string             `json:"serial"`
	Structure probes.StructureID `json:"structure"`
	By        string             `json:"by"`
	Created   time.Time          `json:"created"`
	Expires   time.Time          `json:"expires"`
	Revoked   time.Time          `json:"revoked,omitzero"` // zero: not
}

var structureShape = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

const (
	maxLinkLife = 2 * 366 * 24 * time.Hour // a campaign, its disputes and its answers

	linkVersion = 1
	serialSize  = 8
	linkHead    = 1 + 8 + serialSize // version, expiry in seconds, serial; the structure follows
	maxLink     = 256
)

// Link signs a link for the structure. It needs the right to operate.
func (db *DB) Link(ctx context.Context, structure probes.StructureID, expires time.Time) (string, error) {
	if err := allowed(ctx, Operate); err != nil {
		return "", err
	}
	now := time.Now().UTC()
	expires = expires.UTC().Truncate(time.Second)
	switch {
	case !structureShape.MatchString(string(structure)):
		return "", ErrStructure
	case !now.Before(expires) || expires.After(now.Add(maxLinkLife)):
		return "", ErrExpiry
	}
	payload := make([]byte, 1+8, linkHead+len(structure))
	payload[0] = linkVersion
	binary.BigEndian.PutUint64(payload[1:], uint64(expires.Unix()))
	serial := make([]byte, serialSize)
	_, _ = rand.Read(serial) // never fails
	payload = append(append(payload, serial...), structure...)
	l := StructureLink{Serial: hex.EncodeToString(serial), Structure: structure, By: From(ctx).Account.Name, Created: now, Expires: expires}
	err := db.db.Update(func(tx *bolt.Tx) error { return put(tx, bucketStructures, []byte(l.Serial), l) })
	if err != nil {
		return "", fmt.Errorf("sign link: %w", err)
	}
	db.log(ctx, LinkSigned, "", string(structure)+" "+l.Serial+", until "+expires.Format(time.DateOnly))
	return strict.EncodeToString(append(payload, db.sign(payload)...)), nil
}

func (db *DB) sign(payload []byte) []byte {
	m := hmac.New(sha256.New, db.key)
	m.Write(payload)
	return m.Sum(nil)
}

// OpenLink returns for which structure a link was signed, or ErrLink when we did not sign it, it has expired or was revoked.
func (db *DB) OpenLink(link string) (StructureLink, error) {
	if len(link) > maxLink {
		return StructureLink{}, ErrLink
	}
	raw, err := strict.DecodeString(link)
	if err != nil || len(raw) <= linkHead+sha256.Size || strict.EncodeToString(raw) != link {
		return StructureLink{}, ErrLink
	}
	payload, mac := raw[:len(raw)-sha256.Size], raw[len(raw)-sha256.Size:]
	if !hmac.Equal(mac, db.sign(payload)) || payload[0] != linkVersion {
		return StructureLink{}, ErrLink
	}
	serial := hex.EncodeToString(payload[linkHead-serialSize : linkHead])
	var l StructureLink
	found := false
	err = db.db.View(func(tx *bolt.Tx) error {
		l, found, err = get[StructureLink](tx, bucketStructures, []byte(serial))
		return err
	})
	if err != nil {
		return StructureLink{}, err
	}
	expires := time.Unix(int64(binary.BigEndian.Uint64(payload[1:])), 0)
	if !found || !l.Revoked.IsZero() || !time.Now().Before(expires) || !bytes.Equal(payload[linkHead:], []byte(l.Structure)) {
		return StructureLink{}, ErrLink
	}
	return l, nil
}

// Links returns the links that were signed for the structure, or for all with an empty one, the newest first.
func (db *DB) Links(ctx context.Context, structure probes.StructureID) (list []StructureLink, err error) {
	if err := allowed(ctx, Operate); err != nil {
		return nil, err
	}
	err = db.db.View(func(tx *bolt.Tx) error {
		return each(tx, bucketStructures, func(_ []byte, l StructureLink) error {
			if structure == "" || l.Structure == structure {
				list = append(list, l)
			}
			return nil
		})
	})
	slices.SortFunc(list, func(a, b StructureLink) int {
		return cmp.Or(b.Created.Compare(a.Created), cmp.Compare(a.Serial, b.Serial))
	})
	return list, err
}

// RevokeLink ends the link with the serial.
func (db *DB) RevokeLink(ctx context.Context, serial string) error {
	if err := allowed(ctx, Operate); err != nil {
		return err
	}
	var l StructureLink
	err := db.db.Update(func(tx *bolt.Tx) (err error) {
		found := false
		if l, found, err = get[StructureLink](tx, bucketStructures, []byte(serial)); err != nil {
			return err
		}
		if !found || !l.Revoked.IsZero() {
			return ErrLink
		}
		l.Revoked = time.Now().UTC()
		return put(tx, bucketStructures, []byte(serial), l)
	})
	if err != nil {
		return fmt.Errorf("revoke link: %w", err)
	}
	db.log(ctx, LinkRevoked, "", string(l.Structure)+" "+l.Serial)
	return nil
}
