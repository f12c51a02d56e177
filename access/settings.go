package access

import (
	"fmt"
	"net/url"

	"github.com/sonde-fleet/sonde/config"
)

// SettingsOf makes the guard's settings of a configuration that was loaded, and so checked.
func SettingsOf(c *config.Collector) (Settings, error) {
	s := Settings{
		Secure: c.TLS.CertFile != "", Guest: c.Access.Guest == string(Reader),
		SessionIdle: c.Access.SessionIdle, SessionMax: c.Access.SessionMax, Rate: c.Access.Rate, Burst: c.Access.Burst,
		OnlyLoopback: config.Loopback(c.Listen),
	}
	if c.PublicURL != "" {
		u, err := url.Parse(c.PublicURL)
		if err != nil {
			return Settings{}, fmt.Errorf("public_url: %w", err)
		}
		u.Path = ""
		s.PublicURL, s.Secure = u, s.Secure || u.Scheme == "https"
		s.OnlyLoopback = config.Loopback(u.Hostname())
	}
	for _, text := range c.TrustedProxies {
		p, ok := config.Network(text)
		if !ok {
			return Settings{}, fmt.Errorf("trusted_proxies: %q is neither an address nor a network", text)
		}
		s.TrustedProxies, s.ProxyHeader = append(s.TrustedProxies, p), c.ProxyHeader
	}
	if o := c.Access.OIDC; o != nil {
		s.OIDC = &OIDC{Issuer: o.Issuer, ClientID: o.ClientID, ClientSecret: o.ClientSecret, NameClaim: o.NameClaim, RolesClaim: o.RolesClaim,
			Roles: map[string][]Role{}}
		for group, roles := range o.Roles {
			for _, r := range roles {
				s.OIDC.Roles[group] = append(s.OIDC.Roles[group], Role(r))
			}
		}
	}
	return s, nil
}
