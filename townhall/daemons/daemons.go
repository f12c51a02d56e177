// Package daemons starts private instances of Postfix and Dovecot on loopback for the integration tests: real servers,
// from Debian, from which nothing can leave the machine. It installs nothing; scripts/install.sh does.
package daemons

import (
	"bytes"
	"errors"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"text/template"
	"time"
)

// User is the account under which Dovecot runs; scripts/install.sh makes it.
const User = "sonde-test"

// Domains of the instance: personas, services, and two whose mail is taken and returned or held.
const (
	Personas = "probe.test"
	Services = "service.test"
	Bouncing = "bounce.test" // taken by Postfix, refused by the next server: a real DSN
	Password = "secret"
)

// Mail is a running pair of servers.
type Mail struct {
	SMTP, IMAP string // addresses
	Dir        string
	uid, gid   int
	tb         testing.TB
	dovecot    *exec.Cmd
}

// Start starts the pair and stops it when the test ends. Where the daemons are missing the test is skipped, or fails
// when SONDE_INTEGRATION is "required", as it is in `make test`.
func Start(tb testing.TB) *Mail {
	tb.Helper()
	if why := missing(); why != "" {
		if os.Getenv("SONDE_INTEGRATION") == "required" {
			tb.Fatal(why)
		}
		tb.Skip(why)
	}
	u, err := user.Lookup(User)
	if err != nil {
		tb.Fatal(err)
	}
	m := &Mail{Dir: filepath.Join(tb.TempDir(), "mail"), tb: tb}
	m.uid, _ = strconv.Atoi(u.Uid)
	m.gid, _ = strconv.Atoi(u.Gid)
	ports := freePorts(tb, 4)
	m.SMTP, m.IMAP = ports[0], ports[1]
	lmtp, sink := ports[2], ports[3]
	// Go makes the parents of a temporary folder for root alone; the daemons have users of their own.
	for d := m.Dir; len(d) > len(os.TempDir()); d = filepath.Dir(d) {
		if err := os.MkdirAll(d, 0o755); err != nil {
			tb.Fatal(err)
		}
		if err := os.Chmod(d, 0o755); err != nil {
			tb.Fatal(err)
		}
	}
	m.startDovecot(lmtp)
	m.startSink(sink)
	m.startPostfix(lmtp, sink)
	return m
}

func missing() string {
	for _, p := range []string{"postfix", "dovecot", "smtp-sink"} {
		if _, err := lookPath(p); err != nil {
			return p + " is not installed; Try: make install"
		}
	}
	if os.Geteuid() != 0 {
		return "Postfix's master must be started by root"
	}
	if _, err := user.Lookup(User); err != nil {
		return "there is no user " + User + "; Try: make install"
	}
	return ""
}

// lookPath also looks where Debian keeps what only root uses.
func lookPath(name string) (string, error) {
	if p, err := exec.LookPath(name); err == nil {
		return p, nil
	}
	p := filepath.Join("/usr/sbin", name)
	_, err := os.Stat(p)
	return p, err
}

func freePorts(tb testing.TB, n int) (addrs []string) {
	tb.Helper()
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			tb.Fatal(err)
		}
		addrs = append(addrs, l.Addr().String())
		defer l.Close()
	}
	return addrs
}

func port(addr string) string { return addr[strings.LastIndexByte(addr, ':')+1:] }

func (m *Mail) write(name, text string, data any) string {
	m.tb.Helper()
	var b bytes.Buffer
	if err := template.Must(template.New(name).Parse(text)).Execute(&b, data); err != nil {
		m.tb.Fatal(err)
	}
	path := filepath.Join(m.Dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		m.tb.Fatal(err)
	}
	if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
		m.tb.Fatal(err)
	}
	return path
}

// dovecotConf has one setting a line, which is all that Dovecot's parser takes.
const dovecotConf = `base_dir={{.Dir}}/dovecot/run
state_dir={{.Dir}}/dovecot/state
log_path={{.Dir}}/dovecot/log
default_internal_user={{.User}}
default_internal_group={{.User}}
default_login_user={{.User}}
protocols=imap lmtp
listen=127.0.0.1
ssl=no
disable_plaintext_auth=no
auth_mechanisms=plain login
first_valid_uid={{.UID}}
mail_location=maildir:~/Maildir
hostname=mx.probe.test
submission_host={{.SMTP}}
recipient_delimiter=+
lmtp_save_to_detail_mailbox=no
mail_max_userip_connections=0
passdb {
  driver=static
  args=password={{.Password}}
}
userdb {
  driver=static
  args=uid={{.UID}} gid={{.GID}} home={{.Dir}}/dovecot/home/%u allow_all_users=yes
}
namespace inbox {
  inbox=yes
  mailbox Junk {
    auto=subscribe
    special_use=\Junk
  }
  mailbox Sent {
    auto=subscribe
    special_use=\Sent
  }
}
service anvil {
  chroot=
}
service auth {
  client_limit=2000
}
service imap-login {
  chroot=
  inet_listener imap {
    port={{.IMAPPort}}
  }
  inet_listener imaps {
    port=0
  }
}
service imap {
  process_limit=300
}
service lmtp {
  inet_listener lmtp {
    address=127.0.0.1
    port={{.LMTPPort}}
  }
}
protocol lmtp {
  mail_plugins=$mail_plugins sieve
}
plugin {
  sieve=~/.dovecot.sieve
  sieve_before={{.Dir}}/dovecot/before.sieve
}
`

