package access

import (
	"context"
	"fmt"
	"time"

	bolt "go.etcd.io/bbolt"
)

// LinkKind is what a one-time link is for.
type LinkKind string

const (
	SetupLink  LinkKind = "setup"  // makes the first operator
	InviteLink LinkKind = "invite" // gives a new account its first password
	ResetLink  LinkKind = "reset"  // gives an account another password
)

// linkLife is how long an invitation or a reset can be used. A set-up link lives until the collector starts again.
const linkLife = 72 * time.Hour

// OneTime is what a one-time link is good for.
type OneTime struct {
	Kind    LinkKind
	Account string    // empty for a set-up: the form asks for the name
	Expires time.Time // zero for a set-up
}

// oneTime is the link as it is stored, under the hash of its secret.
type oneTime struct {
	Kind    LinkKind  `json:"kind"`
	Account string    `json:"account,omitempty"`
	Expires time.Time `json:"expires,omitzero"`
}

// Setup returns the secret of a new set-up link, for the console of the machine, while no operator can sign in; an
// empty one once somebody can. Earlier set-up links end. Call it after NewGuard, which says whether there is an identity
// provider.
func (db *DB) Setup() (secret string, err error) {
	err = db.db.Update(func(tx *bolt.Tx) error {
		if err := drop(tx, bucketLinks, func(l oneTime) bool { return l.Kind == SetupLink }); err != nil {
			return err
		}
		if found, err := db.hasManager(tx); err != nil || found {
			return err
		}
		text, key := newSecret("")
		secret = text
		return put(tx, bucketLinks, key, oneTime{Kind: SetupLink})
	})
	if err != nil {
		return "", fmt.Errorf("set-up link: %w", err)
	}
	if secret != "" {
		db.log(With(context.Background(), Visitor{Local: true}), SetupGiven, "", "")
	}
	return secret, nil
}

// Invite makes an account without a password and returns the secret of the link with which its owner chooses one.
func (db *DB) Invite(ctx context.Context, name, display, lang string, roles []Role) (secret string, err error) {
	if err := allowed(ctx, ManageAccounts); err != nil {
		return "", err
	}
	now := time.Now().UTC()
	err = db.db.Update(func(tx *bolt.Tx) error {
		a := Account{Name: name, Display: display, Lang: lang, Roles: roles, Created: now, Source: LocalSource, Invited: true}
		if err := create(tx, record{Account: a}); err != nil {
			return err
		}
		secret, err = newLink(tx, InviteLink, name, now)
		return err
	})
	if err != nil {
		return "", fmt.Errorf("invite %s: %w", name, err)
	}
	db.log(ctx, AccountInvited, name, words(roles))
	return secret, nil
}

// Reset returns the secret of a link with which the account's owner chooses another password. The operator never knows
// it. Until the link is used the old password stays. For an invitation that was not used it is a new invitation.
func (db *DB) Reset(ctx context.Context, name string) (secret string, err error) {
	err = db.manage(ctx, name, ResetGiven, func(r *record) (string, error) {
		switch {
		case r.Source == OIDCSource:
			return "", ErrElsewhere
		case r.Disabled:
			return "", ErrDisabled
		}
		name = r.Name
		return "", nil
	})
	if err != nil {
		return "", err
	}
	err = db.db.Update(func(tx *bolt.Tx) error {
		secret, err = newLink(tx, ResetLink, name, time.Now())
		return err
	})
	return secret, err
}

// newLink makes a one-time link for the account; earlier ones end.
func newLink(tx *bolt.Tx, kind LinkKind, account string, now time.Time) (string, error) {
	if err := drop(tx, bucketLinks, func(l oneTime) bool { return string(fold(l.Account)) == string(fold(account)) }); err != nil {
		return "", err
	}
	text, key := newSecret("")
	return text, put(tx, bucketLinks, key, oneTime{Kind: kind, Account: account, Expires: now.Add(linkLife).UTC()})
}

// PeekLink says what a one-time link is good for, so that its form can be shown. It uses nothing up.
func (db *DB) PeekLink(secret string) (OneTime, error) {
	key, ok := secretKey("", secret)
	if !ok {
		return OneTime{}, ErrLink
	}
	var l oneTime
	err := db.db.View(func(tx *bolt.Tx) (err error) {
		l, err = findLink(tx, key)
		return err
	})
	return OneTime(l), err
}

func findLink(tx *bolt.Tx, key []byte) (oneTime, error) {
	l, found, err := get[oneTime](tx, bucketLinks, key)
	if err == nil && (!found || !l.Expires.IsZero() && !time.Now().Before(l.Expires)) {
		err = ErrLink
	}
	return l, err
}

// UseLink sets the password that the holder of a one-time link chose, and uses the link up. For a set-up it makes the
// first operator under the name; for the others the account is the link's and the name is not looked at. Sessions of
// the account end. A password that is refused uses nothing up.
func (db *DB) UseLink(ctx context.Context, secret, name, password string) (Account, error) {
	l, err := db.PeekLink(secret)
	if err != nil {
		return Account{}, err
	}
	if l.Kind == SetupLink {
		if !nameShape.MatchString(name) {
			return Account{}, ErrName
		}
	} else {
		name = l.Account
	}
	h, err := db.hashPassword(ctx, name, password)
	if err != nil {
		return Account{}, err
	}
	key, _ := secretKey("", secret)
	var done record
	use := func(tx *bolt.Tx) error {
		if _, err := findLink(tx, key); err != nil { // somebody else was faster
			return err
		}
		return tx.Bucket(bucketLinks).Delete(key)
	}
	what := PasswordSet
	if l.Kind == SetupLink {
		what = AccountMade
		done = record{Account: Account{Name: name, Roles: []Role{Operator}, Created: time.Now().UTC(), Source: LocalSource}, Hash: h}
		err = db.db.Update(func(tx *bolt.Tx) error {
			if err := use(tx); err != nil {
				return err
			}
			if found, err := db.hasManager(tx); err != nil || found {
				return fmt.Errorf("%w: somebody manages the accounts already", ErrLink)
			}
			return create(tx, done)
		})
	} else {
		done, err = db.change(name, func(tx *bolt.Tx, r *record) error {
			if err := use(tx); err != nil {
				return err
			}
			if r.Disabled {
				return ErrDisabled
			}
			r.Hash, r.MustChange, r.Invited = h, false, false
			r.Epoch++
			return nil
		})
	}
	if err != nil {
		return Account{}, err
	}
	db.log(ctx, what, done.Name, string(l.Kind)+" link")
	return done.Account, nil
}
