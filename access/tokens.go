package access

import (
	"cmp"
	"context"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	bolt "go.etcd.io/bbolt"
)

// TokenPrefix begins every API token, so that scanners for lost secrets know one when they see it.
const TokenPrefix = "sonde_"

const (
	maxTokens    = 50 // of one account
	maxTokenLife = 366 * 24 * time.Hour
)

// Token is a key for programs. It carries a part of its owner's rights and ends with its owner.
type Token struct {
	ID       string    `json:"id"`
	Name     string    `json:"name"`
	Owner    string    `json:"owner"`
	Scopes   []Scope   `json:"scopes"`
	Created  time.Time `json:"created"`
	Expires  time.Time `json:"expires"`
	LastUsed time.Time `json:"last_used,omitzero"` // to the minute; zero: never
	Revoked  time.Time `json:"revoked,omitzero"`   // zero: not
}

// Live says whether the token can be used at the instant, as far as it depends on itself.
func (t Token) Live(at time.Time) bool { return t.Revoked.IsZero() && at.Before(t.Expires) }

// CreateToken makes a token of the visitor's account and returns its secret, which is shown this once. Only a person who
// is signed in makes one; the scopes must lie within their roles.
func (db *DB) CreateToken(ctx context.Context, name string, scopes []Scope, expires time.Time) (secret string, t Token, err error) {
	v := From(ctx)
	if !v.SignedIn() || !v.May(OwnAccount) {
		return "", Token{}, ErrSignIn
	}
	if v.Account.MustChange {
		return "", Token{}, ErrForbidden
	}
	now := time.Now().UTC()
	if name = strings.TrimSpace(name); name == "" || !line(name, 64) {
		return "", Token{}, ErrTokenName
	}
	if !now.Before(expires) || expires.After(now.Add(maxTokenLife)) {
		return "", Token{}, ErrExpiry
	}
	secret, key := newSecret(TokenPrefix)
	t = Token{ID: hex.EncodeToString(key[:8]), Name: name, Owner: v.Account.Name, Scopes: slices.Clone(scopes), Created: now, Expires: expires.UTC()}
	err = db.db.Update(func(tx *bolt.Tx) error {
		owner, err := find(tx, v.Account.Name)
		if err != nil {
			return err
		}
		if err := checkScopes(owner.Account, scopes); err != nil {
			return err
		}
		n := 0
		err = each(tx, bucketTokens, func(_ []byte, old Token) error {
			if old.Owner == t.Owner && old.Live(now) {
				n++
			}
			return nil
		})
		if err != nil {
			return err
		}
		if n >= maxTokens {
			return ErrTooMany
		}
		return put(tx, bucketTokens, key, t)
	})
	if err != nil {
		return "", Token{}, fmt.Errorf("make token: %w", err)
	}
	db.log(ctx, TokenMade, t.Owner, t.ID+" "+words(t.Scopes)+", until "+t.Expires.Format(time.DateOnly))
	return secret, t, nil
}

// checkScopes refuses scopes that the owner could not fill.
func checkScopes(owner Account, scopes []Scope) error {
	for i, s := range scopes {
		rights, known := carries[s]
		if !known || slices.Contains(scopes[:i], s) || !owner.May(rights[0]) {
			return ErrScope
		}
	}
	if len(scopes) == 0 {
		return ErrScope
	}
	return nil
}

// Tokens returns the tokens of an account, the oldest first: one's own, or anybody's with the right to manage accounts; with
// an empty name all.
func (db *DB) Tokens(ctx context.Context, owner string) (list []Token, err error) {
	if v := From(ctx); !v.SignedIn() || owner == "" || string(fold(owner)) != string(fold(v.Account.Name)) {
		if err := allowed(ctx, ManageAccounts); err != nil {
			return nil, err
		}
	}
	err = db.db.View(func(tx *bolt.Tx) error {
		return each(tx, bucketTokens, func(_ []byte, t Token) error {
			if owner == "" || string(fold(t.Owner)) == string(fold(owner)) {
				list = append(list, t)
			}
			return nil
		})
	})
	slices.SortFunc(list, func(a, b Token) int { return cmp.Or(a.Created.Compare(b.Created), cmp.Compare(a.ID, b.ID)) })
	return list, err
}

// RevokeToken ends a token of the visitor's account, or anybody's with the right to manage accounts.
func (db *DB) RevokeToken(ctx context.Context, id string) error {
	var t Token
	err := db.db.Update(func(tx *bolt.Tx) error {
		var key []byte
		err := each(tx, bucketTokens, func(k []byte, x Token) error {
			if x.ID == id {
				key, t = append([]byte{}, k...), x
			}
			return nil
		})
		if err != nil {
			return err
		}
		v := From(ctx)
		if own := key != nil && v.SignedIn() && t.Owner == v.Account.Name; !own {
			if err := allowed(ctx, ManageAccounts); err != nil { // also where there is none: it is not theirs to know
				return err
			}
		}
		if key == nil || !t.Revoked.IsZero() {
			return ErrToken
		}
		t.Revoked = time.Now().UTC()
		return put(tx, bucketTokens, key, t)
	})
	if err != nil {
		return fmt.Errorf("revoke token: %w", err)
	}
	db.log(ctx, TokenRevoked, t.Owner, t.ID)
	return nil
}

// useToken returns the token and its owner when both may still be used.
func (db *DB) useToken(secret string) (owner Account, t Token, err error) {
	key, ok := secretKey(TokenPrefix, secret)
	if !ok {
		return Account{}, Token{}, ErrToken
	}
	now := time.Now().UTC()
	err = db.db.View(func(tx *bolt.Tx) error {
		found := false
		if t, found, err = get[Token](tx, bucketTokens, key); err != nil {
			return err
		}
		if !found || !t.Live(now) {
			return ErrToken
		}
		r, err := find(tx, t.Owner)
		if err != nil {
			return err
		}
		if r.Disabled {
			return ErrToken
		}
		owner = r.Account
		return nil
	})
	if err != nil || now.Sub(t.LastUsed) < coarse {
		return owner, t, err
	}
	err = db.db.Update(func(tx *bolt.Tx) error {
		x, found, err := get[Token](tx, bucketTokens, key)
		if err != nil {
			return err
		}
		if !found || !x.Live(now) { // revoked meanwhile
			return ErrToken
		}
		x.LastUsed = now
		t = x
		return put(tx, bucketTokens, key, x)
	})
	return owner, t, err
}
