package access

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	bolt "go.etcd.io/bbolt"
	"golang.org/x/oauth2"
)

// OIDCPath is where the identity provider sends people back to, below the public address.
const OIDCPath = "/sign-in/oidc"

// OIDC is an identity provider (OpenID Connect, authorization code with PKCE).
type OIDC struct {
	Issuer       string
	ClientID     string
	ClientSecret string
	NameClaim    string            // empty: preferred_username, or else an e-mail address that was verified
	RolesClaim   string            // a dot enters an object: realm_access.roles; empty: groups
	Roles        map[string][]Role // by group
}

// provider is an OIDC that was looked up. The look-up is made when it is first needed and again until it succeeds: a
// provider that is down keeps nobody from starting the collector.
type provider struct {
	OIDC
	redirect string

	mu     sync.Mutex
	found  *oidc.Provider
	failed time.Time // the last look-up that came to nothing
	fault  error
}

// providerPatience bounds each thing that is asked of the provider.
const providerPatience = 10 * time.Second

// providerPause is how long a look-up that failed is not repeated, so that people do not queue for the next one.
const providerPause = 5 * time.Second

func (p *provider) discover(ctx context.Context) (*oidc.Provider, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.found != nil {
		return p.found, nil
	}
	if p.fault != nil && time.Since(p.failed) < providerPause {
		return nil, p.fault
	}
	found, err := oidc.NewProvider(p.client(context.WithoutCancel(ctx)), p.Issuer)
	if err != nil {
		p.failed, p.fault = time.Now(), fmt.Errorf("%w: %w; Try: access.oidc.issuer as the provider writes it", ErrProvider, err)
		return nil, p.fault
	}
	p.found, p.fault = found, nil
	return found, nil
}

// client gives the library a client that does not wait for ever.
func (p *provider) client(ctx context.Context) context.Context {
	return oidc.ClientContext(ctx, &http.Client{Timeout: providerPatience})
}

func (p *provider) oauth(found *oidc.Provider) *oauth2.Config {
	var says struct {
		Scopes []string `json:"scopes_supported"`
	}
	_ = found.Claims(&says) // a provider that does not list its scopes is asked for the usual ones
	scopes := []string{oidc.ScopeOpenID, "profile", "email"}
	if slices.Contains(says.Scopes, "groups") {
		scopes = append(scopes, "groups")
	}
	return &oauth2.Config{ClientID: p.ClientID, ClientSecret: p.ClientSecret, Endpoint: found.Endpoint(), RedirectURL: p.redirect, Scopes: scopes}
}

// underWay is what a log-in that was begun must remember until the provider sends the person back.
type underWay struct {
	State    string `json:"state"`
	Nonce    string `json:"nonce"`
	Verifier string `json:"verifier"`
}

// HasOIDC says whether an identity provider is configured.
func (g *Guard) HasOIDC() bool { return g.set.OIDC != nil }

// BeginOIDC returns the address at the identity provider to which the person is to be sent.
func (g *Guard) BeginOIDC(ctx context.Context) (string, error) {
	if !g.HasOIDC() {
		return "", ErrNoProvider
	}
	if err := g.session(ctx); err != nil {
		return "", err
	}
	if wait, _ := g.begun.take(client(From(ctx).Remote)); wait > 0 {
		return "", &TooOftenError{Wait: wait}
	}
	found, err := g.provider.discover(ctx)
	if err != nil {
		return "", err
	}
	// GenerateVerifier is 32 random octets; what is good for a verifier is good for a state and a nonce.
	u := underWay{State: oauth2.GenerateVerifier(), Nonce: oauth2.GenerateVerifier(), Verifier: oauth2.GenerateVerifier()}
	text, err := json.Marshal(u)
	if err != nil {
		return "", fmt.Errorf("begin log-in: %w", err)
	}
	g.sessions.Put(ctx, keyPending, string(text))
	return g.provider.oauth(found).AuthCodeURL(u.State, oidc.Nonce(u.Nonce), oauth2.S256ChallengeOption(u.Verifier)), nil
}

