package phone

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"math"
	"math/big"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	gosip "github.com/emiago/sipgo/sip"
	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/probes/phone/media"
	"github.com/sonde-fleet/sonde/probes/phone/sip"
)

// output collects what a server says, to be read while it runs.
type output struct {
	mu   sync.Mutex
	said bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.said.Write(p)
}

func (o *output) text() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.said.String()
}

// expect waits until it has said something.
func (o *output) expect(t *testing.T, what string) {
	t.Helper()
	for range 1000 {
		if strings.Contains(o.text(), what) {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("%q was not said in\n%s", what, o.text())
}

// server runs a program of Debian's in a folder of its own until the test is over.
func server(t *testing.T, name string, files map[string]string, args ...string) *output {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		if path = "/usr/sbin/" + name; exec.Command(path, "-v").Err != nil || !exists(path) {
			if os.Getenv("SONDE_INTEGRATION") == "required" {
				t.Fatalf("%s is not installed; Try: make install", name)
			}
			t.Skipf("%s is not installed", name)
		}
	}
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(strings.ReplaceAll(text, "DIR", dir)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for i := range args {
		args[i] = strings.ReplaceAll(args[i], "DIR", dir)
	}
	out := &output{}
	cmd := exec.Command(path, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, out, out
	idle, err := cmd.StdinPipe() // that never ends
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		stop := time.AfterFunc(5*time.Second, func() { _ = cmd.Process.Kill() })
		defer stop.Stop()
		_, _ = cmd.Wait(), idle.Close() // it was told to end
		if t.Failed() {
			t.Logf("%s said\n%.6000s", name, out.text())
		}
	})
	return out
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// TestKamailio places calls through a proxy that asks for credentials, stays in the way of the call, and answers some numbers itself.
func TestKamailio(t *testing.T) {
	t.Parallel()
	routed := func(step string) string {
		return strings.Replace(step, "[last_Call-ID:]", "[last_Record-Route:]\n      [last_Call-ID:]", 1)
	}
	target, verdict := sipp(t, routed(sippSays(180, "Ringing", false)), sippPause(300*time.Millisecond), routed(sippSays(200, "OK", true)), sippAck, sippPlay, sippHungUp, sippFine())
	port := freePort(t)
	modules := "/usr/lib/x86_64-linux-gnu/kamailio/modules/"
	for _, dir := range []string{"/usr/lib/aarch64-linux-gnu/kamailio/modules/", "/usr/lib/kamailio/modules/"} {
		if exists(dir) {
			modules = dir
		}
	}
	out := server(t, "kamailio", map[string]string{"kamailio.cfg": fmt.Sprintf(`#!KAMAILIO
children=2
disable_tcp=yes
auto_aliases=no
log_stderror=yes
debug=2
listen=udp:127.0.0.1:%d
mpath="%s"
loadmodule "tm.so"
loadmodule "sl.so"
loadmodule "rr.so"
loadmodule "pv.so"
loadmodule "siputils.so"
loadmodule "textops.so"
loadmodule "auth.so"
request_route {
	if (is_method("OPTIONS")) { sl_send_reply("200", "OK"); exit; }
	if (has_totag()) {
		if (loose_route()) { t_relay(); exit; }
		if (is_method("ACK")) { if (t_check_trans()) { t_relay(); } exit; }
		sl_send_reply("404", "Not here"); exit;
	}
	if (is_method("CANCEL")) { if (t_check_trans()) { t_relay(); } exit; }
	if (!is_method("INVITE")) { exit; }
	if (!pv_proxy_authenticate("trunk.test", "secret", "0")) { proxy_challenge("trunk.test", "1"); exit; }
	consume_credentials();
	if ($rU == "+33321000486") { sl_send_reply("486", "Busy Here"); exit; }
	if ($rU == "+33321000404") { sl_send_reply("404", "Not Found"); exit; }
	record_route();
	$du = "%s";
	t_relay();
}
`, port, modules, strings.Replace(target, "mairie@", "", 1))}, "-f", "kamailio.cfg", "-DD", "-E", "-Y", "DIR", "-w", "DIR", "-m", "16", "-M", "4")
	whenUp(t, port)
	line := sip.Line{Server: fmt.Sprintf("127.0.0.1:%d", port), Domain: "trunk.test", User: "u", Password: "secret", From: "+33100000000"}
	for number, class := range map[string]string{"+33321000486": probes.ClassBusy, "+33321000404": probes.ClassWrongNumber} {
		c := place(t, Options{Line: line}, number)
		if e := c.end(probes.CallDialled, probes.CallFailed); e.Detail["class"] != class {
			t.Errorf("%s: got %+v", number, e)
		}
	}
	wrong := line
	wrong.Password = "guessed"
	c := place(t, Options{Line: wrong}, "+33321000001")
	if <-c.done; !errors.Is(c.err, probes.ErrNotReached) || !strings.Contains(c.err.Error(), "407") {
		t.Errorf("a wrong password gives %v", c.err)
	}
	c = place(t, Options{Line: line, Max: 500 * time.Millisecond}, "+33321000001")
	e := c.end(probes.CallDialled, probes.CallRinging, probes.CallAnswered, probes.CallEnded)
	verdict()
	if e.Detail["why"] != "limit" || e.Detail["lost"] != "0" {
		t.Errorf("got %+v\n%s", e, out.text())
	}
}

// baresip runs a telephone that answers by itself and plays a tone. secure: over TLS, with SRTP or nothing.
func baresip(t *testing.T, secure bool) (line sip.Line, target string, out *output) {
	t.Helper()
	port := freePort(t)
	pair, pool := selfSigned(t) // it wants one for every line
	account := fmt.Sprintf("<sip:mairie@127.0.0.1:%d>;regint=0;answermode=auto;audio_codecs=pcma\n", port)
	files := map[string]string{"contacts": "", "cert.pem": pair, "tone.wav": tone(10 * time.Second), "config": fmt.Sprintf("sip_listen 127.0.0.1:%d\nsip_certificate DIR/cert.pem\nmodule_path /usr/lib/baresip/modules\nmodule stdio.so\nmodule g711.so\n"+
		"module aufile.so\nmodule srtp.so\nmodule_app account.so\nmodule_app menu.so\naudio_source aufile,DIR/tone.wav\naudio_player aufile,DIR/heard.wav\naudio_alert aufile,DIR/alert.wav\n", port)}
	target = fmt.Sprintf("sip:mairie@127.0.0.1:%d", port)
	if secure {
		account = fmt.Sprintf("<sip:mairie@127.0.0.1:%d;transport=tls>;regint=0;answermode=auto;audio_codecs=pcma;mediaenc=srtp-mand\n", port+1)
		line = sip.Line{Transport: "tls", TLS: &tls.Config{RootCAs: pool}, Secure: true}
		target = fmt.Sprintf("sip:mairie@127.0.0.1:%d;transport=tls", port+1)
	}
	files["accounts"] = account
	out = server(t, "baresip", files, "-f", "DIR")
	out.expect(t, "baresip is ready")
	return line, target, out
}

// tone is a file of 440 Hz.
func tone(d time.Duration) string {
	track, pcm := media.NewTrack(d), make([]int16, int(d*media.Rate/time.Second))
	for i := range pcm {
		pcm[i] = int16(8000 * math.Sin(2*math.Pi*440*float64(i)/media.Rate))
	}
	track.Put(media.Piece{PCM: pcm})
	return string(track.WAV())
}

// selfSigned is a certificate of 127.0.0.1 with its key, and who trusts it.
func selfSigned(t *testing.T) (pair string, pool *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	of := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign}
	der, err := x509.CreateCertificate(rand.Reader, of, of, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	pool = x509.NewCertPool()
	pool.AppendCertsFromPEM(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})) + string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})), pool
}

