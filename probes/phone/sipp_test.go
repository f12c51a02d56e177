package phone

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/probes/phone/media"
)

// What a telephone of SIPp does, step by step.
const (
	sippBegin = `<?xml version="1.0" encoding="UTF-8" ?>
<scenario name="callee">
  <recv request="INVITE" rrs="true"><action>
    <ereg regexp=".*" search_in="hdr" header="From:" assign_to="1" />
    <ereg regexp=".*" search_in="hdr" header="To:" assign_to="2" />
  </action></recv>
  <Reference variables="1,2" />
`
	sippSay = `  <send%s><![CDATA[
      SIP/2.0 %d %s
      [last_Via:]
      [last_From:]
      To:[$2];tag=sipp[call_number]
      [last_Call-ID:]
      [last_CSeq:]
      Contact: <sip:[local_ip]:[local_port]>
      %sContent-Length: [len]

%s    ]]></send>
`
	sippSound = `      v=0
      o=- 1 1 IN IP4 127.0.0.1
      s=-
      c=IN IP4 127.0.0.1
      t=0 0
      m=audio [auto_media_port] RTP/AVP 8
      a=rtpmap:8 PCMA/8000
`
	sippAck  = "  <recv request=\"ACK\" />\n"
	sippPlay = "  <nop><action><exec rtp_stream=\"sound.alaw,1,8\" /></action></nop>\n"
	sippBye  = `  <send retrans="500"><![CDATA[
      BYE [next_url] SIP/2.0
      Via: SIP/2.0/UDP [local_ip]:[local_port];branch=[branch]
      From:[$2];tag=sipp[call_number]
      To:[$1]
      [last_Call-ID:]
      CSeq: 2 BYE
      Max-Forwards: 70
      Content-Length: 0

    ]]></send>
  <recv response="200" />
`
	sippHungUp = "  <recv request=\"BYE\" />\n"
	sippCancel = "  <recv request=\"CANCEL\" />\n"
)

func sippSays(code int, reason string, sound bool) string {
	again, kind, body := "", "", ""
	if code >= 200 {
		again = ` retrans="500"`
	}
	if sound {
		kind, body = "Content-Type: application/sdp\n      ", sippSound
	}
	return fmt.Sprintf(sippSay, again, code, reason, kind, body)
}

// sippFine answers BYE or CANCEL, which nobody acknowledges.
func sippFine() string { return strings.Replace(sippSays(200, "OK", false), ` retrans="500"`, "", 1) }

func sippPause(d time.Duration) string {
	return fmt.Sprintf("  <pause milliseconds=\"%d\" />\n", d.Milliseconds())
}

// sipp runs a telephone and returns its address and how to wait for its own verdict.
func sipp(t *testing.T, steps ...string) (target string, verdict func()) {
	t.Helper()
	path, err := exec.LookPath("sipp")
	if err != nil {
		if os.Getenv("SONDE_INTEGRATION") == "required" {
			t.Fatal("sipp is not installed; Try: make install")
		}
		t.Skip("sipp is not installed")
	}
	dir := t.TempDir()
	pcm := make([]int16, 2*media.Rate)
	for i := range pcm {
		pcm[i] = int16(8000 * math.Sin(2*math.Pi*440*float64(i)/media.Rate))
	}
	for name, data := range map[string][]byte{"callee.xml": []byte(sippBegin + strings.Join(steps, "") + "</scenario>\n"), "sound.alaw": media.ALaw.Encode(nil, pcm)} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	port := freePort(t)
	ctx, stop := context.WithTimeout(context.Background(), 60*time.Second)
	t.Cleanup(stop)
	cmd := exec.CommandContext(ctx, path, "-sf", "callee.xml", "-i", "127.0.0.1", "-p", strconv.Itoa(port), "-m", "1", "-nostdin", "-aa", "-mi", "127.0.0.1",
		"-mp", strconv.Itoa(freePort(t)&^1), "-trace_err")
	cmd.Dir = dir
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("sip:mairie@127.0.0.1:%d", port), func() {
		t.Helper()
		if err := cmd.Wait(); err != nil {
			logs, _ := filepath.Glob(filepath.Join(dir, "*errors.log"))
			for _, log := range logs {
				text, _ := os.ReadFile(log) // more than nothing
				t.Logf("%s", text)
			}
			t.Errorf("sipp is not content: %v\n%s", err, out.Bytes())
		}
	}
}

// freePort is one below those that the system gives away: between the look and the start of a server nobody takes it.
func freePort(t *testing.T) int {
	t.Helper()
	for range 200 {
		port := 10000 + 2*rand.IntN(11000)
		udp, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port})
		if err != nil {
			continue
		}
		_ = udp.Close() // it was there
		return port
	}
	t.Fatal("no port is free")
	return 0
}

func millis(t *testing.T, e probes.Event, key string) time.Duration {
	t.Helper()
	n, err := strconv.Atoi(e.Detail[key])
	if err != nil {
		t.Errorf("%s of %s is %q", key, e.Kind, e.Detail[key])
	}
	return time.Duration(n) * time.Millisecond
}