// FinishOIDC signs in the person whom the identity provider sent back to OIDCPath with this query. ErrState, ErrDenied,
// ErrProvider, ErrIdentity, ErrNoRole, ErrNameTaken or ErrDisabled otherwise.
func (g *Guard) FinishOIDC(ctx context.Context, query url.Values) error {
	if !g.HasOIDC() {
		return ErrNoProvider
	}
	if err := g.session(ctx); err != nil {
		return err
	}
	r, err := g.finish(ctx, query)
	if err != nil {
		g.db.log(ctx, SignInRefused, r.Name, "oidc: "+reason(err))
		return err
	}
	return g.begin(ctx, r, "oidc")
}

// reason is the sentinel of a refusal, without what a stranger wrote.
func reason(err error) string {
	for _, known := range []error{ErrState, ErrDenied, ErrProvider, ErrIdentity, ErrNoRole, ErrNameTaken, ErrDisabled} {
		if errors.Is(err, known) {
			return known.Error()
		}
	}
	return "fault of ours"
}

func (g *Guard) finish(ctx context.Context, query url.Values) (record, error) {
	var u underWay
	text := g.sessions.PopString(ctx, keyPending) // good for one answer, whatever it is
	if json.Unmarshal([]byte(text), &u) != nil || u.State == "" || query.Get("state") != u.State {
		return record{}, ErrState
	}
	if code := query.Get("error"); code != "" {
		return record{}, fmt.Errorf("%w: %.100q", ErrDenied, code)
	}
	if iss := query.Get("iss"); iss != "" && iss != g.provider.Issuer { // RFC 9207
		return record{}, fmt.Errorf("%w: the answer is another provider's", ErrProvider)
	}
	found, err := g.provider.discover(ctx)
	if err != nil {
		return record{}, err
	}
	who, err := g.provider.exchange(ctx, found, query.Get("code"), u)
	if err != nil {
		return record{}, err
	}
	return g.db.arrive(ctx, who)
}

// identity is what the provider says of a person.
type identity struct {
	subject string // issuer, NUL, subject: the one thing that a provider never gives to somebody else
	name    string
	display string
	lang    string
	roles   []Role // none: the person has no business here
}

func (p *provider) exchange(ctx context.Context, found *oidc.Provider, code string, u underWay) (identity, error) {
	ctx, cancel := context.WithTimeout(p.client(ctx), 3*providerPatience)
	defer cancel()
	conf := p.oauth(found)
	tokens, err := conf.Exchange(ctx, code, oauth2.VerifierOption(u.Verifier))
	if err != nil {
		return identity{}, fmt.Errorf("%w: %w", ErrProvider, err)
	}
	raw, _ := tokens.Extra("id_token").(string)
	id, err := found.Verifier(&oidc.Config{ClientID: p.ClientID}).Verify(ctx, raw)
	if err != nil {
		return identity{}, fmt.Errorf("%w: %w", ErrProvider, err)
	}
	if id.Nonce != u.Nonce {
		return identity{}, fmt.Errorf("%w: the nonce is another one", ErrState)
	}
	claims := map[string]any{}
	if err := id.Claims(&claims); err != nil {
		return identity{}, fmt.Errorf("%w: %w", ErrProvider, err)
	}
	if at(claims, p.rolesClaim()) == nil || p.name(claims) == "" {
		if err := more(ctx, found, conf, tokens, id.Subject, claims); err != nil {
			return identity{}, err
		}
	}
	who := identity{subject: id.Issuer + "\x00" + id.Subject, name: p.name(claims), roles: p.roles(claims)}
	if display, _ := claims["name"].(string); line(display, 100) {
		who.display = display
	}
	if locale, _ := claims["locale"].(string); strings.HasPrefix(locale, "fr") {
		who.lang = "fr"
	} else if strings.HasPrefix(locale, "en") {
		who.lang = "en"
	}
	return who, nil
}

