package sip

import (
	"strings"

	gosip "github.com/emiago/sipgo/sip"
)

// us is our address as it is shown.
func (a *Agent) us() gosip.Uri {
	if a.line.Withheld {
		return gosip.Uri{Scheme: "sip", User: "anonymous", Host: "anonymous.invalid"}
	}
	return a.identity()
}

func (a *Agent) identity() gosip.Uri {
	domain := a.line.Domain
	if domain == "" && a.line.Server != "" {
		domain, _ = hostPort(a.line.Server)
	}
	return gosip.Uri{Scheme: "sip", User: first(a.line.From, a.line.User, "caller"), Host: first(domain, a.Host().String())}
}

// them is the callee's address without what only the way there needs.
func (a *Agent) them() gosip.Uri {
	return gosip.Uri{Scheme: a.target.Scheme, User: a.target.User, Host: a.target.Host, Port: a.target.Port}
}

func (a *Agent) contact() *gosip.ContactHeader {
	u := gosip.Uri{Scheme: "sip", User: "caller", Host: a.Host().String(), Port: int(a.local.Port())}
	if a.transport != "UDP" {
		u.UriParams.Add("transport", strings.ToLower(a.transport))
	}
	return &gosip.ContactHeader{Address: u}
}

func first(of ...string) string {
	for _, s := range of {
		if s != "" {
			return s
		}
	}
	return ""
}
