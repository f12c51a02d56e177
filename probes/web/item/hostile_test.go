//go:build !race

package item

import (
	"testing"
	"time"
)

// A page of a megabyte that is made to be slow is read in bounded time. The race detector makes everything ten times
// slower and more: there TestHostilePagesGrow holds how the time grows.
func TestHostilePages(t *testing.T) {
	for name, page := range hostile(1 << 20) {
		began := time.Now()
		Read(hostileAddress, []byte(page))
		if took := time.Since(began); took > 20*time.Second {
			t.Errorf("%s: %v", name, took)
		} else {
			t.Logf("%s: %v", name, took.Round(time.Millisecond))
		}
	}
}
