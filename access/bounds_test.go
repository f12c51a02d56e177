package access

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/alexedwards/argon2id"
	bolt "go.etcd.io/bbolt"
	"golang.org/x/time/rate"
)

// A stranger with many addresses fills no memory, and does not wash away the count of one who keeps trying.
func TestLimiterIsBounded(t *testing.T) {
	l := newLimiter(rate.Every(time.Hour), 5, 100)
	for range 5 {
		if wait, _ := l.take("busy"); wait > 0 {
			t.Fatal(wait)
		}
	}
	for i := range 10_000 {
		l.take(fmt.Sprint(i))
		if i%50 == 0 {
			if wait, first := l.take("busy"); wait < 59*time.Minute || first != (i == 0) {
				t.Fatalf("after %d others: wait %s, first %t", i, wait, first)
			}
		}
		if len(l.now)+len(l.was) > 200 {
			t.Fatalf("%d keys", len(l.now)+len(l.was))
		}
	}
}

// Log-ins that were begun and not ended are few, are on no disk and live shortly.
func TestPendingSessionsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db, err := Open(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		s := newSessions(db.db, 2*time.Hour)
		data, err := codec{}.Encode(time.Now().Add(12*time.Hour), map[string]any{keyPending: "x"})
		if err != nil {
			t.Fatal(err)
		}
		before := db.db.Stats().TxStats.Write
		for i := range maxPending + 10 {
			if err := s.Commit(fmt.Sprint(i), data, time.Now().Add(12*time.Hour)); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Millisecond)
		}
		if len(s.pending) != maxPending || db.db.Stats().TxStats.Write != before {
			t.Errorf("%d pending, %d writes", len(s.pending), db.db.Stats().TxStats.Write-before)
		}
		for token, want := range map[string]bool{"9": false, "10": true, fmt.Sprint(maxPending): true} {
			if _, found, err := s.Find(token); found != want || err != nil {
				t.Errorf("%s: %t, %v", token, found, err)
			}
		}
		time.Sleep(pendingLife)
		if _, found, _ := s.Find(fmt.Sprint(maxPending)); found {
			t.Error("a log-in can be ended for ever")
		}
	})
}

// What nobody can use any more goes, when somebody signs in or the file is opened.
func TestPurge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db, err := Open(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		s := newSessions(db.db, 2*time.Hour)
		commit := func(token string) {
			data, err := codec{}.Encode(time.Now(), map[string]any{keyAccount: "olga"})
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Commit(token, data, time.Now().Add(12*time.Hour)); err != nil {
				t.Fatal(err)
			}
		}
		count := func() (n int) {
			tx, err := db.db.Begin(false)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = tx.Rollback() }()
			return tx.Bucket(bucketSessions).Stats().KeyN
		}
		commit("one")
		time.Sleep(11 * time.Hour)
		if commit("two"); count() != 2 {
			t.Errorf("%d sessions", count())
		}
		time.Sleep(2 * time.Hour)
		if commit("three"); count() != 2 {
			t.Errorf("%d sessions", count())
		}
	})
}

// A hash that was made with other parameters is made anew when its owner signs in.
func TestRehash(t *testing.T) {
	db, err := Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	weak := params
	weak.Iterations = 1
	const secret = "correct horse battery"
	old, err := argon2id.CreateHash(secret, &weak)
	if err != nil {
		t.Fatal(err)
	}
	err = db.db.Update(func(tx *bolt.Tx) error {
		return create(tx, record{Account: Account{Name: "olga", Roles: []Role{Operator}, Source: LocalSource}, Hash: old})
	})
	if err != nil {
		t.Fatal(err)
	}
	g, err := NewGuard(db, Settings{})
	if err != nil {
		t.Fatal(err)
	}
	seen := []string{old}
	for range 2 {
		g.Wrap(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			if err := g.SignIn(r.Context(), "olga", secret); err != nil {
				t.Error(err)
			}
		})).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("POST", "/", nil))
		r, err := db.record("olga")
		if err != nil {
			t.Fatal(err)
		}
		seen = append(seen, r.Hash)
	}
	if seen[1] == old || seen[2] != seen[1] || !strings.Contains(seen[1], "m=19456,t=2,p=1") {
		t.Errorf("%q", seen)
	}
}
