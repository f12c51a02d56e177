// Package cputime tells how long this process has computed, so that a test can hold how time grows with a hostile text, however
// busy the machine is. It is no clock: nothing that is measured comes from it.
package cputime

import (
	"syscall"
	"time"
)

// Spent returns the processor time of this process so far, all its threads together (getrusage, POSIX.1-2001).
func Spent() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		panic("cputime: getrusage of oneself cannot fail")
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
