package access

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/alexedwards/scs/v2"
	"golang.org/x/time/rate"
)

// Settings are what the configuration says about access. SettingsOf makes them of a collector.yaml.
type Settings struct {
	Secure      bool          // the site is reached with https: the cookie is named __Host-sonde
	Guest       bool          // anyone may read; for a site that only this machine reaches
	SessionIdle time.Duration // 0: 2 hours
	SessionMax  time.Duration // 0: 12 hours
	Rate        int           // requests of one client a second; 0: 50
	Burst       int           // of them at once; 0: 200

	PublicURL      *url.URL // nil: the address on which the site listens
	OnlyLoopback   bool     // the site is for this machine: requests under another host name are refused
	TrustedProxies []netip.Prefix
	ProxyHeader    string // that the proxies set; empty: they are not asked

	OIDC *OIDC // nil: local accounts alone
}

// Guard stands in front of the site: it finds out who asks and stops who must not.
type Guard struct {
	// Refuse writes the answer to a request that the guard stops: ErrTooOften, ErrCrossOrigin, ErrHost, ErrToken, or
	// ErrSignIn and ErrForbidden from Require. nil: the plain text of the status. Headers are set before.
	Refuse func(w http.ResponseWriter, r *http.Request, status int, err error)

	db       *DB
	set      Settings
	sessions *scs.SessionManager
	origin   *http.CrossOriginProtection
	provider provider

	requests *limiter // of one client
	byClient *limiter // log-ins from one address
	byName   *limiter // log-ins to one account
	begun    *limiter // log-ins at the identity provider from one address
}

// NewGuard makes a guard over the accounts of db. It does no I/O.
func NewGuard(db *DB, s Settings) (*Guard, error) {
	fill(&s.SessionIdle, 2*time.Hour)
	fill(&s.SessionMax, 12*time.Hour)
	fill(&s.Rate, 50)
	fill(&s.Burst, 200)
	g := &Guard{db: db, set: s, origin: http.NewCrossOriginProtection(),
		requests: newLimiter(rate.Limit(s.Rate), s.Burst, 20_000),
		byClient: newLimiter(tryEach, quickTries, 20_000),
		byName:   newLimiter(tryEach, quickTries, 20_000),
		begun:    newLimiter(1, 20, 20_000)}
	// Not scs.New: it starts a goroutine for a store in memory that nobody needs and nobody can stop without a race.
	g.sessions = &scs.SessionManager{
		Store: newSessions(db.db, s.SessionIdle), Codec: codec{}, HashTokenInStore: true, Lifetime: s.SessionMax,
		// Without an end: we know when a session ends, and the cookie goes when the browser does.
		Cookie: scs.SessionCookie{Name: "sonde", HttpOnly: true, Secure: s.Secure, SameSite: http.SameSiteLaxMode, Path: "/"},
	}
	if s.Secure {
		g.sessions.Cookie.Name = "__Host-sonde"
	}
	g.sessions.ErrorFunc = func(w http.ResponseWriter, r *http.Request, err error) {
		slog.Error("session failed", "err", err)
		g.refuse(w, r, http.StatusInternalServerError, err)
	}
	if s.PublicURL != nil {
		if err := g.origin.AddTrustedOrigin(s.PublicURL.Scheme + "://" + s.PublicURL.Host); err != nil {
			return nil, fmt.Errorf("access: public address: %w", err)
		}
	}
	db.provider.Store(s.OIDC != nil)
	if s.OIDC != nil {
		if s.PublicURL == nil {
			return nil, errors.New("access: the identity provider cannot send people back; Try: public_url in the configuration")
		}
		g.provider = provider{OIDC: *s.OIDC, redirect: s.PublicURL.JoinPath(OIDCPath).String()}
	}
	return g, nil
}

func fill[T comparable](v *T, value T) {
	if *v == *new(T) {
		*v = value
	}
}

// Wrap puts the Visitor of each request into its context, and stops requests that come too often, under a foreign name,
// from another site or with a token that is not valid.
func (g *Guard) Wrap(next http.Handler) http.Handler {
	withSession := g.sessions.LoadAndSave(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r = r.WithContext(context.WithValue(r.Context(), sessionKey{}, g))
		v, err := g.visitor(r.Context())
		if err != nil {
			g.sessions.ErrorFunc(w, r, err)
			return
		}
		next.ServeHTTP(w, r.WithContext(With(r.Context(), v)))
	}))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		from := g.set.remote(r)
		r = r.WithContext(With(r.Context(), Visitor{Remote: from}))
		if g.set.Secure {
			w.Header().Set("Strict-Transport-Security", "max-age=31536000")
		}
		if wait, _ := g.requests.take(client(from)); wait > 0 {
			g.tooOften(w, r, &TooOftenError{Wait: wait})
			return
		}
		if !g.ours(r.Host) {
			g.refuse(w, r, http.StatusMisdirectedRequest, ErrHost)
			return
		}
		if secret, ok := bearer(r); ok {
			g.program(w, r, secret, next)
			return
		}
		if g.origin.Check(r) != nil {
			g.refuse(w, r, http.StatusForbidden, ErrCrossOrigin)
			return
		}
		withSession.ServeHTTP(w, r)
	})
}

