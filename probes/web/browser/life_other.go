//go:build !linux

package browser

import "syscall"

// group has no counterpart outside Linux: Chrome ends when its pipe closes.
func group() *syscall.SysProcAttr { return &syscall.SysProcAttr{} }

func yield(int) {}
