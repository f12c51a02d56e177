package access

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	bolt "go.etcd.io/bbolt"
)

// Source says who knows that a person is who they say.
type Source string

const (
	LocalSource Source = "local" // we do, by the password
	OIDCSource  Source = "oidc"  // the identity provider does
)

// Account is a person who may sign in. Accounts are disabled and never deleted: the trail names them.
type Account struct {
	Name       string    `json:"name"`
	Display    string    `json:"display,omitempty"`
	Roles      []Role    `json:"roles"`
	Lang       string    `json:"lang,omitempty"` // fr or en; empty: what the browser asks for
	Created    time.Time `json:"created"`
	Disabled   bool      `json:"disabled,omitempty"`
	Source     Source    `json:"source"`
	MustChange bool      `json:"must_change,omitempty"` // nothing is allowed but a new password
	Invited    bool      `json:"invited,omitempty"`     // the invitation was not used yet: there is no password
}

// record is an account as it is stored.
type record struct {
	Account
	Hash    string `json:"hash,omitempty"`    // argon2id
	Subject string `json:"subject,omitempty"` // issuer, NUL, subject
	// Epoch is raised to end all sessions: a session is good for the epoch in which it began.
	Epoch uint64 `json:"epoch"`
}

const maxName = 64

var nameShape = regexp.MustCompile(`^[A-Za-z0-9._@-]{2,64}$`)

// fold is how names are compared: Lea and lea are one account.
func fold(name string) []byte { return []byte(strings.ToLower(name)) }

// line says whether the text is one line of at most n characters that can be shown.
func line(text string, n int) bool {
	return utf8.ValidString(text) && utf8.RuneCountInString(text) <= n && !strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) })
}

func checkAccount(a Account) error {
	if !nameShape.MatchString(a.Name) {
		return ErrName
	}
	return errors.Join(checkRoles(a.Roles), checkProfile(a.Display, a.Lang))
}

func checkRoles(roles []Role) error {
	if len(roles) == 0 {
		return ErrRoles
	}
	for i, r := range roles {
		if !slices.Contains(Roles[:], r) || slices.Contains(roles[:i], r) {
			return ErrRoles
		}
	}
	return nil
}

func checkProfile(display, lang string) error {
	switch {
	case !line(display, 100):
		return ErrDisplay
	case lang != "" && lang != "fr" && lang != "en":
		return ErrLang
	}
	return nil
}

// allowed returns an error unless the visitor of the context may manage accounts.
func allowed(ctx context.Context, r Right) error {
	switch v := From(ctx); {
	case v.May(r):
		return nil
	case v.Account.Name == "":
		return ErrSignIn
	}
	return ErrForbidden
}

// Accounts returns all accounts in the order of their names. It needs the right to manage them.
func (db *DB) Accounts(ctx context.Context) (list []Account, err error) {
	if err := allowed(ctx, ManageAccounts); err != nil {
		return nil, err
	}
	err = db.db.View(func(tx *bolt.Tx) error {
		return each(tx, bucketAccounts, func(_ []byte, r record) error {
			list = append(list, r.Account)
			return nil
		})
	})
	return list, err
}

// Account returns one account: one's own, or any with the right to manage them.
func (db *DB) Account(ctx context.Context, name string) (Account, error) {
	if v := From(ctx); !v.SignedIn() || string(fold(v.Account.Name)) != string(fold(name)) {
		if err := allowed(ctx, ManageAccounts); err != nil {
			return Account{}, err
		}
	}
	r, err := db.record(name)
	return r.Account, err
}

func (db *DB) record(name string) (r record, err error) {
	err = db.db.View(func(tx *bolt.Tx) error {
		r, err = find(tx, name)
		return err
	})
	return r, err
}

func find(tx *bolt.Tx, name string) (record, error) {
	r, found, err := get[record](tx, bucketAccounts, fold(name))
	if err == nil && !found {
		err = ErrNoAccount
	}
	return r, err
}

// change loads an account, lets f change it, and stores it. It refuses what would leave nobody to manage accounts.
func (db *DB) change(name string, f func(tx *bolt.Tx, r *record) error) (after record, err error) {
	err = db.db.Update(func(tx *bolt.Tx) error {
		before, err := find(tx, name)
		if err != nil {
			return err
		}
		after = before
		after.Roles = slices.Clone(before.Roles)
		if err := f(tx, &after); err != nil {
			return err
		}
		if err := put(tx, bucketAccounts, fold(name), after); err != nil {
			return err
		}
		if !db.manages(before) || db.manages(after) {
			return nil
		}
		left, err := db.hasManager(tx)
		if err == nil && !left {
			err = ErrLastOne
		}
		return err
	})
	return after, err
}

