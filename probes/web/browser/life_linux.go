package browser

import "syscall"

// group puts Chrome into a process group of its own, which ends with us even when we are killed.
func group() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// yield lets Chrome's group run when nobody else wants to: a mail's instant must not wait for a page's picture.
func yield(pid int) {
	if pid > 0 {
		_ = syscall.Setpriority(syscall.PRIO_PGRP, pid, 10) // it runs all the same
	}
}
