package sip

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strconv"
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
