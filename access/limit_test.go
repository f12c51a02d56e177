package access_test

import (
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sonde-fleet/sonde/access"
)

// Five quick tries from an address, then one in 30 seconds; a log-in that succeeds gives them back.
func TestTriesOfAnAddress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, access.Settings{})
		d.operator()
		var throttled atomic.Int32
		d.db.Log = func(e access.Entry) {
			if e.What == access.SignInThrottled {
				throttled.Add(1)
			}
		}
		b := d.browser()
		for i := range 5 {
			b.fails(access.ErrCredentials, "POST", "/sign-in", "name", fmt.Sprintf("guess%d", i), "password", "wrong wrong wrong")
		}
		for range 3 {
			b.fails(access.ErrTooOften, "POST", "/sign-in", "name", "olga", "password", password)
		}
		if throttled.Load() != 1 {
			t.Errorf("%d lines about one flood", throttled.Load())
		}
		b.remote = "192.0.2.2:1"
		b.fails(access.ErrCredentials, "POST", "/sign-in", "name", "olga", "password", "wrong wrong wrong") // another address goes on
		b.remote = "192.0.2.1:9"
		time.Sleep(31 * time.Second)
		b.fails(access.ErrCredentials, "POST", "/sign-in", "name", "guess9", "password", "wrong wrong wrong")
		b.fails(access.ErrTooOften, "POST", "/sign-in", "name", "guess9", "password", "wrong wrong wrong")
		time.Sleep(31 * time.Second)
		b.must("POST", "/sign-in", "name", "olga", "password", password)
		for range 5 {
			b.fails(access.ErrCredentials, "POST", "/sign-in", "name", "guess9", "password", "wrong wrong wrong")
		}
	})
}

// Strangers from everywhere guess one account slowly, and whoever is signed in goes on.
func TestTriesOfAnAccount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, access.Settings{})
		d.operator()
		owner := d.browser()
		owner.must("POST", "/sign-in", "name", "olga", "password", password)
		stranger := d.browser()
		guesses := 0
		for i := range 200 {
			stranger.remote = fmt.Sprintf("[2001:db8:%x::1]:1", i)
			w := stranger.do("POST", "/sign-in", "name", []string{"olga", "OLGA", "Olga"}[i%3], "password", "wrong wrong wrong")
			if w.Body.String() == access.ErrCredentials.Error()+"\n" {
				guesses++
			}
			time.Sleep(time.Second)
		}
		if guesses < 11 || guesses > 12 { // 5, and 199 s / 30 s
			t.Errorf("%d guesses in 200 s", guesses)
		}
		if owner.who() != "Olga" {
			t.Error("strangers ended the owner's session")
		}
		owner.must("POST", "/password", "old", password, "new", "another password") // and do not keep her from this
	})
}

func TestRequestsOfAClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, access.Settings{Rate: 2, Burst: 10})
		b := d.browser()
		// All addresses of one IPv6 network are one client.
		for i := range 10 {
			b.remote = fmt.Sprintf("[2001:db8::%x]:1", i+1)
			b.must("GET", "/who")
		}
		if w := b.do("GET", "/who"); w.Code != http.StatusTooManyRequests || w.Header().Get("Retry-After") != "1" {
			t.Errorf("%d %v", w.Code, w.Header())
		}
		b.remote = "[2001:db8:0:1::1]:1"
		b.must("GET", "/who")
		b.remote = "[2001:db8::1]:1"
		time.Sleep(time.Second)
		b.must("GET", "/who")
		b.must("GET", "/who")
		if w := b.do("GET", "/who"); w.Code != http.StatusTooManyRequests {
			t.Errorf("%d", w.Code)
		}
	})
}

func TestRemote(t *testing.T) {
	proxies := []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16"), netip.MustParsePrefix("::1/128")}
	for _, c := range []struct {
		header string
		peer   string
		values []string
		want   string
	}{
		{"X-Forwarded-For", "10.1.0.5:1", []string{"203.0.113.9"}, "203.0.113.9"},
		{"X-Forwarded-For", "10.1.0.5:1", []string{"1.1.1.1, 203.0.113.9"}, "203.0.113.9"}, // the first was written by the client
		{"X-Forwarded-For", "10.1.0.5:1", []string{"203.0.113.9, 10.1.0.7"}, "203.0.113.9"},
		{"X-Forwarded-For", "10.1.0.5:1", []string{"1.1.1.1", "203.0.113.9"}, "203.0.113.9"},
		{"X-Forwarded-For", "[::1]:1", []string{"[2001:db8::1]:99"}, "2001:db8::1"},
		{"X-Forwarded-For", "[::ffff:10.1.0.5]:1", []string{"::ffff:203.0.113.9"}, "203.0.113.9"},
		{"X-Forwarded-For", "10.1.0.5:1", []string{"203.0.113.9, nonsense"}, "10.1.0.5"},
		{"X-Forwarded-For", "10.1.0.5:1", nil, "10.1.0.5"},
		{"X-Forwarded-For", "192.0.2.1:1", []string{"203.0.113.9"}, "192.0.2.1"}, // not a proxy of ours
		{"X-Real-Ip", "10.1.0.5:1", []string{"203.0.113.9"}, "203.0.113.9"},
		{"", "10.1.0.5:1", []string{"203.0.113.9"}, "10.1.0.5"},
		{"X-Forwarded-For", "@", []string{"203.0.113.9"}, "invalid IP"},
	} {
		d := newDesk(t, access.Settings{TrustedProxies: proxies, ProxyHeader: c.header})
		b := d.browser()
		b.remote = c.peer
		name := c.header
		if name == "" {
			name = "X-Forwarded-For"
		}
		b.header[name] = slices.Clone(c.values)
		if got := b.must("GET", "/from"); got != c.want {
			t.Errorf("%s from %s with %q: %s, want %s", c.header, c.peer, c.values, got, c.want)
		}
	}
}
