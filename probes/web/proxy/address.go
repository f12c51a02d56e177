package proxy

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// special are the addresses that no public website has (IANA's special-purpose registries for IPv4 and IPv6, RFC 6890),
// among them the cloud's metadata services and the prefixes that carry an IPv4 address inside an IPv6 one.
var special = prefixes("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
	"192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24",
	"198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
	"::/96", "::ffff:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16",
	"2620:4f:8000::/48", "3fff::/20", "5f00::/16", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8",
	"168.63.129.16/32") // Azure's metadata and name service has a public address

func prefixes(list ...string) []netip.Prefix {
	out := make([]netip.Prefix, len(list))
	for i, s := range list {
		out[i] = netip.MustParsePrefix(s)
	}
	return out
}

// public says whether a citizen's machine anywhere could reach the address.
func public(a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	if !a.IsValid() || !a.IsGlobalUnicast() {
		return false
	}
	for _, p := range special {
		if p.Contains(a) {
			return false
		}
	}
	return true
}

// Exception is an address that may be dialled although it is not public: a network or one address, and a port.
type Exception struct {
	Net  netip.Prefix
	Port uint16 // 0: every port
}

// ParseException reads "127.0.0.1:8080", "[::1]:8080", "10.1.0.0/16", "10.1.0.0/16:443" or "192.168.1.4".
func ParseException(s string) (Exception, error) {
	if p, err := netip.ParsePrefix(s); err == nil {
		return Exception{Net: p.Masked()}, nil
	}
	if a, err := netip.ParseAddr(s); err == nil {
		return Exception{Net: netip.PrefixFrom(a, a.BitLen())}, nil
	}
	host, port, ok := cutPort(s)
	n, err := strconv.ParseUint(port, 10, 16)
	if !ok || err != nil || n == 0 {
		return Exception{}, fmt.Errorf("%q is neither an address, a network nor one of these with a port; Try: 127.0.0.1:8080", s)
	}
	e, err := ParseException(strings.Trim(host, "[]"))
	if err != nil || e.Port != 0 {
		return Exception{}, fmt.Errorf("%q is neither an address, a network nor one of these with a port; Try: 127.0.0.1:8080", s)
	}
	e.Port = uint16(n)
	return e, nil
}

func cutPort(s string) (host, port string, ok bool) {
	i := strings.LastIndexByte(s, ':')
	if i < 0 {
		return "", "", false
	}
	return s[:i], s[i+1:], true
}

// allows says whether the exception covers the address.
func (e Exception) allows(a netip.AddrPort) bool {
	return e.Net.Contains(a.Addr().Unmap().WithZone("")) && (e.Port == 0 || e.Port == a.Port())
}