func (m *Mail) startDovecot(lmtp string) {
	m.tb.Helper()
	m.write("dovecot/before.sieve", "require [\"fileinto\"];\nif header :is \"X-Spam-Flag\" \"YES\" { fileinto \"Junk\"; stop; }\n", nil)
	conf := m.write("dovecot/dovecot.conf", dovecotConf, map[string]any{"Dir": m.Dir, "User": User, "UID": m.uid, "GID": m.gid,
		"SMTP": m.SMTP, "IMAPPort": port(m.IMAP), "LMTPPort": port(lmtp), "Password": Password})
	m.chown(filepath.Join(m.Dir, "dovecot"))
	bin, _ := lookPath("dovecot")
	m.dovecot = exec.Command(bin, "-F", "-c", conf)
	m.dovecot.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(m.uid), Gid: uint32(m.gid)}}
	if err := m.dovecot.Start(); err != nil {
		m.tb.Fatal(err)
	}
	m.tb.Cleanup(func() {
		m.dovecot.Process.Signal(syscall.SIGTERM)
		m.dovecot.Wait()
	})
	m.await(m.IMAP, "dovecot/log")
	m.await(lmtp, "dovecot/log")
}

func (m *Mail) chown(dir string) {
	m.tb.Helper()
	err := filepath.WalkDir(dir, func(p string, _ os.DirEntry, err error) error {
		return errors.Join(err, os.Chown(p, m.uid, m.gid))
	})
	if err != nil {
		m.tb.Fatal(err)
	}
}

// startSink starts the next server of the bouncing domain, which refuses every recipient.
func (m *Mail) startSink(addr string) {
	m.tb.Helper()
	bin, _ := lookPath("smtp-sink")
	sink := exec.Command(bin, "-u", "nobody", "-f", "RCPT", addr, "100")
	if err := sink.Start(); err != nil {
		m.tb.Fatal(err)
	}
	m.tb.Cleanup(func() { sink.Process.Kill(); sink.Wait() })
	m.await(addr, "")
}

const mainCf = `compatibility_level = 3.6
queue_directory = {{.Dir}}/postfix/queue
data_directory = {{.Dir}}/postfix/data
maillog_file = {{.Dir}}/postfix/maillog
maillog_file_prefixes = {{.Prefix}}
myhostname = mx.probe.test
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mydestination =
alias_maps =
local_recipient_maps =
mynetworks = 127.0.0.0/8
disable_dns_lookups = yes
default_transport = error:5.1.2 loopback test instance only
virtual_mailbox_domains = probe.test, service.test
virtual_mailbox_maps = regexp:{{.Dir}}/postfix/conf/mailboxes
virtual_transport = lmtp:inet:{{.LMTP}}
relay_domains = bounce.test
transport_maps = inline:{ bounce.test=smtp:[127.0.0.1]:{{.SinkPort}} }
recipient_delimiter = +
smtpd_client_connection_count_limit = 0
smtpd_recipient_restrictions = permit_mynetworks, reject_unauth_destination
smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination
smtpd_reject_unlisted_recipient = yes
default_destination_recipient_limit = 1
lmtp_destination_recipient_limit = 1
message_size_limit = 102400000
virtual_mailbox_limit = 0
mailbox_size_limit = 0
`

const masterCf = `{{.SMTPAddr}} inet n - n - - smtpd
postlog unix-dgram n - n - 1 postlogd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
local unix - n n - - local
virtual unix - n n - - virtual
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
showq unix n - n - - showq
`

func (m *Mail) startPostfix(lmtp, sink string) {
	m.tb.Helper()
	data := map[string]any{"Dir": m.Dir, "Prefix": "/" + strings.Split(m.Dir, "/")[1], "LMTP": lmtp, "SinkPort": port(sink), "SMTPAddr": m.SMTP}
	m.write("postfix/conf/main.cf", mainCf, data)
	m.write("postfix/conf/master.cf", masterCf, data)
	// Everybody exists but those whose name says not.
	m.write("postfix/conf/mailboxes", "if !/^unknown/\n/@(probe|service)\\.test$/ ok\nendif\n", data)
	for _, d := range []string{"queue", "data"} {
		if err := os.MkdirAll(filepath.Join(m.Dir, "postfix", d), 0o755); err != nil {
			m.tb.Fatal(err)
		}
	}
	if p, err := user.Lookup("postfix"); err == nil {
		uid, _ := strconv.Atoi(p.Uid)
		gid, _ := strconv.Atoi(p.Gid)
		os.Chown(filepath.Join(m.Dir, "postfix/data"), uid, gid)
	}
	m.postfix("start")
	m.tb.Cleanup(func() { m.postfix("stop") })
	m.await(m.SMTP, "postfix/maillog")
}

