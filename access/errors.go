package access

import "errors"

// What the site turns into words. Nothing in them tells a stranger whether an account exists.
var (
	ErrCredentials = errors.New("name and password do not belong together")
	ErrDisabled    = errors.New("the account is disabled")
	ErrTooOften    = errors.New("tried too often")
	ErrSignIn      = errors.New("nobody is signed in")
	ErrForbidden   = errors.New("the right is missing")
	ErrNoSession   = errors.New("a program and the console have no session")
	ErrCrossOrigin = errors.New("the request comes from another site")
	ErrHost        = errors.New("the site is not reached under this name")
	ErrToken       = errors.New("the token is not valid")
	ErrLink        = errors.New("the link is not valid or was used")

	ErrName       = errors.New("a name has 2 to 64 letters, digits and . - _ @")
	ErrNameTaken  = errors.New("the name is taken")
	ErrNoAccount  = errors.New("there is no such account")
	ErrRoles      = errors.New("an account has one or more of the roles operator, auditor and reader")
	ErrDisplay    = errors.New("a displayed name has at most 100 characters on one line")
	ErrLang       = errors.New("the language is fr or en")
	ErrLastOne    = errors.New("it is the last operator who can sign in")
	ErrElsewhere  = errors.New("the identity provider decides about this account")
	ErrShort      = errors.New("the password has fewer than 12 characters")
	ErrLong       = errors.New("the password has more than 256 characters")
	ErrText       = errors.New("the password is not readable text")
	ErrSameAsName = errors.New("the password is the name")

	ErrScope     = errors.New("the scopes are not the owner's")
	ErrTokenName = errors.New("a token's name has 1 to 64 characters on one line")
	ErrExpiry    = errors.New("the end lies in the past or too far ahead")
	ErrTooMany   = errors.New("the account has too many tokens")
	ErrStructure = errors.New("it is not the identifier of a structure")

	ErrNoProvider = errors.New("no identity provider is configured")
	ErrProvider   = errors.New("the identity provider did not answer as it should")
	ErrDenied     = errors.New("the identity provider refused the log-in")
	ErrState      = errors.New("the log-in was not begun in this browser, or too long ago")
	ErrIdentity   = errors.New("the identity provider gives no usable name")
	ErrNoRole     = errors.New("none of the groups has a role here")
)
