package config

import (
	"fmt"
	"log/slog"
	"time"
)

// Access is who may use the collector's site, and how much of it at once.
type Access struct {
	Guest       string        `yaml:"guest"`        // reader: anyone on this machine may read without a log-in; empty: nobody
	SessionIdle time.Duration `yaml:"session_idle"` // without a request, after which a log-in ends
	SessionMax  time.Duration `yaml:"session_max"`  // after which it ends in any case
	Rate        int           `yaml:"rate"`         // requests of one client a second
	Burst       int           `yaml:"burst"`        // of them at once
	OIDC        *OIDC         `yaml:"oidc"`         // absent: local accounts alone
}

// OIDC is an identity provider that speaks OpenID Connect.
type OIDC struct {
	Issuer           string              `yaml:"issuer"`
	ClientID         string              `yaml:"client_id"`
	ClientSecret     string              `yaml:"client_secret" json:"-"`
	ClientSecretFile string              `yaml:"client_secret_file"`
	NameClaim        string              `yaml:"name_claim"`  // empty: preferred_username, or else the e-mail address if it was verified
	RolesClaim       string              `yaml:"roles_claim"` // empty: groups; a dot enters an object: realm_access.roles
	Roles            map[string][]string `yaml:"roles"`       // by group: operator, auditor, reader
}

// TLS is the certificate with which the site itself speaks https.
type TLS struct {
	CertFile string `yaml:"cert_file"` // PEM, the chain
	KeyFile  string `yaml:"key_file"`  // PEM
}

// String shows the provider without its secret.
func (o OIDC) String() string {
	return fmt.Sprintf("{%s %s %s}", o.Issuer, o.ClientID, hide(o.ClientSecret))
}

// GoString shows the provider without its secret.
func (o OIDC) GoString() string { return "config.OIDC" + o.String() }

// LogValue shows the provider without its secret.
func (o OIDC) LogValue() slog.Value { return slog.StringValue(o.String()) }

// String shows the settings without the provider's secret: a pointer would be printed as what it points to.
func (a Access) String() string {
	return fmt.Sprintf("{guest=%s idle=%s max=%s rate=%d burst=%d oidc=%s}", a.Guest, a.SessionIdle, a.SessionMax, a.Rate, a.Burst, a.provider())
}

// GoString shows the settings without the provider's secret.
func (a Access) GoString() string { return "config.Access" + a.String() }

// LogValue shows the settings without the provider's secret.
func (a Access) LogValue() slog.Value { return slog.StringValue(a.String()) }

func (a Access) provider() string {
	if a.OIDC == nil {
		return "none"
	}
	return a.OIDC.String()
}