// manages says whether the account can sign in and manage accounts. Without a provider its accounts cannot.
func (db *DB) manages(r record) bool {
	return r.May(ManageAccounts) && !r.Invited && (r.Source == LocalSource || db.provider.Load())
}

func (db *DB) hasManager(tx *bolt.Tx) (found bool, err error) {
	err = each(tx, bucketAccounts, func(_ []byte, r record) error {
		found = found || db.manages(r)
		return nil
	})
	return found, err
}

// manage is change by somebody who may manage accounts, with its line in the log.
func (db *DB) manage(ctx context.Context, name string, what Action, f func(r *record) (detail string, err error)) error {
	if err := allowed(ctx, ManageAccounts); err != nil {
		return err
	}
	detail := ""
	r, err := db.change(name, func(_ *bolt.Tx, r *record) (err error) {
		detail, err = f(r)
		return err
	})
	if err != nil {
		return fmt.Errorf("account %s: %w", name, err)
	}
	db.log(ctx, what, r.Name, detail)
	return nil
}

// SetRoles gives the account other roles, at once also in its open sessions.
func (db *DB) SetRoles(ctx context.Context, name string, roles []Role) error {
	if err := checkRoles(roles); err != nil {
		return err
	}
	return db.manage(ctx, name, RolesChanged, func(r *record) (string, error) {
		if r.Source == OIDCSource {
			return "", ErrElsewhere
		}
		detail := words(r.Roles) + " → " + words(roles)
		r.Roles = slices.Clone(roles)
		return detail, nil
	})
}

func words[T ~string](list []T) string {
	texts := make([]string, len(list))
	for i, x := range list {
		texts[i] = string(x)
	}
	return strings.Join(texts, ", ")
}

// SetDisabled disables the account, which ends its sessions and its tokens at once, or enables it again.
func (db *DB) SetDisabled(ctx context.Context, name string, disabled bool) error {
	what := AccountEnabled
	if disabled {
		what = AccountDisabled
	}
	return db.manage(ctx, name, what, func(r *record) (string, error) {
		r.Disabled = disabled
		r.Epoch++
		return "", nil
	})
}

// RequireChange lets the account do nothing but choose a new password.
func (db *DB) RequireChange(ctx context.Context, name string) error {
	return db.manage(ctx, name, ChangeRequired, func(r *record) (string, error) {
		if r.Source == OIDCSource {
			return "", ErrElsewhere
		}
		r.MustChange = true
		return "", nil
	})
}

// EndSessions signs the account out everywhere.
func (db *DB) EndSessions(ctx context.Context, name string) error {
	return db.manage(ctx, name, SessionsEnded, func(r *record) (string, error) {
		r.Epoch++
		return "", nil
	})
}

// SetProfile changes how one's own account is shown and in which language, or another's with the right to manage them.
func (db *DB) SetProfile(ctx context.Context, name, display, lang string) error {
	if err := checkProfile(display, lang); err != nil {
		return err
	}
	if v := From(ctx); !v.SignedIn() || string(fold(v.Account.Name)) != string(fold(name)) {
		if err := allowed(ctx, ManageAccounts); err != nil {
			return err
		}
	}
	r, err := db.change(name, func(_ *bolt.Tx, r *record) error {
		r.Display, r.Lang = display, lang
		return nil
	})
	if err == nil {
		db.log(ctx, ProfileChanged, r.Name, "")
	}
	return err
}

// create stores a new account.
func create(tx *bolt.Tx, r record) error {
	if err := checkAccount(r.Account); err != nil {
		return err
	}
	if _, found, err := get[record](tx, bucketAccounts, fold(r.Name)); err != nil || found {
		return errors.Join(err, ErrNameTaken)
	}
	if r.Subject != "" {
		if err := tx.Bucket(bucketSubjects).Put([]byte(r.Subject), fold(r.Name)); err != nil {
			return err
		}
	}
	return put(tx, bucketAccounts, fold(r.Name), r)
}
