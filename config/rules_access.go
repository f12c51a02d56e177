package config

import (
	"crypto/tls"
	"fmt"
	"maps"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
)

// reach checks how people come to the site. What goes over a network is encrypted: by the collector (tls), or by a
// proxy in front of it that is named.
func (d *document) reach(c *Collector) {
	d.resolve(&c.TLS.CertFile, &c.TLS.KeyFile)
	public := d.public(c.PublicURL)
	for i, text := range c.TrustedProxies {
		if _, ok := Network(text); !ok {
			d.add(fmt.Sprintf("trusted_proxies[%d]", i), fmt.Sprintf("%q is neither an address nor a network", text), "write for example 10.1.0.5 or 10.1.0.0/16")
		}
	}
	switch {
	case strings.EqualFold(c.ProxyHeader, "Forwarded"):
		d.add("proxy_header", "Forwarded is not read", "let the proxy set X-Forwarded-For or X-Real-IP")
	case len(c.TrustedProxies) > 0 && !headerShape.MatchString(c.ProxyHeader):
		d.add("proxy_header", fmt.Sprintf("%q is not the name of a header", c.ProxyHeader), "write X-Forwarded-For or X-Real-IP")
	}
	switch own := d.certificate(&c.TLS); {
	case own:
	case public != nil && public.Scheme == "https" && len(c.TrustedProxies) == 0:
		d.add("trusted_proxies", "it is missing: all who come through the proxy at "+c.PublicURL+" would be counted as one client",
			"list the addresses from which the proxy asks, for example 127.0.0.1")
	case c.PublicURL == "" && !Loopback(c.Listen): // http in public_url is loopback's: a container's port that only its host sees
		d.add("listen", c.Listen+" is open to the network and passwords would cross it in clear",
			"listen on 127.0.0.1, give tls.cert_file and tls.key_file, or give public_url: https://… with the trusted_proxies in front")
	}
}

var headerShape = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9-]*$`)

// public reads public_url; nil: there is none that can be used.
func (d *document) public(text string) *url.URL {
	if text == "" {
		return nil
	}
	const mend = "write for example https://sonde.example"
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "":
		d.add("public_url", fmt.Sprintf("%q is not a web address", text), mend)
	case u.User != nil || u.RawQuery != "" || u.Fragment != "" || strings.Trim(u.Path, "/") != "":
		d.add("public_url", fmt.Sprintf("%q is more than a scheme and a host", u.Redacted()), mend)
	case u.Scheme == "http" && !Loopback(u.Hostname()):
		d.add("public_url", text+" is not encrypted", "write https://…; http is for this machine only")
	default:
		return u
	}
	return nil
}

// Network reads an address or a network.
func Network(text string) (netip.Prefix, bool) {
	if p, err := netip.ParsePrefix(text); err == nil {
		return p.Masked(), true
	}
	a, err := netip.ParseAddr(text)
	if err != nil || a.Zone() != "" {
		return netip.Prefix{}, false
	}
	return netip.PrefixFrom(a, a.BitLen()), true
}

// certificate says whether the site has a certificate of its own; one that cannot be used is a fault and counts as one,
// so that one mistake is told once.
func (d *document) certificate(t *TLS) bool {
	switch {
	case t.CertFile == "" && t.KeyFile == "":
		return false
	case t.CertFile == "":
		d.add("tls.cert_file", "it is missing", "a certificate needs cert_file and key_file")
		return true
	case t.KeyFile == "":
		d.add("tls.key_file", "it is missing", "a certificate needs cert_file and key_file")
		return true
	}
	cert, key := d.readable("tls.cert_file", t.CertFile), d.readable("tls.key_file", t.KeyFile)
	if cert == nil || key == nil {
		return true
	}
	if _, err := tls.X509KeyPair(cert, key); err != nil {
		d.add("tls.cert_file", "it cannot be used with key_file: "+err.Error(), "give the chain and the key that belongs to it, both in PEM")
	}
	return true
}

// access checks who may use the site.
func (d *document) access(c *Collector) {
	a := &c.Access
	if d.among("access.guest", a.Guest, "reader", "") && a.Guest != "" {
		if u, _ := url.Parse(c.PublicURL); !Loopback(c.Listen) || u != nil && u.Host != "" && !Loopback(u.Hostname()) {
			d.add("access.guest", "everybody on the network could read without a log-in", "remove it, or listen on 127.0.0.1 without public_url")
		}
	}
	if a.SessionIdle < 5*time.Minute {
		d.add("access.session_idle", fmt.Sprintf("%s is too short", a.SessionIdle), "write at least 5m")
	}
	if a.SessionMax < a.SessionIdle || a.SessionMax > 30*24*time.Hour {
		d.add("access.session_max", fmt.Sprintf("%s is not between session_idle and 30 days", a.SessionMax), "write for example 12h")
	}
	atLeast(d, "access.rate", a.Rate, 1)
	if atLeast(d, "access.burst", a.Burst, 10); a.Burst >= 10 && a.Burst < a.Rate {
		d.add("access.burst", fmt.Sprintf("%d is less than rate", a.Burst), "write at least as many as in access.rate")
	}
	if a.OIDC != nil {
		d.oidc(c, a.OIDC)
	}
}

func (d *document) oidc(c *Collector, o *OIDC) {
	const path = "access.oidc"
	if c.PublicURL == "" {
		d.add("public_url", "it is missing: the identity provider sends people back to it", "write for example https://sonde.example")
	}
	u, err := url.Parse(o.Issuer)
	switch {
	case err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "" || u.User != nil:
		d.add(path+".issuer", fmt.Sprintf("%q is not a web address", o.Issuer), "write it as the provider does, for example https://login.example/realms/audit")
	case u.Scheme == "http" && !Loopback(u.Hostname()):
		d.add(path+".issuer", o.Issuer+" is not encrypted", "use https; http is for this machine only")
	}
	if o.ClientID == "" {
		d.add(path+".client_id", "it is missing", "register public_url with /sign-in/oidc at the provider and write the name that it gives")
	}
	d.resolve(&o.ClientSecretFile)
	o.ClientSecret = d.secret(path+".client_secret", o.ClientSecret, path+".client_secret_file", o.ClientSecretFile)
	if o.ClientSecret == "" && o.ClientSecretFile == "" {
		d.add(path+".client_secret", "it is missing", "give client_secret_file, or client_secret: ${VARIABLE}")
	}
	if len(o.Roles) == 0 {
		d.add(path+".roles", "no group has a role: nobody could sign in", "write for example sonde-auditors: [auditor]")
	}
	for _, group := range slices.Sorted(maps.Keys(o.Roles)) {
		if len(o.Roles[group]) == 0 {
			d.add(path+".roles."+group, "it has no role", "write one or more of operator, auditor, reader")
		}
		for i, role := range o.Roles[group] {
			d.among(fmt.Sprintf("%s.roles.%s[%d]", path, group, i), role, "operator", "auditor", "reader")
		}
	}
}