// TestBaresip presses keys, hears a tone, and asks the telephone by RTCP what it lost: in clear, and with everything encrypted.
func TestBaresip(t *testing.T) {
	for _, secure := range []bool{false, true} {
		t.Run(fmt.Sprintf("secure=%t", secure), func(t *testing.T) {
			t.Parallel()
			callBaresip(t, secure)
		})
	}
}

// TestSecureCall is the channel's own: it hears what is encrypted, and where the other side would speak in clear the fault is
// ours and the telephone is put down.
func TestSecureCall(t *testing.T) {
	t.Parallel()
	line, target, out := baresip(t, true)
	c := place(t, Options{Line: line, Max: time.Second}, target)
	c.ready(probes.CallEnded)
	if e := c.events[len(c.events)-1]; e.Detail["lost"] != "0" || millis(t, e, "packets") < 30*time.Millisecond {
		t.Errorf("got %+v\n%s", e, out.text())
	}
	line.Secure = false
	c = place(t, Options{Line: line}, target)
	if <-c.done; !errors.Is(c.err, probes.ErrNotReached) || !strings.Contains(c.err.Error(), "488") {
		t.Errorf("a telephone that wants secure sound alone gives %v", c.err)
	}
}

// TestAnAnswerInClearIsOurFault calls a telephone that was offered secure sound and answers in clear.
func TestAnAnswerInClearIsOurFault(t *testing.T) {
	t.Parallel()
	pair, pool := selfSigned(t)
	cert, err := tls.X509KeyPair([]byte(pair), []byte(pair))
	if err != nil {
		t.Fatal(err)
	}
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{cert}})
	if err != nil {
		t.Fatal(err)
	}
	byes := make(chan struct{}, 1)
	served := make(chan struct{})
	go func() {
		defer close(served)
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		stream, buf := gosip.NewParser().NewSIPStream(), make([]byte, 16<<10)
		for {
			n, err := conn.Read(buf)
			if err != nil {
				return
			}
			_ = stream.ParseSIPStream(buf[:n], func(m gosip.Message) { // a part of a message is no fault
				r, ok := m.(*gosip.Request)
				if !ok || r.IsAck() {
					return
				}
				var body []byte
				if r.IsInvite() {
					body = media.Local{Addr: netip.MustParseAddrPort("127.0.0.1:4000")}.Answer(media.Remote{Law: media.ALaw, Payload: 8})
				} else if r.Method == gosip.BYE {
					byes <- struct{}{}
				}
				res := gosip.NewResponseFromRequest(r, 200, "OK", body)
				res.AppendHeader(gosip.NewHeader("Contact", "<sip:x@"+l.Addr().String()+";transport=tls>"))
				_, _ = conn.Write([]byte(res.String())) // the caller finds it out
			})
		}
	}()
	c := place(t, Options{Line: sip.Line{Transport: "tls", TLS: &tls.Config{RootCAs: pool}, Secure: true}}, "sip:x@"+l.Addr().String())
	<-c.done
	if !errors.Is(c.err, media.ErrClear) {
		t.Errorf("got %v, %+v", c.err, c.events)
	}
	<-byes
	_ = l.Close()
	<-served
}