func (m *Mail) postfix(verb string) {
	m.tb.Helper()
	bin, _ := lookPath("postfix")
	cmd := exec.Command(bin, "-c", filepath.Join(m.Dir, "postfix/conf"), verb)
	if out, err := cmd.CombinedOutput(); err != nil {
		m.tb.Errorf("postfix %s: %v\n%s%s", verb, err, out, m.log("postfix/maillog"))
	}
}

// await returns when somebody listens.
func (m *Mail) await(addr, log string) {
	m.tb.Helper()
	for began := time.Now(); time.Since(began) < 20*time.Second; {
		conn, err := net.DialTimeout("tcp", addr, time.Second)
		if err == nil {
			conn.Close()
			return
		}
		time.Sleep(20 * time.Millisecond) // a process of its own starts: there is nothing to wait on
	}
	m.tb.Fatalf("nobody listens on %s\n%s", addr, m.log(log))
}

func (m *Mail) log(name string) string {
	data, err := os.ReadFile(filepath.Join(m.Dir, name))
	if err != nil {
		return ""
	}
	return string(data)
}

// Log returns Postfix's log so far.
func (m *Mail) Log() string { return m.log("postfix/maillog") }

// Queue returns how many messages Postfix still holds.
func (m *Mail) Queue() int {
	n := 0
	for _, q := range []string{"incoming", "active", "deferred", "maildrop"} {
		filepath.WalkDir(filepath.Join(m.Dir, "postfix/queue", q), func(_ string, e os.DirEntry, err error) error {
			if err == nil && e.Type().IsRegular() {
				n++
			}
			return nil
		})
	}
	return n
}

// Maildir returns the files of a user's folder; INBOX is "".
func (m *Mail) Maildir(user, folder string) []string {
	base := filepath.Join(m.Dir, "dovecot/home", user, "Maildir")
	if folder != "" {
		base = filepath.Join(base, "."+folder)
	}
	var out []string
	for _, d := range []string{"new", "cur"} {
		found, _ := filepath.Glob(filepath.Join(base, d, "*"))
		out = append(out, found...)
	}
	return out
}

// Sieve gives a user a Sieve script (RFC 5228), for example a vacation (RFC 5230).
func (m *Mail) Sieve(user, script string) {
	m.tb.Helper()
	home := filepath.Join(m.Dir, "dovecot/home", user)
	if err := os.MkdirAll(home, 0o755); err != nil {
		m.tb.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(home, ".dovecot.sieve"), []byte(script), 0o644); err != nil {
		m.tb.Fatal(err)
	}
	m.chown(filepath.Join(m.Dir, "dovecot/home"))
}

// ResetValidity throws away what Dovecot knows of a user's INBOX: the mails stay, UIDVALIDITY changes.
func (m *Mail) ResetValidity(user string) {
	m.tb.Helper()
	base := filepath.Join(m.Dir, "dovecot/home", user, "Maildir")
	for _, pattern := range []string{"dovecot-uidlist*", "dovecot.index*", "dovecot-uidvalidity*"} {
		files, _ := filepath.Glob(filepath.Join(base, pattern))
		for _, f := range files {
			if err := os.Remove(f); err != nil {
				m.tb.Fatal(err)
			}
		}
	}
}

// Require skips the test, or fails it when SONDE_INTEGRATION is "required", where a program is not installed.
func Require(tb testing.TB, programs ...string) {
	tb.Helper()
	for _, p := range programs {
		if _, err := lookPath(p); err == nil {
			continue
		}
		if why := p + " is not installed; Try: make install"; os.Getenv("SONDE_INTEGRATION") == "required" {
			tb.Fatal(why)
		} else {
			tb.Skip(why)
		}
	}
}

// Await returns when somebody listens on the address.
func Await(tb testing.TB, addr string) { (&Mail{tb: tb}).await(addr, "") }

// Fill puts n mails into a user's INBOX as files, before anybody opens it.
func (m *Mail) Fill(user string, n int, mail func(i int) []byte) {
	m.tb.Helper()
	base := filepath.Join(m.Dir, "dovecot/home", user, "Maildir")
	for _, d := range []string{"new", "cur", "tmp"} {
		if err := os.MkdirAll(filepath.Join(base, d), 0o755); err != nil {
			m.tb.Fatal(err)
		}
	}
	for i := range n {
		name := filepath.Join(base, "new", strconv.FormatInt(time.Now().Unix(), 10)+".M"+strconv.Itoa(i)+"P1.fill")
		if err := os.WriteFile(name, mail(i), 0o644); err != nil {
			m.tb.Fatal(err)
		}
	}
	m.chown(filepath.Join(m.Dir, "dovecot/home"))
}
