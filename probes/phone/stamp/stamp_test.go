package stamp

import (
	"net"
	"runtime"
	"testing"
	"time"
)

func pair(t *testing.T) (here *Conn, there *net.UDPConn) {
	t.Helper()
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	there, err = net.DialUDP("udp", nil, conn.LocalAddr().(*net.UDPAddr))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = conn.Close(), there.Close() })
	return On(conn), there
}

// What waited in the queue was received when it came, and not when it was read.
func TestTheInstantIsThatOfTheSystem(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the system stamps nothing")
	}
	here, there := pair(t)
	const waits = 300 * time.Millisecond
	buf := make([]byte, 100)
	for range 2 { // the first turns the stamps on for the whole system, which takes it a moment
		before := time.Now()
		if _, err := there.Write([]byte("x")); err != nil {
			t.Fatal(err)
		}
		after := time.Now()
		time.Sleep(waits)
		_, from, at, err := here.Read(buf)
		if err != nil || from != there.LocalAddr().(*net.UDPAddr).AddrPort() {
			t.Fatal(from, err)
		}
		if late := at.Sub(after); at.Before(before.Add(-time.Millisecond)) || late > waits/2 {
			t.Logf("the stamp is %s late", late)
			continue
		}
		return
	}
	t.Error("what waited in the queue is measured")
}

func TestWhatFindsNoRoomIsCounted(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the system counts nothing")
	}
	here, there := pair(t)
	_ = here.SetReadBuffer(4096)
	const sent = 400
	for range sent {
		if _, err := there.Write(make([]byte, 500)); err != nil {
			t.Fatal(err)
		}
	}
	buf, got := make([]byte, 1000), 0
	for {
		_ = here.SetReadDeadline(time.Now().Add(200 * time.Millisecond))
		if _, _, _, err := here.Read(buf); err != nil {
			break
		}
		got++
	}
	if _, err := there.Write([]byte("x")); err != nil { // the count comes with the next
		t.Fatal(err)
	}
	_ = here.SetReadDeadline(time.Now().Add(5 * time.Second))
	if _, _, _, err := here.Read(buf); err != nil {
		t.Fatal(err)
	}
	if got+here.Spilt() != sent {
		t.Errorf("%d came and %d found no room, of %d", got, here.Spilt(), sent)
	}
}

func TestAClockThatWasSetIsNotBelieved(t *testing.T) {
	now := time.Now()
	for age, want := range map[time.Duration]time.Duration{0: 0, 30 * time.Millisecond: 30 * time.Millisecond, -time.Second: 0, time.Hour: 0} {
		if got := now.Sub(since(now, now.Round(0).Add(-age))); got != want {
			t.Errorf("an age of %s is taken for %s", age, got)
		}
	}
	if since(now, time.Time{}) != now {
		t.Error("no stamp is not now")
	}
}
