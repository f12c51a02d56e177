package access

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/alexedwards/argon2id"
	"golang.org/x/text/unicode/norm"
)

// params are those of the OWASP cheat sheet on password storage for argon2id (RFC 9106): 19 MiB, 2 passes, 1 lane.
var params = argon2id.Params{Memory: 19 * 1024, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32}

const (
	minPassword = 12
	maxPassword = 256
)

// checkPassword holds a new password to the rules. Length is what counts (NIST SP 800-63B): no sort of character is asked
// for, and none is forbidden.
func checkPassword(name, password string) error {
	if !utf8.ValidString(password) {
		return ErrText
	}
	switch n := utf8.RuneCountInString(password); {
	case n > maxPassword:
		return ErrLong
	case strings.EqualFold(strings.TrimSpace(password), name):
		return ErrSameAsName
	case n < minPassword:
		return ErrShort
	}
	return nil
}

// normal makes one text of the two ways in which keyboards write é (RFC 8265).
func normal(password string) string { return norm.NFC.String(password) }

func hash(password string) (string, error) {
	h, err := argon2id.CreateHash(normal(password), &params)
	if err != nil {
		return "", fmt.Errorf("hash password: %w", err)
	}
	return h, nil
}

// turn waits until the machine may hash one more password.
func (db *DB) turn(ctx context.Context) (done func(), err error) {
	select {
	case db.hashes <- struct{}{}:
		return func() { <-db.hashes }, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// hashPassword checks and hashes a new password.
func (db *DB) hashPassword(ctx context.Context, name, password string) (string, error) {
	if err := checkPassword(name, password); err != nil {
		return "", err
	}
	done, err := db.turn(ctx)
	if err != nil {
		return "", err
	}
	defer done()
	return hash(password)
}

// verify compares a password with a hash. Without a hash it compares with another one and says no, so that a stranger
// cannot tell by the time which accounts there are. old says that the hash was made with other parameters.
func (db *DB) verify(ctx context.Context, password, stored string) (match, old bool, err error) {
	done, err := db.turn(ctx)
	if err != nil {
		return false, false, err
	}
	defer done()
	known := stored != ""
	if !known {
		stored = db.dummy
	}
	if len(password) > maxPassword*utf8.UTFMax {
		password = "" // nobody's; and a stranger does not make us read it twice
	}
	match, used, err := argon2id.CheckHash(normal(password), stored)
	if err != nil {
		return false, false, fmt.Errorf("access.db: password: %w", err)
	}
	return match && known, *used != params, nil
}
