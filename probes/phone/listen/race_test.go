//go:build race

package listen

// The race detector takes ten times as long: `make check` composes all the calls once more without it.
func init() { *composed, *least = 11, 0.8 }
