package config

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"maps"
	"net"
	"net/mail"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sonde-fleet/sonde/probes/web/proxy"
	"github.com/sonde-fleet/sonde/schedule/calendar"
)

var nameShape = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9-]{0,39}$`)

const (
	mendName  = "use 1 to 40 letters, digits and -"
	minToken  = 16
	mendToken = "make one with: openssl rand -hex 32"
)

// name files a fault if the text at the path is not a name.
func (d *document) name(path, text string) {
	if !nameShape.MatchString(text) {
		d.add(path, fmt.Sprintf("%q is not a name", text), mendName)
	}
}

// among files a fault if the text is none of the words.
func (d *document) among(path, text string, words ...string) bool {
	if slices.Contains(words, text) {
		return true
	}
	last := words[len(words)-1]
	if last == "" {
		last = "leave it empty"
	}
	d.add(path, fmt.Sprintf("%q is not known", text), "write "+strings.Join(words[:len(words)-1], ", ")+" or "+last)
	return false
}

// address files a fault if the text is not host:port. A listener may leave the host out and the port to the system (0).
func (d *document) address(path, text string, listener bool) bool {
	const mend = "write host:port, for example 127.0.0.1:7770"
	host, port, err := net.SplitHostPort(text)
	if text == "" || err != nil {
		d.add(path, fmt.Sprintf("%q is not an address", text), mend)
		return false
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil || n == 0 && !listener {
		d.add(path, port+" is not a port", "write a number from 1 to 65535")
		return false
	}
	if host == "" && !listener {
		d.add(path, "the host is missing", mend)
		return false
	}
	return true
}

// atLeast files a fault if n is below least.
func atLeast[N int | int64](d *document, path string, n, least N) {
	if n < least {
		d.add(path, fmt.Sprintf("%d is too little", n), fmt.Sprintf("write at least %d", least))
	}
}

// positive files a fault if a duration is not longer than nothing.
func (d *document) positive(path string, length Days) {
	if length <= 0 {
		d.add(path, fmt.Sprintf("%s is not a time to wait", length), "write more than 0, for example 5m")
	}
}

// prober completes and checks a prober.yaml.
func (d *document) prober(p *Prober) {
	p.source, p.file = d.source, d.file
	if d.root == nil {
		return
	}
	d.resolve(&p.Data, &p.TokenFile, &p.Campaign, &p.Directory, &p.Suppress)
	p.Token = d.secret("token", p.Token, "token_file", p.TokenFile)
	d.name("name", p.Name)
	for _, required := range []struct{ path, text string }{{"data", p.Data}, {"campaign", p.Campaign}, {"directory", p.Directory}} {
		if required.text == "" {
			d.add(required.path, "it is missing", "write a path relative to this file")
		}
	}
	if d.address("listen", p.Listen, true) && !Loopback(p.Listen) && len(p.Token) < minToken {
		d.add("token", fmt.Sprintf("it has %d characters and the feed is open to the network", len(p.Token)),
			fmt.Sprintf("use at least %d, or listen on 127.0.0.1; %s", minToken, mendToken))
	}
	if atLeast(d, "parallel", p.Parallel, 1); p.Parallel > 10_000 {
		d.add("parallel", fmt.Sprintf("%d is too much", p.Parallel), "write at most 10000")
	}
	d.among("launch", p.Launch, LaunchStart, LaunchOrder)
	d.mail(&p.Mail)
	d.web(&p.Web)
	d.phone(&p.Phone)
}

// web checks the website channel.
func (d *document) web(w *Web) {
	if atLeast(d, "web.pages", w.Pages, 1); w.Pages > 1000 {
		d.add("web.pages", fmt.Sprintf("%d is too much for a sample", w.Pages), "write at most 1000")
	}
	d.positive("web.pause", Days(w.Pause))
	d.positive("web.page_budget", Days(w.PageBudget))
	d.positive("web.site_budget", Days(w.SiteBudget))
	if w.Check < 0 || w.Check > 0 && w.Check < time.Second {
		d.add("web.check", fmt.Sprintf("%s is too often", w.Check), "write 0 for never, or at least 1s")
	}
	if _, err := calendar.ParseWindow(w.Window, nil); err != nil {
		d.add("web.window", err.Error(), "write 22:00-06:00")
	}
	for i, s := range w.Allow {
		if _, err := proxy.ParseException(s); err != nil {
			d.add(fmt.Sprintf("web.allow[%d]", i), fmt.Sprintf("%q is neither an address nor a network", s), "write 127.0.0.1:8080, 10.1.0.0/16 or [::1]:8080")
		}
	}
}

func (d *document) mail(m *Mail) {
	if m.Hello != "" && strings.ContainsAny(m.Hello, " \t\r\n<>@") {
		d.add("mail.hello", fmt.Sprintf("%q is not a host name", m.Hello), "write this machine's name as the DNS knows it")
	}
	d.positive("mail.timeout", Days(m.Timeout))
	d.positive("mail.in_doubt_window", Days(m.InDoubtWindow))
	atLeast(d, "mail.max_message", m.MaxMessage, 1024)
	owners := map[string]string{}
	for _, id := range slices.Sorted(maps.Keys(m.Accounts)) {
		path := "mail.accounts." + id
		account := m.Accounts[id]
		account.defaults()
		d.name(path, id)
		address, err := mail.ParseAddress(account.Address)
		if err != nil || address.Name != "" || address.Address != account.Address {
			d.add(path+".address", fmt.Sprintf("%q is not a mail address", account.Address), "write local@domain of the persona's mailbox")
		} else if owner, taken := owners[strings.ToLower(account.Address)]; taken {
			d.add(path+".address", account.Address+" is also the address of "+owner, "give each persona a mailbox of its own")
		} else {
			owners[strings.ToLower(account.Address)] = id
		}
		d.among(path+".reply", account.Reply, "plus", "catch-all")
		d.server(path+".smtp", account.SMTP.Addr, account.SMTP.TLS, &account.SMTP.CAFile, &account.SMTP.Login)
		d.server(path+".imap", account.IMAP.Addr, account.IMAP.TLS, &account.IMAP.CAFile, &account.IMAP.Login)
		if account.IMAP.Auth == "none" {
			d.add(path+".imap.auth", "a mailbox is not opened without a login", "write plain, login or xoauth2")
		}
		d.positive(path+".imap.poll", Days(account.IMAP.Poll))
		d.dkim(path+".dkim", account.DKIM)
		m.Accounts[id] = account
	}
}

// server checks what SMTP and IMAP servers have in common.
func (d *document) server(path, addr, tls string, caFile *string, login *Login) {
	d.resolve(caFile, &login.PasswordFile)
	valid := d.address(path+".addr", addr, false)
	if d.among(path+".tls", tls, "starttls", "tls", "none") && tls == "none" && valid && !Loopback(addr) {
		d.add(path+".tls", "none sends the password in clear to "+addr, "use starttls or tls; none is for loopback only")
	}
	if pem := d.readable(path+".ca_file", *caFile); pem != nil && !x509.NewCertPool().AppendCertsFromPEM(pem) {
		d.add(path+".ca_file", "there is no certificate in the file", "give a PEM file")
	}
	login.Password = d.secret(path+".password", login.Password, path+".password_file", login.PasswordFile)
	if !d.among(path+".auth", login.Auth, "none", "plain", "login", "xoauth2") {
		return
	}
	switch {
	case login.Auth == "none" && (login.User != "" || login.Password != ""):
		d.add(path+".auth", "none leaves no use for user and password", "remove them, or write plain")
	case login.Auth == "xoauth2" && login.Password == "" && login.PasswordFile == "":
		d.add(path+".auth", "xoauth2 needs the access token", "give it in password_file or password")
	case login.Auth != "none" && login.Password == "" && login.PasswordFile == "":
		d.add(path+".password", "it is missing", "give password_file, or password: ${VARIABLE}")
	}
}

func (d *document) dkim(path string, k *DKIM) {
	if k == nil {
		return
	}
	for _, required := range []struct{ key, text string }{{"domain", k.Domain}, {"selector", k.Selector}, {"key_file", k.KeyFile}} {
		if required.text == "" {
			d.add(path+"."+required.key, "it is missing", "a signature needs domain, selector and key_file")
		}
	}
	d.resolve(&k.KeyFile)
	if data := d.readable(path+".key_file", k.KeyFile); data != nil && !privateKey(data) {
		d.add(path+".key_file", "there is no private key in the file", "give an RSA or Ed25519 key in PEM")
	}
}

func privateKey(data []byte) bool {
	block, _ := pem.Decode(data)
	if block == nil {
		return false
	}
	if _, err := x509.ParsePKCS8PrivateKey(block.Bytes); err == nil {
		return true
	}
	_, err := x509.ParsePKCS1PrivateKey(block.Bytes)
	return err == nil
}

// collector completes and checks a collector.yaml.
func (d *document) collector(c *Collector) {
	if d.root == nil {
		return
	}
	d.resolve(&c.Data, &c.Editions)
	d.readable("editions", c.Editions)
	if c.Data == "" {
		d.add("data", "it is missing", "write a path relative to this file")
	}
	d.address("listen", c.Listen, true)
	d.positive("every", Days(c.Every))
	d.reach(c)
	d.access(c)
	for i, order := range c.FourEyes {
		d.among(fmt.Sprintf("four_eyes[%d]", i), order, "pause", "resume", "cancel", "suppress", "resolve", "launch")
	}
	d.webhooks(c)
	if len(c.Probers) == 0 {
		d.add("probers", "there is no prober", "name at least one to pull from")
	}
	names := map[string]bool{}
	for i := range c.Probers {
		p, path := &c.Probers[i], fmt.Sprintf("probers[%d]", i)
		d.resolve(&p.TokenFile)
		p.Token = d.secret(path+".token", p.Token, path+".token_file", p.TokenFile)
		d.name(path+".name", p.Name)
		if p.Name == "collector" {
			d.add(path+".name", "collector is what the collector's own journal is called", "give the prober another name, in its own file too")
		}
		if names[p.Name] {
			d.add(path+".name", p.Name+" is there twice", "give each prober the name it has in its own file")
		}
		names[p.Name] = true
		u, err := url.Parse(p.URL)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
			d.add(path+".url", fmt.Sprintf("%q is not a web address", p.URL), "write for example https://prober.example:7770")
		} else if !Loopback(u.Host) && len(p.Token) < minToken {
			d.add(path+".token", fmt.Sprintf("it has %d characters and the prober is reached over the network", len(p.Token)),
				fmt.Sprintf("use at least %d, the same as in the prober's file; %s", minToken, mendToken))
		}
	}
}
