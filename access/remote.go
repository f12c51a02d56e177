package access

import (
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// remote returns the client's address: the peer's, or what the header says when the peer is a proxy of ours. In a list the
// last address that is no proxy of ours counts, because a client can write the ones before it itself.
func (s *Settings) remote(r *http.Request) netip.Addr {
	at := peer(r.RemoteAddr)
	if s.ProxyHeader == "" || !s.trusts(at) {
		return at
	}
	hops := strings.Split(strings.Join(r.Header.Values(s.ProxyHeader), ","), ",")
	for _, hop := range slices.Backward(hops) {
		a := peer(strings.TrimSpace(hop))
		if !a.IsValid() {
			break
		}
		if at = a; !s.trusts(a) {
			break
		}
	}
	return at
}

func (s *Settings) trusts(a netip.Addr) bool {
	return slices.ContainsFunc(s.TrustedProxies, func(p netip.Prefix) bool { return p.Contains(a) })
}

// peer reads an address with or without a port.
func peer(text string) netip.Addr {
	if host, _, err := net.SplitHostPort(text); err == nil {
		text = host
	}
	a, err := netip.ParseAddr(strings.Trim(text, "[]"))
	if err != nil {
		return netip.Addr{}
	}
	return a.Unmap().WithZone("")
}