// between holds a measure to what SIPp did; a machine under load is late, never early.
func between(t *testing.T, what string, got, low, high time.Duration) {
	t.Helper()
	if got < low-20*time.Millisecond || got > high {
		t.Errorf("%s is %s, want %s to %s", what, got, low, high)
	}
}

func TestSIPpAnswers(t *testing.T) {
	t.Parallel()
	target, verdict := sipp(t, sippPause(200*time.Millisecond), sippSays(180, "Ringing", false), sippPause(1500*time.Millisecond), sippSays(200, "OK", true), sippAck, sippPlay,
		sippPause(1500*time.Millisecond), sippBye)
	c := placeWhenUp(t, Options{}, target)
	e := c.end(probes.CallDialled, probes.CallRinging, probes.CallAnswered, probes.CallEnded)
	verdict()
	between(t, "the post-dial delay", millis(t, c.events[1], "pdd_ms"), 200*time.Millisecond, 2*time.Second)
	between(t, "the ringing", millis(t, c.events[2], "ring_ms"), 1500*time.Millisecond, 3*time.Second)
	between(t, "the talk", millis(t, e, "talk_ms"), 1400*time.Millisecond, 4*time.Second)
	if e.Detail["by"] != "structure" || e.Detail["lost"] != "0" {
		t.Errorf("got %+v", e)
	}
	if n, _ := strconv.Atoi(e.Detail["packets"]); n < 50 {
		t.Errorf("%d packets of about 75 were heard", n)
	}
	t.Logf("pdd %s ms, ring %s ms (1500), talk %s ms (1500), %s packets, jitter %s ms", c.events[1].Detail["pdd_ms"], c.events[2].Detail["ring_ms"], e.Detail["talk_ms"], e.Detail["packets"], e.Detail["jitter_ms"])
}

func TestSIPpQueue(t *testing.T) {
	t.Parallel()
	steps := []string{sippSays(183, "Session Progress", true), sippPlay}
	for range 15 {
		steps = append(steps, sippSays(182, "Queued", false), sippPause(20*time.Millisecond))
	}
	target, verdict := sipp(t, append(steps, sippPause(700*time.Millisecond), sippSays(200, "OK", true), sippAck, sippHungUp, sippFine())...)
	hears := &ear{}
	c := placeWhenUp(t, Options{Max: 300 * time.Millisecond, Listen: func(probes.Audit) Listener { return hears }}, target)
	e := c.end(probes.CallDialled, probes.CallRinging, probes.CallAnswered, probes.CallEnded)
	verdict()
	if !strings.Contains(c.events[2].Detail["answers"], "182×15") || e.Detail["why"] != "limit" {
		t.Errorf("got %+v", c.events[2:])
	}
	if hears.early < 20 {
		t.Errorf("%d packets of early media were heard", hears.early)
	}
}

func TestSIPpBusy(t *testing.T) {
	t.Parallel()
	target, verdict := sipp(t, sippSays(486, "Busy Here", false), sippAck)
	c := placeWhenUp(t, Options{}, target)
	if e := c.end(probes.CallDialled, probes.CallFailed); e.Detail["class"] != probes.ClassBusy {
		t.Errorf("got %+v", e)
	}
	verdict()
}

func TestSIPpDoesNotAnswer(t *testing.T) {
	t.Parallel()
	gone := strings.Replace(sippSays(487, "Request Terminated", false), "[last_CSeq:]", "CSeq: 1 INVITE", 1)
	target, verdict := sipp(t, sippSays(180, "Ringing", false), sippCancel, sippFine(), gone, sippAck)
	c := placeWhenUp(t, Options{Ring: 2 * time.Second}, target)
	e := c.end(probes.CallDialled, probes.CallRinging, probes.CallFailed)
	verdict()
	if e.Detail["class"] != probes.ClassNoAnswer || e.Detail["code"] != "487" {
		t.Errorf("got %+v", e)
	}
	between(t, "the ringing", millis(t, e, "ring_ms"), time.Second, 4*time.Second) // the limit runs from the dialling where we come late to the 180
}

// placeWhenUp calls when the telephone is there.
func placeWhenUp(t *testing.T, o Options, target string) *calling {
	t.Helper()
	_, port, _ := strings.Cut(strings.TrimPrefix(target, "sip:mairie@"), ":")
	n, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	whenUp(t, n)
	return place(t, o, target)
}

// whenUp waits for the telephone to be there.
func whenUp(t *testing.T, port int) {
	t.Helper()
	addr := fmt.Sprintf("127.0.0.1:%d", port)
	for range 400 {
		conn, err := net.Dial("udp", addr)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = conn.Write([]byte("\r\n\r\n"))
		_ = conn.SetReadDeadline(time.Now().Add(25 * time.Millisecond))
		_, err = conn.Read(make([]byte, 10))
		_ = conn.Close()
		if timeout, ok := err.(net.Error); ok && timeout.Timeout() {
			break // it is not refused
		}
		time.Sleep(25 * time.Millisecond)
	}
}
