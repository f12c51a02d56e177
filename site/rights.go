package site

import (
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/sonde-fleet/sonde/access"
	"github.com/sonde-fleet/sonde/probes"
)

// need lets only those through who have the right. Who may still sign in is led there and comes back; a program is told.
func (s *server) need(right access.Right, h http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		who := access.From(r.Context())
		switch {
		case who.May(right):
			h(w, r)
		case forPrograms(r) && who.Account.Name == "":
			w.Header().Set("WWW-Authenticate", "Bearer")
			problemJSON(w, http.StatusUnauthorized, "this needs a token or a session; Try: Authorization: Bearer sonde_…, made on the page of your account")
		case forPrograms(r):
			problemJSON(w, http.StatusForbidden, "the account or the token lacks the right to "+string(right))
		case who.SignedIn() || who.Structure != "":
			s.problem(w, r, http.StatusForbidden)
		default:
			to := url.Values{}
			if r.Method == http.MethodGet {
				to.Set("next", r.URL.RequestURI())
			}
			if lang := r.URL.Query().Get("lang"); lang != "" {
				to.Set("lang", lang)
			}
			http.Redirect(w, r, "/sign-in?"+to.Encode(), http.StatusSeeOther)
		}
	}
}

// forPrograms says whether the address is one that programs ask for.
func forPrograms(r *http.Request) bool {
	p := r.URL.Path
	return strings.HasPrefix(p, "/api/") || p == "/metrics" || strings.HasSuffix(p, ".csv") || strings.HasSuffix(p, ".parquet") ||
		r.Header.Get("Authorization") != ""
}

// reads remembers who read what lately, so that the trail gets one line for an audit that is looked at all morning.
type reads struct {
	mu   sync.Mutex
	seen map[[2]string]time.Time
}

// again is how long a reading stands before it is written down once more.
const again = time.Hour

func newReads() *reads { return &reads{seen: map[[2]string]time.Time{}} }

// new says whether the reading must be written down.
func (r *reads) new(who, what string, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.seen) > 10_000 {
		clear(r.seen) // a line too many is no harm
	}
	k := [2]string{who, what}
	if at, ok := r.seen[k]; ok && now.Sub(at) < again {
		return false
	}
	r.seen[k] = now
	return true
}

// read writes down that personal data of the audit was read; an error means that it must not be shown.
func (s *server) read(r *http.Request, id probes.AuditID, what string) error {
	who := access.From(r.Context())
	if s.pen == nil || who.Local || !s.reads.new(name(who), string(id)+what, time.Now()) {
		return nil
	}
	_, err := s.pen.Write(probes.Event{Kind: probes.AccessRead, At: time.Now().UTC(), Audit: id, Detail: map[string]string{"by": name(who), "what": what}})
	return err
}

// name says who a visitor is, for the trail.
func name(v access.Visitor) string {
	switch {
	case v.Token != nil:
		return v.Account.Name + " (token " + v.Token.Name + ")"
	case v.Account.Name != "":
		return v.Account.Name
	case v.Structure != "":
		return "structure " + string(v.Structure)
	case v.Guest:
		return "guest"
	}
	return "local"
}
