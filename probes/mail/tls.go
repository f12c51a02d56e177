package mail

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"

	"github.com/emersion/go-sasl"
)

// tlsConfig returns a configuration of this server's own, so that no server name sticks to another's connection.
func (s Server) tlsConfig() *tls.Config {
	c := &tls.Config{}
	if s.TLS != nil {
		c = s.TLS.Clone()
	}
	if c.ServerName == "" {
		c.ServerName, _, _ = net.SplitHostPort(s.Addr)
	}
	c.MinVersion = tls.VersionTLS12
	if s.monitor != nil {
		verify := c.VerifyConnection
		c.VerifyConnection = func(state tls.ConnectionState) error {
			if verify != nil {
				if err := verify(state); err != nil {
					return err
				}
			}
			s.monitor.Certificate(s.Addr, state.PeerCertificates[0].NotAfter)
			return nil
		}
	}
	return c
}

func handshake(ctx context.Context, conn net.Conn, c *tls.Config) (net.Conn, error) {
	secure := tls.Client(conn, c)
	if err := secure.HandshakeContext(ctx); err != nil {
		return nil, fmt.Errorf("TLS: %w", err)
	}
	return secure, nil
}

// XOAuth2 is the SASL mechanism of Google and Microsoft; go-sasl has OAUTHBEARER (RFC 7628) but not this one.
func XOAuth2(user, token string) sasl.Client { return &xoauth2{user, token} }

type xoauth2 struct{ user, token string }

func (x *xoauth2) Start() (string, []byte, error) {
	return "XOAUTH2", []byte("user=" + x.user + "\x01auth=Bearer " + x.token + "\x01\x01"), nil
}

// Next answers the server's JSON error with an empty line, after which it gives its real reply.
func (x *xoauth2) Next([]byte) ([]byte, error) { return []byte{}, nil }
