package access

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	bolt "go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

// DB keeps accounts, links, tokens and sessions in the file access.db of the collector's data folder. Each change is on
// the disk when its method returns. Passwords, sessions, tokens and one-time links are kept as hashes: who copies the file
// cannot sign in with it. The key that signs the links for structures is in it as it is.
type DB struct {
	// Log is called after each log-in, refusal and change, by the goroutine that made it. Set it before the first use.
	Log func(Entry)

	db     *bolt.DB
	hashes chan struct{} // bounds how many passwords are hashed at once: each takes 19 MiB
	dummy  string        // compared with when the account has no password
	key    []byte        // signs the links for structures

	provider atomic.Bool // an identity provider is configured: its accounts can sign in
}

// Entry is one line of what was done about access. The collector writes it into its trail.
type Entry struct {
	At      time.Time
	What    Action
	By      string     // the account that did it; "local" for the console, empty where nobody was signed in
	Account string     // the account that it concerns; empty where it concerns none that exists
	Remote  netip.Addr // of the client; invalid for the console
	Detail  string     // roles, name of the token, structure, reason of a refusal
}

// Action is what an Entry tells.
type Action string

const (
	SignedIn        Action = "signed in"
	SignInRefused   Action = "sign-in refused"
	SignInThrottled Action = "sign-in throttled"
	SignedOut       Action = "signed out"
	SessionsEnded   Action = "sessions ended"
	AccountMade     Action = "account made"
	AccountInvited  Action = "account invited"
	RolesChanged    Action = "roles changed"
	ProfileChanged  Action = "profile changed"
	AccountDisabled Action = "account disabled"
	AccountEnabled  Action = "account enabled"
	PasswordSet     Action = "password set"
	ChangeRequired  Action = "password change required"
	ResetGiven      Action = "reset link given"
	SetupGiven      Action = "set-up link given"
	TokenMade       Action = "token made"
	TokenRevoked    Action = "token revoked"
	LinkSigned      Action = "structure link signed"
	LinkRevoked     Action = "structure link revoked"
	LinkOpened      Action = "structure link opened"
)

var (
	bucketAccounts   = []byte("accounts")   // folded name → record
	bucketSubjects   = []byte("subjects")   // issuer, NUL, subject → folded name
	bucketLinks      = []byte("links")      // hash of the one-time link → oneTime
	bucketTokens     = []byte("tokens")     // hash of the API token → Token
	bucketStructures = []byte("structures") // serial of a structure's link → StructureLink
	bucketSessions   = []byte("sessions")   // hash of the session token → session
	bucketKeys       = []byte("keys")       // name → secret
)

// ErrInUse says that another process has the file open.
var ErrInUse = errors.New("another process uses it")

// Open opens access.db in the folder dir, which it makes when it is not there.
func Open(dir string) (*DB, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("open access: %w", err)
	}
	path := filepath.Join(dir, "access.db")
	b, err := bolt.Open(path, 0o600, &bolt.Options{Timeout: time.Second, FreelistType: bolt.FreelistMapType})
	if errors.Is(err, bolterrors.ErrTimeout) {
		return nil, fmt.Errorf("open %s: %w; Try: the pages of the collector that runs", path, ErrInUse)
	}
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	db := &DB{db: b, hashes: make(chan struct{}, 2)}
	if err := db.prepare(); err != nil {
		return nil, fmt.Errorf("open %s: %w", path, errors.Join(err, b.Close()))
	}
	return db, nil
}

// prepare makes what a new file lacks and throws away what has expired.
func (db *DB) prepare() error {
	err := db.db.Update(func(tx *bolt.Tx) error {
		for _, name := range [][]byte{bucketAccounts, bucketSubjects, bucketLinks, bucketTokens, bucketStructures, bucketSessions, bucketKeys} {
			if _, err := tx.CreateBucketIfNotExists(name); err != nil {
				return err
			}
		}
		keys := tx.Bucket(bucketKeys)
		if keys.Get([]byte("structure")) == nil {
			if err := keys.Put([]byte("structure"), randomBytes()); err != nil {
				return err
			}
		}
		db.key = append([]byte{}, keys.Get([]byte("structure"))...)
		return purge(tx, time.Now())
	})
	if err != nil {
		return err
	}
	db.dummy, err = hash(rand.Text())
	return err
}

