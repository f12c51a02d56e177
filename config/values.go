package config

import (
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/caarlos0/env/v11"
)

// UnmarshalText reads "15d", "1d12h" or any Go duration.
func (d *Days) UnmarshalText(text []byte) error {
	length, err := parseDays(string(text))
	if err != nil {
		return err
	}
	*d = Days(length)
	return nil
}

// String writes whole days as "15d" and anything else as a Go duration.
func (d Days) String() string {
	if d != 0 && d%day == 0 {
		return strconv.FormatInt(int64(d/day), 10) + "d"
	}
	return time.Duration(d).String()
}

// parseDays is time.ParseDuration with days of 24 hours in front.
func parseDays(text string) (time.Duration, error) {
	text = strings.TrimSpace(text)
	before, after, found := strings.Cut(text, "d")
	if !found {
		return time.ParseDuration(text)
	}
	n, err := strconv.ParseInt(before, 10, 32)
	if err != nil || n > 36500 || n < -36500 {
		return 0, fmt.Errorf("%q is not a number of days", before)
	}
	rest := time.Duration(0)
	if after != "" {
		if rest, err = time.ParseDuration(after); err != nil || rest < 0 {
			return 0, fmt.Errorf("%q is not a duration", after)
		}
	}
	if n < 0 {
		rest = -rest
	}
	return time.Duration(n)*time.Duration(day) + rest, nil
}

var variable = regexp.MustCompile(`\$\{([A-Za-z_][A-Za-z0-9_]*)\}`)

// expand replaces ${NAME} by the environment where the file allows it. A variable that is not set is a fault.
func (d *document) expand(text, path string) string {
	if !d.environment || !strings.Contains(text, "${") {
		return text
	}
	return variable.ReplaceAllStringFunc(text, func(m string) string {
		name := m[2 : len(m)-1]
		value, ok := os.LookupEnv(name)
		if !ok {
			d.add(path, "the environment variable "+name+" is not set", "set it, or write the value in a file of its own")
			d.broken[path] = true
		}
		return value
	})
}

// override replaces settings by SONDE_LISTEN, SONDE_DATA and SONDE_TOKEN where these are set.
func (d *document) override(listen, data, token *string) {
	var from struct {
		Listen *string `env:"LISTEN"`
		Data   *string `env:"DATA"`
		Token  *string `env:"TOKEN"`
	}
	if err := env.ParseWithOptions(&from, env.Options{Prefix: "SONDE_"}); err != nil {
		d.add("", "the environment cannot be read: "+err.Error(), "")
		return
	}
	for _, pair := range [][2]*string{{listen, from.Listen}, {data, from.Data}, {token, from.Token}} {
		if pair[0] != nil && pair[1] != nil {
			*pair[0] = *pair[1]
		}
	}
}

// resolve makes a path relative to the folder of the file.
func (d *document) resolve(paths ...*string) {
	for _, path := range paths {
		if *path != "" && !filepath.IsAbs(*path) {
			*path = filepath.Join(d.folder, *path)
		}
	}
}

// secret returns a secret from the file or from the value, and files a fault if both are given or the file is no use.
func (d *document) secret(path, value, filePath, file string) string {
	if file == "" {
		return value
	}
	if value != "" {
		d.add(filePath, "the secret is given twice, here and as "+path, "keep the file")
		return value
	}
	text, err := os.ReadFile(file)
	secret := strings.TrimRight(string(text), "\r\n")
	switch {
	case err != nil:
		d.add(filePath, "the file cannot be read: "+reason(err), "make it readable for this user")
	case secret == "":
		d.add(filePath, "the file is empty", "write the secret into it")
	}
	return secret
}

// readable files a fault if a file is named that cannot be read, and returns its content.
func (d *document) readable(path, file string) []byte {
	if file == "" {
		return nil
	}
	data, err := os.ReadFile(file)
	if err != nil {
		d.add(path, "the file cannot be read: "+reason(err), "give the path of a file that this user can read")
	}
	return data
}

// reason is the part of a file error that does not repeat the path.
func reason(err error) string {
	if i := strings.LastIndex(err.Error(), ": "); i >= 0 {
		return err.Error()[i+2:]
	}
	return err.Error()
}

// Loopback says whether a host:port, or a host, is on this machine.
func Loopback(addr string) bool {
	host := addr
	if i := strings.LastIndexByte(addr, ':'); i >= 0 && strings.Count(addr, ":") == 1 || strings.HasPrefix(addr, "[") {
		host = strings.Trim(addr[:max(i, 0)], "[]")
	}
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}

const redacted = "[redacted]"

func hide(secret string) string {
	if secret == "" {
		return ""
	}
	return redacted
}

// String shows the login without its secret.
func (l Login) String() string { return fmt.Sprintf("{%s %s %s}", l.Auth, l.User, hide(l.Password)) }

// GoString shows the login without its secret.
func (l Login) GoString() string { return "config.Login" + l.String() }

// LogValue shows the login without its secret.
func (l Login) LogValue() slog.Value {
	return slog.GroupValue(slog.String("auth", l.Auth), slog.String("user", l.User), slog.String("password", hide(l.Password)))
}

// String shows the server and the login without its secret.
func (s SMTP) String() string { return fmt.Sprintf("{%s %s %s}", s.Addr, s.TLS, s.Login) }

// GoString shows the server and the login without its secret.
func (s SMTP) GoString() string { return "config.SMTP" + s.String() }

// LogValue shows the server and the login without its secret.
func (s SMTP) LogValue() slog.Value {
	return slog.GroupValue(slog.String("addr", s.Addr), slog.String("tls", s.TLS), slog.Any("login", s.Login))
}

// String shows the server and the login without its secret.
func (i IMAP) String() string { return fmt.Sprintf("{%s %s %s}", i.Addr, i.TLS, i.Login) }

// GoString shows the server and the login without its secret.
func (i IMAP) GoString() string { return "config.IMAP" + i.String() }

// LogValue shows the server and the login without its secret.
func (i IMAP) LogValue() slog.Value {
	return slog.GroupValue(slog.String("addr", i.Addr), slog.String("tls", i.TLS), slog.Any("login", i.Login))
}

// String names the prober without its token.
func (p Prober) String() string {
	return fmt.Sprintf("{%s data=%s listen=%s token=%s campaign=%s directory=%s accounts=%d}", p.Name, p.Data, p.Listen, hide(p.Token),
		p.Campaign, p.Directory, len(p.Mail.Accounts))
}

// GoString names the prober without its token.
func (p Prober) GoString() string { return "config.Prober" + p.String() }

// LogValue names the prober without its token.
func (p Prober) LogValue() slog.Value { return slog.StringValue(p.String()) }

// String shows the source without its token.
func (s FeedSource) String() string { return fmt.Sprintf("{%s %s %s}", s.Name, s.URL, hide(s.Token)) }

// GoString shows the source without its token.
func (s FeedSource) GoString() string { return "config.FeedSource" + s.String() }

// LogValue shows the source without its token.
func (s FeedSource) LogValue() slog.Value { return slog.StringValue(s.String()) }