// ready waits for the end of a call, of one of the kinds.
func (c *calling) ready(kinds ...probes.Kind) {
	c.t.Helper()
	<-c.done
	if c.err != nil || len(c.events) == 0 || !slices.Contains(kinds, c.events[len(c.events)-1].Kind) {
		c.t.Fatalf("%v, %+v", c.err, c.events)
	}
}

func callBaresip(t *testing.T, secure bool) {
	line, target, out := baresip(t, secure)
	ctx, stop := context.WithTimeout(t.Context(), 40*time.Second)
	defer stop()
	agent, err := sip.Open(ctx, line, target)
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	samples, loud := 0, 0
	stream, err := media.Listen(agent.Host(), time.Now(), func(p media.Piece) {
		mu.Lock()
		defer mu.Unlock()
		for _, s := range p.PCM {
			if samples++; s > 500 || s < -500 {
				loud++
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	local := media.Local{Addr: netip.AddrPortFrom(agent.Host(), stream.Port()), Session: 1, Version: 1}
	if secure {
		if local.Key, err = stream.Secure(); err != nil {
			t.Fatal(err)
		}
	}
	call, err := agent.Invite(ctx, local.Offer(), func([]byte) ([]byte, error) { return local.Offer(), nil })
	if err != nil {
		t.Fatal(err)
	}
	context.AfterFunc(ctx, func() { call.Cancel(); call.Hangup() })
	looks := time.NewTicker(50 * time.Millisecond)
	defer looks.Stop()
	for open := true; open; {
		var s sip.Signal
		select {
		case s, open = <-call.Signals():
		case <-looks.C: // it reports each 5 s, and on a report of ours
			if c, _ := stream.Counts(); c.Trips > 0 && strings.Contains(out.text(), "received event: '#'") {
				call.Hangup()
			}
		}
		switch s.Kind {
		case sip.Answered:
			r, err := media.Parse(s.Body)
			if err == nil {
				err = stream.Connect(r)
			}
			if err != nil || r.Key.Set() != secure {
				t.Errorf("%v, %s", err, s.Body)
			}
			if err := stream.Press("13#"); err != nil {
				t.Error(err)
			}
		case sip.Failed:
			t.Errorf("got %+v", s)
		}
	}
	c, sent := stream.Counts()
	for _, err := range []error{stream.Close(), agent.Close()} {
		if err != nil {
			t.Error(err)
		}
	}
	for _, key := range []string{"1", "3", "#"} {
		if !strings.Contains(out.text(), "received event: '"+key+"'") {
			t.Errorf("the key %s was not received in\n%s", key, out.text())
		}
	}
	t.Logf("%d packets, %d lost; %d sent, %d lost of them by %d reports; round trip %s, %d times", c.Received, c.Lost, sent, c.RemoteLost, c.Reports, c.RoundTrip, c.Trips)
	if loud < samples/2 || c.Received < 30 || c.Lost > 0 || c.Trips == 0 || c.RemoteLost > 0 || c.RoundTrip > 200*time.Millisecond {
		t.Errorf("%d of %d samples are loud; %+v", loud, samples, c)
	}
}
