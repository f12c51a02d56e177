package paper

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// ErrNoBrowser says that no Chrome is installed.
var ErrNoBrowser = errors.New("no Chrome was found to print with; Try: apt-get install chromium-headless-shell fonts-liberation")

// browsers are the executables that are looked for, the best first: the shell needs half the processor time.
var browsers = []string{"chromium-headless-shell", "chrome-headless-shell", "chromium", "chromium-browser", "google-chrome"}

// printTime is how long a report may take to print; one of four hundred items takes about two seconds.
const printTime = time.Minute

// PDF prints a document as tagged PDF: headings, tables and pictures keep their meaning for those who hear it read aloud. The
// browser starts with an empty profile, reaches no network and is gone when PDF returns.
func PDF(ctx context.Context, html []byte, w io.Writer) error {
	path, err := findBrowser()
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", fmt.Sprintf("sonde-paper-%d-", os.Getpid()))
	if err != nil {
		return fmt.Errorf("print: %w", err)
	}
	defer clean(dir)
	in, out := filepath.Join(dir, "report.html"), filepath.Join(dir, "report.pdf")
	if err := os.WriteFile(in, html, 0o600); err != nil {
		return fmt.Errorf("print: %w", err)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, printTime, fmt.Errorf("not printed after %s", printTime))
	defer cancel()
	cmd := exec.CommandContext(ctx, path, flags(dir, in, out)...)
	cmd.Env = []string{"HOME=" + dir, "PATH=" + os.Getenv("PATH"), "LANG=C.UTF-8"} // our secrets stay with us
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) } // its children too
	cmd.WaitDelay = 5 * time.Second
	said := &tail{max: 2000}
	cmd.Stdout, cmd.Stderr = said, said
	err = cmd.Run()
	if cmd.Process != nil {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // what it left behind; mostly nothing
	}
	if ctx.Err() != nil {
		return fmt.Errorf("print with %s: %w", path, context.Cause(ctx))
	}
	if err != nil {
		return fmt.Errorf("print with %s: %w: %s", path, err, said)
	}
	pdf, err := os.ReadFile(out)
	if err != nil || !bytes.HasPrefix(pdf, []byte("%PDF-")) {
		return fmt.Errorf("print with %s: it made no PDF: %s", path, said)
	}
	mended, err := mend(pdf, html)
	if err != nil {
		slog.Warn("the PDF lacks what PDF/UA asks for beyond Chrome: it has another form than this program knows", "browser", path, "err", err)
		mended = pdf
	}
	_, err = w.Write(mended)
	return err
}

func findBrowser() (string, error) {
	for _, name := range browsers {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", ErrNoBrowser
}

func flags(dir, in, out string) []string {
	f := []string{"--headless", "--no-pdf-header-footer", "--generate-pdf-document-outline", "--export-tagged-pdf", "--print-to-pdf=" + out,
		"--user-data-dir=" + filepath.Join(dir, "profile"), "--no-first-run", "--no-default-browser-check", "--disable-gpu", "--disable-extensions",
		"--disable-component-update", "--disable-background-networking", "--disable-sync", "--disable-domain-reliability", "--no-pings", "--disable-dev-shm-usage",
		// No way out: no name resolves, and what asks for an address goes to a proxy that is not there.
		"--host-resolver-rules=MAP * ~NOTFOUND", "--proxy-server=http://127.0.0.1:9", "--proxy-bypass-list=<-loopback>", "--disable-quic", "--dns-prefetch-disable"}
	if os.Geteuid() == 0 {
		f = append(f, "--no-sandbox") // root cannot use Chrome's sandbox; a collector runs as another user
	}
	return append(f, "file://"+in)
}

// clean removes the folder; Chrome's last children still write while they die.
func clean(dir string) {
	for range 20 {
		if os.RemoveAll(dir) == nil {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// tail keeps the end of what a program said.
type tail struct {
	max  int
	text []byte
}

func (t *tail) Write(p []byte) (int, error) {
	t.text = append(t.text, p...)
	t.text = t.text[max(0, len(t.text)-t.max):]
	return len(p), nil
}

func (t *tail) String() string { return strings.TrimSpace(strings.ToValidUTF8(string(t.text), "")) }
