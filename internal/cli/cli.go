// Package cli is what the commands share: how arguments are read, how results are printed and how a command ends. It
// knows nothing of what the commands do.
package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"
)

// The exit codes of every command.
const (
	Done   = 0
	Failed = 1 // the work could not be done
	Usage  = 2 // wrong arguments or configuration
)

// UsageError makes a command end with the code Usage.
type UsageError struct{ Err error }

func (e UsageError) Error() string { return e.Err.Error() }
func (e UsageError) Unwrap() error { return e.Err }

// Output is where a command prints: results on Out, one JSON object a line when JSON is set, all else on Err.
type Output struct {
	Out, Err io.Writer
	JSON     bool
}

// Object prints v as one line of JSON.
func (o *Output) Object(v any) error {
	e := json.NewEncoder(o.Out)
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

// Printf prints for a reader.
func (o *Output) Printf(format string, args ...any) { fmt.Fprintf(o.Out, format, args...) }

// Run reads the arguments into the grammar, runs the command that they choose with what bind makes for it, and returns
// the exit code. Long flags may be written with one dash or two; json is the grammar's -json.
func Run(grammar any, json *bool, name, description string, args []string, stdout, stderr io.Writer, bind func(*Output) any) int {
	ended := -1
	parser, err := kong.New(grammar, kong.Name(name), kong.Description(description), kong.UsageOnError(), kong.Writers(stdout, stderr),
		kong.Exit(func(c int) { ended = c }), kong.ConfigureHelp(kong.HelpOptions{Compact: true}))
	if err != nil {
		fmt.Fprintln(stderr, name+":", err)
		return Usage
	}
	k, err := parser.Parse(TwoDashes(args))
	if ended >= 0 { // -h
		return Done
	}
	if err != nil {
		fmt.Fprintf(stderr, "%s: %v; Try: %s -h\n", name, err, name)
		return Usage
	}
	slog.SetDefault(slog.New(slog.NewTextHandler(stderr, nil)))
	return Code(name, k.Run(bind(&Output{Out: stdout, Err: stderr, JSON: *json})), stderr)
}

// TwoDashes rewrites -flag as --flag; a single letter, a negative number and what follows "--" stay as they are.
func TwoDashes(args []string) []string {
	out := make([]string, len(args))
	for i, a := range args {
		if a == "--" {
			copy(out[i:], args[i:])
			break
		}
		out[i] = a
		if len(a) > 2 && a[0] == '-' && a[1] != '-' && (a[1] < '0' || a[1] > '9') {
			out[i] = "-" + a
		}
	}
	return out
}

// Code prints what went wrong and returns the code with which the command ends.
func Code(name string, err error, stderr io.Writer) int {
	if err == nil || errors.Is(err, context.Canceled) {
		return Done
	}
	for line := range strings.Lines(err.Error()) {
		fmt.Fprint(stderr, name+": ", line)
	}
	fmt.Fprintln(stderr)
	if u := (UsageError{}); errors.As(err, &u) {
		return Usage
	}
	return Failed
}

// Context is done at the first SIGINT or SIGTERM; the second one ends the process at once.
func Context() (context.Context, context.CancelFunc) {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // from then on signals have their ordinary effect
	return ctx, stop
}

// Terminal says whether w is a terminal, where colour and a moving bar help.
func Terminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok || os.Getenv("NO_COLOR") != "" || os.Getenv("TERM") == "dumb" {
		return false
	}
	fi, err := f.Stat()
	return err == nil && fi.Mode()&os.ModeCharDevice != 0
}