// purge removes what nobody can use any more.
func purge(tx *bolt.Tx, now time.Time) error {
	return errors.Join(
		drop(tx, bucketLinks, func(l oneTime) bool { return !l.Expires.IsZero() && !now.Before(l.Expires) }),
		drop(tx, bucketTokens, func(t Token) bool { return !now.Before(t.Expires.Add(keptAfterEnd)) }),
		drop(tx, bucketStructures, func(l StructureLink) bool { return !now.Before(l.Expires.Add(keptAfterEnd)) }),
		drop(tx, bucketSessions, func(s session) bool { return !now.Before(s.Expires) }))
}

// keptAfterEnd is how long an expired token or structure's link stays on the list, so that its owner sees why it ended.
const keptAfterEnd = 30 * 24 * time.Hour

// Close closes the file.
func (db *DB) Close() error { return db.db.Close() }

// log tells the collector what was done, by the visitor of the context.
func (db *DB) log(ctx context.Context, what Action, account, detail string) {
	if db.Log == nil {
		return
	}
	v := From(ctx)
	by := v.Account.Name
	if by == "" && v.Local {
		by = "local"
	}
	db.Log(Entry{At: time.Now().UTC(), What: what, By: by, Account: account, Remote: v.Remote, Detail: detail})
}

// get reads the value under the key; false: there is none.
func get[T any](tx *bolt.Tx, bucket, key []byte) (v T, found bool, err error) {
	raw := tx.Bucket(bucket).Get(key)
	if raw == nil {
		return v, false, nil
	}
	if err := json.Unmarshal(raw, &v); err != nil {
		return v, false, fmt.Errorf("access.db: %s: %w", bucket, err)
	}
	return v, true, nil
}

func put(tx *bolt.Tx, bucket, key []byte, v any) error {
	raw, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("access.db: %s: %w", bucket, err)
	}
	return tx.Bucket(bucket).Put(key, raw)
}

// each calls f with every value of the bucket.
func each[T any](tx *bolt.Tx, bucket []byte, f func(key []byte, v T) error) error {
	return tx.Bucket(bucket).ForEach(func(k, raw []byte) error {
		var v T
		if err := json.Unmarshal(raw, &v); err != nil {
			return fmt.Errorf("access.db: %s: %w", bucket, err)
		}
		return f(k, v)
	})
}

// drop removes the values that f names.
func drop[T any](tx *bolt.Tx, bucket []byte, f func(T) bool) error {
	var old [][]byte
	err := each(tx, bucket, func(k []byte, v T) error {
		if f(v) {
			old = append(old, append([]byte{}, k...))
		}
		return nil
	})
	for _, k := range old {
		err = errors.Join(err, tx.Bucket(bucket).Delete(k))
	}
	return err
}

// secretSize is the length of every secret that we make: nobody guesses 32 random octets.
const secretSize = 32

func randomBytes() []byte {
	b := make([]byte, secretSize)
	_, _ = rand.Read(b) // never fails: crypto/rand ends the program instead
	return b
}

// strict refuses a second spelling of the same octets.
var strict = base64.RawURLEncoding.Strict()

// newSecret returns a secret in the form in which it is given away, and the hash under which it is kept. The hash needs
// neither salt nor slowness, because the secret is random.
func newSecret(prefix string) (text string, key []byte) {
	raw := randomBytes()
	sum := sha256.Sum256(raw)
	return prefix + strict.EncodeToString(raw), sum[:]
}

// secretKey returns the hash of a secret that somebody shows; false: it has not the form of one.
func secretKey(prefix, text string) ([]byte, bool) {
	rest, ok := strings.CutPrefix(text, prefix)
	if !ok || len(rest) != strict.EncodedLen(secretSize) || strings.ContainsAny(rest, "\r\n") {
		return nil, false
	}
	raw, err := strict.DecodeString(rest)
	if err != nil {
		return nil, false
	}
	sum := sha256.Sum256(raw)
	return sum[:], true
}
