package access

import (
	"context"
	"errors"
	"fmt"
	"time"

	bolt "go.etcd.io/bbolt"
	"golang.org/x/time/rate"
)

// A person who mistypes has a few quick tries; who guesses gets nowhere.
const quickTries = 5

var tryEach = rate.Every(30 * time.Second)

// SignIn begins a session for the account when the password is right: ErrCredentials, ErrDisabled (only to who knows the
// password) or a *TooOftenError otherwise. It wants the context of a request that passed Wrap. Tries are counted by the
// client's address and by the name; sessions that are open go on whoever guesses.
func (g *Guard) SignIn(ctx context.Context, name, password string) error {
	if err := g.session(ctx); err != nil {
		return err
	}
	from := client(From(ctx).Remote)
	if len(name) > maxName {
		name = "" // nobody's
	}
	r, err := g.db.record(name)
	if err != nil && !errors.Is(err, ErrNoAccount) {
		return err
	}
	if err := g.try(ctx, g.byClient, from, r.Name, "too many from the address"); err != nil {
		return err
	}
	key := "in " + string(fold(name))
	if err := g.try(ctx, g.byName, key, r.Name, "too many for the account"); err != nil {
		return err
	}
	match, old, err := g.db.verify(ctx, password, r.Hash)
	switch {
	case err != nil:
		return err
	case !match:
		g.db.log(ctx, SignInRefused, r.Name, "password") // a name that is no account's may be a password in the wrong field
		return ErrCredentials
	case r.Disabled:
		g.db.log(ctx, SignInRefused, r.Name, "disabled")
		return ErrDisabled
	}
	g.byClient.forget(from)
	g.byName.forget(key)
	if old {
		if r, err = g.db.rehash(ctx, r, password); err != nil {
			return err
		}
	}
	return g.begin(ctx, r, "password")
}

// try counts a log-in under the key and logs once when there were too many.
func (g *Guard) try(ctx context.Context, l *limiter, key, account, detail string) error {
	wait, first := l.take(key)
	if wait == 0 {
		return nil
	}
	if first {
		g.db.log(ctx, SignInThrottled, account, detail)
	}
	return &TooOftenError{Wait: wait}
}

// rehash stores the password with today's parameters.
func (db *DB) rehash(ctx context.Context, was record, password string) (record, error) {
	done, err := db.turn(ctx)
	if err != nil {
		return was, err
	}
	defer done()
	h, err := hash(password)
	if err != nil {
		return was, err
	}
	return db.change(was.Name, func(_ *bolt.Tx, r *record) error {
		if r.Hash == was.Hash {
			r.Hash = h
		}
		return nil
	})
}

// begin makes the session of the context one of the account, under a new token: whoever knew the old one, because it was
// planted (session fixation), is not signed in with it.
func (g *Guard) begin(ctx context.Context, r record, detail string) error {
	if err := g.sessions.Clear(ctx); err != nil {
		return fmt.Errorf("begin session: %w", err)
	}
	if err := g.sessions.RenewToken(ctx); err != nil {
		return fmt.Errorf("begin session: %w", err)
	}
	g.sessions.Put(ctx, keyAccount, string(fold(r.Name)))
	g.sessions.Put(ctx, keyEpoch, epoch(r))
	v := From(ctx)
	v.Account, v.Guest, v.Token = r.Account, false, nil
	g.db.log(With(ctx, v), SignedIn, r.Name, detail)
	return nil
}

// SignOut ends the session of the context.
func (g *Guard) SignOut(ctx context.Context) error {
	if err := g.session(ctx); err != nil {
		return err
	}
	name := g.sessions.GetString(ctx, keyAccount)
	if err := g.sessions.Destroy(ctx); err != nil {
		return fmt.Errorf("sign out: %w", err)
	}
	if name != "" {
		g.db.log(ctx, SignedOut, From(ctx).Account.Name, "")
	}
	return nil
}

// SignOutEverywhere ends all sessions of the visitor's account, this one too.
func (g *Guard) SignOutEverywhere(ctx context.Context) error {
	if err := g.session(ctx); err != nil {
		return err
	}
	v := From(ctx)
	if !v.SignedIn() {
		return ErrSignIn
	}
	_, err := g.db.change(v.Account.Name, func(_ *bolt.Tx, r *record) error {
		r.Epoch++
		return nil
	})
	if err != nil {
		return fmt.Errorf("sign out everywhere: %w", err)
	}
	g.db.log(ctx, SessionsEnded, v.Account.Name, "by its owner")
	if err := g.sessions.Destroy(ctx); err != nil {
		return fmt.Errorf("sign out everywhere: %w", err)
	}
	return nil
}

// ChangePassword gives the visitor's account another password. Its other sessions end; this one goes on under a new token.
func (g *Guard) ChangePassword(ctx context.Context, current, password string) error {
	if err := g.session(ctx); err != nil {
		return err
	}
	v := From(ctx)
	if !v.SignedIn() {
		return ErrSignIn
	}
	if v.Account.Source == OIDCSource {
		return ErrElsewhere
	}
	// Whoever finds the device open does not guess the password here either.
	key := "change " + string(fold(v.Account.Name))
	if err := g.try(ctx, g.byName, key, v.Account.Name, "too many password changes"); err != nil {
		return err
	}
	was, err := g.db.record(v.Account.Name)
	if err != nil {
		return err
	}
	match, _, err := g.db.verify(ctx, current, was.Hash)
	if err != nil {
		return err
	}
	if !match {
		g.db.log(ctx, SignInRefused, was.Name, "password change")
		return ErrCredentials
	}
	h, err := g.db.hashPassword(ctx, was.Name, password)
	if err != nil {
		return err
	}
	g.byName.forget(key)
	r, err := g.db.change(was.Name, func(_ *bolt.Tx, r *record) error {
		if r.Hash != was.Hash || r.Disabled {
			return ErrCredentials // it was changed meanwhile
		}
		r.Hash, r.MustChange = h, false
		r.Epoch++
		return nil
	})
	if err != nil {
		return err
	}
	g.db.log(ctx, PasswordSet, r.Name, "by its owner")
	if err := g.sessions.RenewToken(ctx); err != nil {
		return fmt.Errorf("renew session: %w", err)
	}
	g.sessions.Put(ctx, keyEpoch, epoch(r))
	return nil
}

// UseLink is DB.UseLink, and signs in.
func (g *Guard) UseLink(ctx context.Context, secret, name, password string) error {
	if err := g.session(ctx); err != nil {
		return err
	}
	a, err := g.db.UseLink(ctx, secret, name, password)
	if err != nil {
		return err
	}
	r, err := g.db.record(a.Name)
	if err != nil {
		return err
	}
	return g.begin(ctx, r, "one-time link")
}

// OpenStructure lets the session of the context read the audits of the structure for which the link was signed, so that
// the link need not stay in the address. Its expiry and revocation count at each request.
func (g *Guard) OpenStructure(ctx context.Context, link string) error {
	if err := g.session(ctx); err != nil {
		return err
	}
	l, err := g.db.OpenLink(link)
	if err != nil {
		return err
	}
	if !g.sessions.Exists(ctx, keyAccount) { // a log-in has renewed the token already, and its end is not put off by this
		if err := g.sessions.RenewToken(ctx); err != nil {
			return fmt.Errorf("open structure: %w", err)
		}
	}
	g.sessions.Put(ctx, keyLink, link)
	g.db.log(ctx, LinkOpened, "", string(l.Structure)+" "+l.Serial)
	return nil
}
