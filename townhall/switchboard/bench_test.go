package switchboard

import (
	"fmt"
	"net"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/sonde-fleet/sonde/probes/phone/media"
)

// BenchmarkCallsAtOnce plays hold music to 200 callers for 5 s: what processor time a call takes, both ends together, and how late a
// packet is at most, beside what the process was kept from running.
//
//	go test ./townhall/switchboard -run - -bench CallsAtOnce -benchtime 1x
func BenchmarkCallsAtOnce(b *testing.B) {
	const callers, lasts = 200, 5 * s
	telephones := map[string]Conduct{}
	for i := range callers {
		telephones[fmt.Sprintf("bureau-%d", i)] = Conduct{Ways: []Way{{Steps: []Step{{Act: Queue, For: time.Minute}}}}}
	}
	processor := func() time.Duration {
		var r syscall.Rusage
		_ = syscall.Getrusage(syscall.RUSAGE_SELF, &r) // it fails for a wrong address alone
		return time.Duration(r.Utime.Nano() + r.Stime.Nano())
	}
	for b.Loop() {
		late := stalls()
		far, stop := start(b, Options{Telephones: telephones, Sounds: sounds(b)})
		var mu sync.Mutex
		worst, packets := time.Duration(0), 0
		var hearing sync.WaitGroup
		conns := make([]*net.UDPConn, callers)
		for i := range conns {
			conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
			if err != nil {
				b.Fatal(err)
			}
			conns[i] = conn
			c := far.caller()
			body := string(media.Local{Addr: conn.LocalAddr().(*net.UDPAddr).AddrPort(), Session: 1}.Offer())
			c.user = fmt.Sprintf("bureau-%d", i)
			c.say("INVITE", 1, "a", body)
			c.expect(180)
			c.expect(200)
			c.say("ACK", 1, "b", "")
			hearing.Go(func() {
				buf := make([]byte, 2048)
				var first time.Time
				for n := 0; ; n++ {
					if _, err := conn.Read(buf); err != nil {
						return
					}
					if n == 0 {
						first = time.Now()
					}
					late := time.Since(first) - time.Duration(n)*media.Frame
					mu.Lock()
					worst, packets = max(worst, late), packets+1
					mu.Unlock()
				}
			})
		}
		before := processor()
		time.Sleep(lasts)
		b.ReportMetric(float64((processor()-before).Microseconds())/1000/callers/lasts.Seconds(), "cpu-ms/call-s")
		b.ReportMetric(float64(late().Milliseconds()), "stalled-ms")
		stop()
		for _, conn := range conns {
			_ = conn.Close()
		}
		hearing.Wait()
		b.ReportMetric(float64(worst.Milliseconds()), "latest-ms")
		if all := far.Truth(); len(all) != callers || strings.Contains(fmt.Sprint(all[0].EndedBy), "ACK") || packets < callers*int(lasts/media.Frame)*9/10 {
			b.Errorf("%d calls, %d packets", len(all), packets)
		}
	}
}
