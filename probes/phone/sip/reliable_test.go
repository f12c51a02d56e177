package sip

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"log/slog"
	"math/big"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/emiago/sipgo"
	gosip "github.com/emiago/sipgo/sip"
)

// serve runs a telephone of sipgo's over a stream: it rings, answers, and hangs up when hang is closed.
func serve(t *testing.T, l net.Listener, network string, hang <-chan struct{}) (byes, hungUp <-chan struct{}) {
	t.Helper()
	quiet := slog.New(slog.DiscardHandler)
	ua, err := sipgo.NewUA(sipgo.WithUserAgentTransportLayerOptions(gosip.WithTransportLayerLogger(quiet)),
		sipgo.WithUserAgentTransactionLayerOptions(gosip.WithTransactionLayerLogger(quiet)))
	if err != nil {
		t.Fatal(err)
	}
	server, err := sipgo.NewServer(ua, sipgo.WithServerLogger(quiet))
	if err != nil {
		t.Fatal(err)
	}
	client, err := sipgo.NewClient(ua, sipgo.WithClientLogger(quiet))
	if err != nil {
		t.Fatal(err)
	}
	bye := make(chan struct{}, 1)
	invited := make(chan *gosip.Request, 1)
	contact := gosip.NewHeader("Contact", "<sip:desk@"+l.Addr().String()+";transport="+network+">")
	server.OnOptions(func(req *gosip.Request, tx gosip.ServerTransaction) {
		_ = tx.Respond(gosip.NewResponseFromRequest(req, 200, "OK", nil))
	})
	server.OnInvite(func(req *gosip.Request, tx gosip.ServerTransaction) {
		_ = tx.Respond(gosip.NewResponseFromRequest(req, 180, "Ringing", nil))
		r := gosip.NewResponseFromRequest(req, 200, "OK", []byte(described))
		r.To().Params.Remove("tag")
		r.To().Params.Add("tag", "far")
		r.AppendHeader(contact)
		r.AppendHeader(gosip.NewHeader("Content-Type", "application/sdp"))
		time.Sleep(50 * time.Millisecond) // sipgo hands messages on in no order
		_ = tx.Respond(r)
		invited <- req
	})
	server.OnAck(func(*gosip.Request, gosip.ServerTransaction) {})
	server.OnBye(func(req *gosip.Request, tx gosip.ServerTransaction) {
		_ = tx.Respond(gosip.NewResponseFromRequest(req, 200, "OK", nil))
		bye <- struct{}{}
	})
	served := make(chan struct{})
	go func() {
		defer close(served)
		if network == "tls" {
			_ = server.ServeTLS(l)
			return
		}
		_ = server.ServeTCP(l)
	}()
	hung := make(chan struct{})
	go func() {
		defer close(hung)
		select {
		case <-hang:
		case <-t.Context().Done():
			return
		}
		invite := <-invited
		req := gosip.NewRequest(gosip.BYE, invite.Contact().Address)
		via := &gosip.ViaHeader{ProtocolName: "SIP", ProtocolVersion: "2.0", Transport: strings.ToUpper(network), Host: "127.0.0.1", Port: 1}
		via.Params.Add("branch", gosip.GenerateBranch())
		from := &gosip.FromHeader{Address: invite.To().Address}
		from.Params.Add("tag", "far")
		to, hops := invite.From().AsTo(), gosip.MaxForwardsHeader(70)
		for _, h := range []gosip.Header{via, from, &to, gosip.HeaderClone(invite.CallID()), &gosip.CSeqHeader{SeqNo: 7, MethodName: gosip.BYE}, &hops} {
			req.AppendHeader(h)
		}
		req.SetBody(nil)
		req.SetTransport(strings.ToUpper(network))
		req.SetDestination(invite.Source()) // the connection that there is
		ctx, stop := context.WithTimeout(context.Background(), 20*time.Second)
		defer stop()
		if r, err := client.Do(ctx, req, asIs); err != nil || r.StatusCode != 200 {
			t.Errorf("our BYE over %s: %v, %v", network, r, err)
		}
	}()
	t.Cleanup(func() {
		_ = l.Close()
		_ = ua.Close()
		<-served
		<-hung
	})
	return bye, hung
}

func TestOverTCP(t *testing.T) { overStream(t, "tcp", nil, nil) }

func TestOverTLS(t *testing.T) {
	server, client := certificate(t)
	overStream(t, "tls", server, client)
	l, err := tls.Listen("tcp", "127.0.0.1:0", server)
	if err != nil {
		t.Fatal(err)
	}
	serve(t, l, "tls", nil)
	a, err := Open(t.Context(), Line{Transport: "tls"}, "sip:mairie@"+l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Ping(t.Context()); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("a certificate that nobody vouches for gives %v", err)
	}
	if err := a.Close(); err != nil {
		t.Error(err)
	}
}

func overStream(t *testing.T, network string, server, client *tls.Config) {
	for _, theirs := range []bool{false, true} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		if server != nil {
			l = tls.NewListener(l, server)
		}
		hang := make(chan struct{})
		byes, hung := serve(t, l, network, hang)
		d := start(t, Line{Transport: network, TLS: client}, "sip:mairie@"+l.Addr().String())
		if s, before := d.until(Answered); s.Code != 200 || len(before) == 0 || before[len(before)-1].Code != 180 {
			t.Errorf("%s: got %+v after %+v", network, s, before)
		}
		if theirs {
			close(hang)
			<-hung
		} else {
			d.call.Hangup()
		}
		if s, _ := d.until(Ended); s.Theirs != theirs {
			t.Errorf("%s: got %+v", network, s)
		}
		if !theirs {
			<-byes
		}
	}
}

// certificate makes one for 127.0.0.1, and a client that trusts it.
func certificate(t *testing.T) (server, client *tls.Config) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	of := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign}
	der, err := x509.CreateCertificate(rand.Reader, of, of, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	made, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(made)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}, &tls.Config{RootCAs: pool}
}
