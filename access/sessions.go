package access

import (
	"encoding/json"
	"fmt"
	"sync"
	"time"

	bolt "go.etcd.io/bbolt"
)

// What a session holds. All values are texts.
const (
	keyAccount = "account" // folded name
	keyEpoch   = "epoch"   // of the account when the session began
	keyLink    = "link"    // a structure's link
	keyPending = "oidc"    // a log-in at the identity provider that is under way
)

// session is a session as it is stored, under the hash of its token.
type session struct {
	Data    []byte    `json:"data"`
	Seen    time.Time `json:"seen"`    // last use, as late as coarse allows
	Expires time.Time `json:"expires"` // whatever happens
}

// sessions is the store of scs in our file. It ends idle sessions itself: scs would write to the disk and send the cookie
// anew with every request. Sessions of people who are not signed in, that is log-ins at the identity provider that are
// under way, stay in memory, are few and live shortly, so that a stranger fills neither disk nor memory.
type sessions struct {
	db   *bolt.DB
	idle time.Duration

	mu      sync.Mutex
	pending map[string]session
	purged  time.Time
}

const (
	// coarse is how much use of a session or token the disk may not know about yet.
	coarse      = time.Minute
	pendingLife = 10 * time.Minute
	maxPending  = 10_000
)

func newSessions(db *bolt.DB, idle time.Duration) *sessions {
	return &sessions{db: db, idle: idle, pending: map[string]session{}, purged: time.Now()}
}

// over says whether the session has ended.
func (s *sessions) over(x session, now time.Time) bool {
	return !now.Before(x.Expires) || !now.Before(x.Seen.Add(s.idle))
}

// Find returns the session's data and counts as a use of it.
func (s *sessions) Find(token string) ([]byte, bool, error) {
	now := time.Now()
	s.mu.Lock()
	p, ok := s.pending[token]
	s.mu.Unlock()
	if ok {
		return p.Data, !s.over(p, now), nil
	}
	var x session
	found := false
	err := s.db.View(func(tx *bolt.Tx) (err error) {
		x, found, err = get[session](tx, bucketSessions, []byte(token))
		return err
	})
	if err != nil || !found || s.over(x, now) {
		return nil, false, err
	}
	if now.Sub(x.Seen) < coarse {
		return x.Data, true, nil
	}
	err = s.db.Update(func(tx *bolt.Tx) error {
		y, still, err := get[session](tx, bucketSessions, []byte(token))
		if err != nil || !still || !now.After(y.Seen) { // it ended meanwhile, or another request was here
			found = still
			return err
		}
		y.Seen = now.UTC()
		return put(tx, bucketSessions, []byte(token), y)
	})
	return x.Data, found, err
}

// Commit stores the session.
func (s *sessions) Commit(token string, data []byte, expiry time.Time) error {
	now := time.Now()
	_, values, err := codec{}.Decode(data)
	if err != nil {
		return err
	}
	x := session{Data: data, Seen: now.UTC(), Expires: expiry.UTC()}
	s.mu.Lock()
	defer s.mu.Unlock()
	if values[keyAccount] == nil && values[keyLink] == nil {
		x.Expires = now.Add(pendingLife).UTC()
		s.makeRoom(now)
		s.pending[token] = x
		return s.remove(token)
	}
	delete(s.pending, token)
	return s.db.Update(func(tx *bolt.Tx) error {
		if now.Sub(s.purged) > time.Hour {
			s.purged = now
			if err := purge(tx, now); err != nil {
				return err
			}
		}
		return put(tx, bucketSessions, []byte(token), x)
	})
}

// makeRoom keeps the pending sessions few. The oldest goes when nothing else can.
func (s *sessions) makeRoom(now time.Time) {
	if len(s.pending) < maxPending {
		return
	}
	oldest := ""
	for token, x := range s.pending {
		if s.over(x, now) {
			delete(s.pending, token)
		} else if oldest == "" || x.Seen.Before(s.pending[oldest].Seen) {
			oldest = token
		}
	}
	if len(s.pending) >= maxPending {
		delete(s.pending, oldest)
	}
}

// Delete ends the session.
func (s *sessions) Delete(token string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.pending, token)
	return s.remove(token)
}

// remove deletes the session on the disk if it is there.
func (s *sessions) remove(token string) error {
	there := false
	err := s.db.View(func(tx *bolt.Tx) error {
		there = tx.Bucket(bucketSessions).Get([]byte(token)) != nil
		return nil
	})
	if err != nil || !there {
		return err
	}
	return s.db.Update(func(tx *bolt.Tx) error { return tx.Bucket(bucketSessions).Delete([]byte(token)) })
}

// codec writes a session's values as JSON, which the store can look into.
type codec struct{}

type encoded struct {
	Deadline time.Time         `json:"deadline"`
	Values   map[string]string `json:"values"`
}

// Encode writes a session.
func (codec) Encode(deadline time.Time, values map[string]any) ([]byte, error) {
	e := encoded{Deadline: deadline, Values: map[string]string{}}
	for k, v := range values {
		text, ok := v.(string)
		if !ok {
			return nil, fmt.Errorf("session: %s is a %T and not a text", k, v)
		}
		e.Values[k] = text
	}
	return json.Marshal(e)
}

// Decode reads a session.
func (codec) Decode(data []byte) (time.Time, map[string]any, error) {
	var e encoded
	if err := json.Unmarshal(data, &e); err != nil {
		return time.Time{}, nil, fmt.Errorf("session: %w", err)
	}
	values := make(map[string]any, len(e.Values))
	for k, v := range e.Values {
		values[k] = v
	}
	return e.Deadline, values, nil
}
