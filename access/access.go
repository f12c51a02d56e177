// Package access decides who may use the collector's site: accounts and their roles, sessions, one-time links, API
// tokens, links for structures, log-in with OpenID Connect, and limits for those who try too often. It renders no page:
// its errors are sentinels that the site turns into words, in French and English.
package access

import (
	"context"
	"net/http"
	"net/netip"
	"slices"

	"github.com/sonde-fleet/sonde/probes"
)

// Role is what an account is for. An account has one or more.
type Role string

const (
	Operator Role = "operator" // runs campaigns and manages the accounts
	Auditor  Role = "auditor"  // reads the evidence and signs verdicts
	Reader   Role = "reader"   // reads figures and the list of audits
)

// Roles are the roles that an account can have. A structure has no account: it comes with a signed link.
var Roles = [...]Role{Operator, Auditor, Reader}

// Right is one thing that a visitor may do. The list is closed: a page asks for a right and never for a role.
type Right string

const (
	ReadFigures    Right = "read figures"    // figures, curves, reports, exports without texts
	ReadAudits     Right = "read audits"     // structures, audits, their events
	ReadEvidence   Right = "read evidence"   // mails, pictures, recordings: personal data
	Review         Right = "review"          // the queue, ratings, verdicts
	MakeCalls      Right = "make calls"      // those that a person must make, and to write down how they went
	Operate        Right = "operate"         // campaigns, pauses, suppression, fleet
	ManageAccounts Right = "manage accounts" // accounts, invitations, everybody's tokens
	OwnAccount     Right = "own account"     // one's password, sessions and tokens
	ReadOwnAudits  Right = "read own audits" // of the structure that the link names
	Dispute        Right = "dispute"         // comment on an audit of that structure
)

// Rights are all rights, in the order of the administrator's table.
var Rights = [...]Right{ReadFigures, ReadAudits, ReadEvidence, Review, MakeCalls, Operate, ManageAccounts, OwnAccount, ReadOwnAudits, Dispute}

// Scope is a part of the owner's rights that an API token carries.
type Scope string

const (
	ScopeRead     Scope = "read"
	ScopeEvidence Scope = "evidence"
	ScopeReview   Scope = "review"
	ScopeOperate  Scope = "operate"
)

// Scopes are the scopes that a token can have. None of them manages accounts: a stolen token makes no new key.
var Scopes = [...]Scope{ScopeRead, ScopeEvidence, ScopeReview, ScopeOperate}

// grants is what each role may do. The rights of an account are those of all its roles together: who runs the audits
// does not sign verdicts on them unless the account is an auditor's too.
var grants = map[Role][]Right{
	Operator: {ReadFigures, ReadAudits, ReadEvidence, MakeCalls, Operate, ManageAccounts},
	Auditor:  {ReadFigures, ReadAudits, ReadEvidence, Review, MakeCalls},
	Reader:   {ReadFigures, ReadAudits},
}

// carries is what each scope lets through of its owner's rights.
var carries = map[Scope][]Right{
	ScopeRead:     {ReadFigures, ReadAudits},
	ScopeEvidence: {ReadEvidence},
	ScopeReview:   {Review},
	ScopeOperate:  {Operate},
}

// May says whether one of the account's roles grants the right. An account that is disabled may do nothing.
func (a Account) May(r Right) bool {
	if a.Name == "" || a.Disabled {
		return false
	}
	return r == OwnAccount || slices.ContainsFunc(a.Roles, func(role Role) bool { return slices.Contains(grants[role], r) })
}

// Visitor is who makes a request.
type Visitor struct {
	Account   Account            // signed in, or the owner of the token; Name is empty where there is none
	Guest     bool               // nobody signed in, and the configuration lets anyone on this machine read
	Local     bool               // came over the collector's own socket, which the file's permissions guard
	Token     *Token             // the request came with this API token
	Structure probes.StructureID // the link in the session was signed for it
	Remote    netip.Addr         // the client's address; invalid on the socket
}

// May says whether the visitor has the right.
func (v Visitor) May(r Right) bool {
	switch {
	case v.Structure != "" && (r == ReadOwnAudits || r == Dispute):
		return true
	case v.Local:
		return r == ReadFigures || r == ReadAudits || r == ReadEvidence
	case v.Token != nil:
		return v.Account.May(r) && slices.ContainsFunc(v.Token.Scopes, func(s Scope) bool { return slices.Contains(carries[s], r) })
	case v.Account.MustChange:
		return r == OwnAccount && v.Account.May(r)
	case v.Account.Name != "":
		return v.Account.May(r)
	}
	return v.Guest && slices.Contains(grants[Reader], r)
}

// Roles returns the roles whose rights the visitor has.
func (v Visitor) Roles() []Role {
	if v.Guest && v.Account.Name == "" {
		return []Role{Reader}
	}
	return v.Account.Roles
}

// SignedIn says whether a person is signed in with an account: neither a guest nor a program.
func (v Visitor) SignedIn() bool { return v.Account.Name != "" && v.Token == nil }

type visitorKey struct{}

// From returns who makes the request. A context that passed no guard has a visitor who may do nothing.
func From(ctx context.Context) Visitor {
	v, _ := ctx.Value(visitorKey{}).(Visitor)
	return v
}

// With returns a context in which v makes the request. The guard uses it, and so do tests and commands of the console.
func With(ctx context.Context, v Visitor) context.Context {
	return context.WithValue(ctx, visitorKey{}, v)
}

// Local lets requests over the collector's own socket read everything: who may open the file may read the data folder.
func Local(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, r.WithContext(With(r.Context(), Visitor{Local: true})))
	})
}