type sessionKey struct{}

// session returns ErrNoSession unless the context is that of a request with a session of this guard.
func (g *Guard) session(ctx context.Context) error {
	if ctx.Value(sessionKey{}) != g {
		return ErrNoSession
	}
	return nil
}

// ours says whether the site may be reached under this host name. A page elsewhere that makes its own name point to this
// machine (DNS rebinding) does not read what a guest may read.
func (g *Guard) ours(host string) bool {
	if !g.set.OnlyLoopback {
		return true
	}
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	host = strings.Trim(host, "[]")
	if strings.EqualFold(host, "localhost") || g.set.PublicURL != nil && strings.EqualFold(host, g.set.PublicURL.Hostname()) {
		return true
	}
	a, err := netip.ParseAddr(host)
	return err == nil && a.Unmap().IsLoopback()
}

// bearer returns the secret of an Authorization header with a token.
func bearer(r *http.Request) (string, bool) {
	scheme, secret, ok := strings.Cut(r.Header.Get("Authorization"), " ")
	return strings.TrimSpace(secret), ok && strings.EqualFold(scheme, "Bearer")
}

// program serves a request that carries an API token: without a session, so without a cookie that another site could use.
func (g *Guard) program(w http.ResponseWriter, r *http.Request, secret string, next http.Handler) {
	v := From(r.Context())
	owner, token, err := g.db.useToken(secret)
	if err != nil {
		if !errors.Is(err, ErrToken) {
			g.sessions.ErrorFunc(w, r, err)
			return
		}
		w.Header().Set("WWW-Authenticate", `Bearer realm="sonde", error="invalid_token"`)
		g.refuse(w, r, http.StatusUnauthorized, ErrToken)
		return
	}
	v.Account, v.Token = owner, &token
	next.ServeHTTP(w, r.WithContext(With(r.Context(), v)))
}

// visitor finds out who has the session of the context. What a session says is held against the accounts and links each
// time, so that a change acts at once.
func (g *Guard) visitor(ctx context.Context) (Visitor, error) {
	v := From(ctx)
	if name := g.sessions.GetString(ctx, keyAccount); name != "" {
		r, err := g.db.record(name)
		switch {
		case err != nil && !errors.Is(err, ErrNoAccount):
			return v, err
		case err == nil && !r.Disabled && g.sessions.GetString(ctx, keyEpoch) == epoch(r):
			v.Account = r.Account
		default:
			if err := g.sessions.Destroy(ctx); err != nil {
				return v, fmt.Errorf("end session: %w", err)
			}
		}
	}
	if link := g.sessions.GetString(ctx, keyLink); link != "" {
		switch l, err := g.db.OpenLink(link); {
		case err == nil:
			v.Structure = l.Structure
		case errors.Is(err, ErrLink):
			g.sessions.Remove(ctx, keyLink)
		default:
			return v, err
		}
	}
	v.Guest = g.set.Guest && v.Account.Name == ""
	return v, nil
}

func epoch(r record) string { return strconv.FormatUint(r.Epoch, 10) }

// Require lets only visitors with the right through. Who is not signed in gets 401 and ErrSignIn, so that the site can
// lead to its log-in; who is, 403 and ErrForbidden.
func (g *Guard) Require(right Right, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch err := allowed(r.Context(), right); {
		case err == nil:
			next.ServeHTTP(w, r)
		case errors.Is(err, ErrSignIn):
			w.Header().Set("WWW-Authenticate", `Bearer realm="sonde"`)
			g.refuse(w, r, http.StatusUnauthorized, err)
		default:
			g.refuse(w, r, http.StatusForbidden, err)
		}
	})
}

func (g *Guard) refuse(w http.ResponseWriter, r *http.Request, status int, err error) {
	if g.Refuse != nil {
		g.Refuse(w, r, status, err)
		return
	}
	http.Error(w, http.StatusText(status), status)
}

func (g *Guard) tooOften(w http.ResponseWriter, r *http.Request, err *TooOftenError) {
	w.Header().Set("Retry-After", strconv.Itoa(err.Seconds()))
	g.refuse(w, r, http.StatusTooManyRequests, err)
}

// TooOftenError is ErrTooOften with the time after which another try is worth it.
type TooOftenError struct{ Wait time.Duration }

// Error tells how long to wait.
func (e *TooOftenError) Error() string {
	return fmt.Sprintf("%v; Try: again in %d s", ErrTooOften, e.Seconds())
}

// Unwrap is ErrTooOften.
func (e *TooOftenError) Unwrap() error { return ErrTooOften }

// Seconds is Wait in whole seconds, rounded up, as a Retry-After header wants it.
func (e *TooOftenError) Seconds() int { return int(math.Ceil(e.Wait.Seconds())) }
