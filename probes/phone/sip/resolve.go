package sip

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"time"

	gosip "github.com/emiago/sipgo/sip"
)

// hostPort reads host, host:port or [v6]:port.
func hostPort(s string) (host string, port int) {
	if h, p, err := net.SplitHostPort(s); err == nil {
		port, _ = strconv.Atoi(p) // of a server that the configuration has checked
		return h, port
	}
	return s, 0
}

// resolve finds the server of a name (RFC 3263 without NAPTR): a port that is given leads to its addresses, a name alone to
// its SRV records first. IPv4 goes before IPv6, as trunks do.
func resolve(ctx context.Context, name string, port int, transport string) (netip.AddrPort, error) {
	usual := 5060
	if transport == "tls" {
		usual = 5061
	}
	if ip, err := netip.ParseAddr(name); err == nil {
		if port == 0 {
			port = usual
		}
		return netip.AddrPortFrom(ip.Unmap(), uint16(port)), nil
	}
	if port == 0 {
		port = usual
		service, proto := "sip", transport
		if transport == "tls" {
			service, proto = "sips", "tcp"
		}
		if _, found, err := net.DefaultResolver.LookupSRV(ctx, service, proto, name); err == nil && len(found) > 0 {
			name, port = found[0].Target, int(found[0].Port)
		}
	}
	found, err := net.DefaultResolver.LookupNetIP(ctx, "ip", name)
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("the address of %s: %w", name, err)
	}
	best := found[0]
	for _, ip := range found {
		if ip.Unmap().Is4() {
			best = ip
			break
		}
	}
	return netip.AddrPortFrom(best.Unmap(), uint16(port)), nil
}

// find looks up whom a request within the call goes to, where they gave a name: the library would wait for a name service
// that does not answer for as long as it takes. What has no address is sent to where their answer came from.
func (c *Call) find(ctx context.Context, d dialog, req *gosip.Request) {
	if req.MessageData.Destination() != "" {
		return
	}
	hop := req.Recipient
	if route := req.Route(); route != nil {
		hop = route.Address
	}
	if _, err := netip.ParseAddr(strings.Trim(hop.Host, "[]")); err == nil {
		return
	}
	ctx, stop := context.WithTimeout(ctx, min(lookup, c.a.brief))
	defer stop()
	to, err := resolve(ctx, hop.Host, hop.Port, strings.ToLower(c.a.transport))
	if err != nil {
		req.SetDestination(d.source)
		return
	}
	req.SetDestination(to.String())
}

// lookup is how long a name that came with an answer is looked for.
const lookup = 2 * time.Second