// more adds what the provider says at its userinfo endpoint alone. The ID token, which is signed, has the last word.
func more(ctx context.Context, found *oidc.Provider, conf *oauth2.Config, tokens *oauth2.Token, subject string, claims map[string]any) error {
	if found.UserInfoEndpoint() == "" {
		return nil
	}
	info, err := found.UserInfo(ctx, conf.TokenSource(ctx, tokens))
	if err != nil {
		return fmt.Errorf("%w: %w", ErrProvider, err)
	}
	if info.Subject != subject {
		return fmt.Errorf("%w: the user information is somebody else's", ErrProvider)
	}
	said := map[string]any{}
	if err := info.Claims(&said); err != nil {
		return fmt.Errorf("%w: %w", ErrProvider, err)
	}
	for k, v := range said {
		if _, there := claims[k]; !there {
			claims[k] = v
		}
	}
	return nil
}

func (p *provider) rolesClaim() string {
	if p.RolesClaim == "" {
		return "groups"
	}
	return p.RolesClaim
}

// at returns the claim under the name, or under a path with dots through objects; nil: there is none.
func at(claims map[string]any, path string) any {
	if v, there := claims[path]; there { // a name may be an address with dots in it
		return v
	}
	first, rest, dotted := strings.Cut(path, ".")
	if inner, ok := claims[first].(map[string]any); ok && dotted {
		return at(inner, rest)
	}
	return nil
}

// name returns the person's name; empty: there is none that can be believed.
func (p *provider) name(claims map[string]any) string {
	names := []string{"preferred_username", "email"}
	if p.NameClaim != "" {
		names = []string{p.NameClaim}
	}
	for _, claim := range names {
		name, _ := at(claims, claim).(string)
		verified := claims["email_verified"]
		if claim == "email" && verified != true && verified != "true" {
			continue // anybody can write anybody's address into their profile
		}
		if nameShape.MatchString(name) {
			return name
		}
	}
	return ""
}

// roles returns what the person's groups are good for here, in the order of Roles.
func (p *provider) roles(claims map[string]any) (out []Role) {
	var groups []string
	switch v := at(claims, p.rolesClaim()).(type) {
	case string:
		groups = []string{v}
	case []any:
		for _, g := range v {
			if text, ok := g.(string); ok {
				groups = append(groups, text)
			}
		}
	}
	for _, role := range Roles {
		if slices.ContainsFunc(groups, func(g string) bool { return slices.Contains(p.Roles[g], role) }) {
			out = append(out, role)
		}
	}
	return out
}

// arrive returns the account of a person whom the provider knows. It is made at the first log-in, and its roles are the
// provider's at each: who has lost them loses sessions and the rights of tokens too, were it the last operator. Then the
// collector prints a set-up link when it starts.
func (db *DB) arrive(ctx context.Context, who identity) (r record, err error) {
	made, changed := false, ""
	err = db.db.Update(func(tx *bolt.Tx) error {
		key := tx.Bucket(bucketSubjects).Get([]byte(who.subject))
		if key == nil {
			switch {
			case len(who.roles) == 0:
				return ErrNoRole
			case who.name == "":
				return ErrIdentity
			}
			made = true
			r = record{Subject: who.subject, Account: Account{Name: who.name, Display: who.display, Lang: who.lang, Roles: who.roles,
				Created: time.Now().UTC(), Source: OIDCSource}}
			return create(tx, r)
		}
		if r, err = find(tx, string(key)); err != nil {
			return err
		}
		if slices.Equal(r.Roles, who.roles) {
			return nil
		}
		changed = words(r.Roles) + " → " + words(who.roles)
		if r.Roles = who.roles; len(who.roles) == 0 {
			r.Epoch++
		}
		return put(tx, bucketAccounts, fold(r.Name), r)
	})
	if err != nil {
		return record{}, err
	}
	if made {
		db.log(ctx, AccountMade, r.Name, "oidc: "+words(r.Roles))
	}
	if changed != "" {
		db.log(ctx, RolesChanged, r.Name, "oidc: "+changed)
	}
	switch {
	case len(r.Roles) == 0:
		return r, ErrNoRole
	case r.Disabled:
		return r, ErrDisabled
	}
	return r, nil
}
