package access

import (
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// limiter counts tries under keys. It remembers the keys that were used last, two generations of most at the most, so
// that a stranger with many addresses cannot fill the memory.
type limiter struct {
	each  rate.Limit
	burst int
	most  int

	mu       sync.Mutex
	now, was map[string]*tries
}

type tries struct {
	bucket *rate.Limiter
	told   bool // that the key is over its limit
}

func newLimiter(each rate.Limit, burst, most int) *limiter {
	return &limiter{each: each, burst: burst, most: most, now: map[string]*tries{}}
}

// take uses up one try. wait is how long the next one must wait when there is none; first, that this is news.
func (l *limiter) take(key string) (wait time.Duration, first bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	t := l.now[key]
	if t == nil {
		if t = l.was[key]; t == nil {
			t = &tries{bucket: rate.NewLimiter(l.each, l.burst)}
		}
		if len(l.now) >= l.most {
			l.was, l.now = l.now, map[string]*tries{}
		}
		l.now[key] = t
	}
	at := time.Now()
	if t.bucket.AllowN(at, 1) {
		t.told = false
		return 0, false
	}
	first, t.told = !t.told, true
	return time.Duration((1 - t.bucket.TokensAt(at)) / float64(l.each) * float64(time.Second)), first
}

// forget gives the key all its tries back.
func (l *limiter) forget(key string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.now, key)
	delete(l.was, key)
}

// client is the key of an address. An IPv6 host has its whole /64 to choose addresses from.
func client(a netip.Addr) string {
	if a.Is6() && !a.Is4In6() {
		if p, err := a.Prefix(64); err == nil {
			return p.String()
		}
	}
	return a.Unmap().String()
}
