package config

import (
	"crypto/x509"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Phone is the telephone channel. Without a trunk it calls nobody.
type Phone struct {
	Mode   string        `yaml:"mode"`   // ring: hang up when it is answered; measure: keep no sound; record: keep it where a mandate allows it
	Region string        `yaml:"region"` // of numbers that are written without a country: FR
	Ring   time.Duration `yaml:"ring"`   // how long it may ring
	Max    time.Duration `yaml:"max"`    // how long an answered call may last
	Lines  int           `yaml:"lines"`  // calls at once: what the trunk allows
	Keep   Days          `yaml:"keep"`   // how long a recording is kept; then its bytes are deleted, here and at the collector
	// Callers are the numbers that personas call from, where the trunk lets them be shown; the others call from trunk.from.
	Callers map[string]string `yaml:"callers"`
	Trunk   Trunk             `yaml:"trunk"`
	// Transcribe is a speech-to-text server that recorded calls are sent to; without a url none is.
	Transcribe Transcribe `yaml:"transcribe"`
}

// Transcribe is a server of whisper.cpp, or one that speaks as OpenAI's.
type Transcribe struct {
	URL       string `yaml:"url"`
	Language  string `yaml:"language"` // fr, en…
	Model     string `yaml:"model"`    // where the server asks for one
	Token     string `yaml:"token" json:"-"`
	TokenFile string `yaml:"token_file"`
}

// String shows the server without its token.
func (t Transcribe) String() string {
	return fmt.Sprintf("{%s %s %s %s}", t.URL, t.Language, t.Model, hide(t.Token))
}

// GoString shows the server without its token.
func (t Transcribe) GoString() string { return "config.Transcribe" + t.String() }

// LogValue shows the server without its token.
func (t Transcribe) LogValue() slog.Value { return slog.StringValue(t.String()) }

// Trunk is the operator's server that calls leave by.
type Trunk struct {
	Addr         string `yaml:"addr"`      // host or host:port; a host alone is looked up by its SRV records
	Transport    string `yaml:"transport"` // udp, tcp or tls
	CAFile       string `yaml:"ca_file"`
	Domain       string `yaml:"domain"` // of numbers and of our address; empty: the host of addr
	User         string `yaml:"user"`
	Password     string `yaml:"password" json:"-"`
	PasswordFile string `yaml:"password_file"`
	From         string `yaml:"from"`     // the number that the callee sees
	Withheld     bool   `yaml:"withheld"` // it sees none
	Secure       bool   `yaml:"secure"`   // the sound is encrypted (SRTP), or there is no call; with tls
}

// String shows the trunk without its secret.
func (t Trunk) String() string {
	return fmt.Sprintf("{%s %s %s %s}", t.Addr, t.Transport, t.User, hide(t.Password))
}

// GoString shows the trunk without its secret.
func (t Trunk) GoString() string { return "config.Trunk" + t.String() }

// LogValue shows the trunk without its secret.
func (t Trunk) LogValue() slog.Value { return slog.StringValue(t.String()) }

// What a call may last. A telephone that rings longer annoys; a longer call holds a line of the structure.
const (
	maxRing = 5 * time.Minute
	maxCall = time.Hour
	// Six months: NS 57 of the CNIL, no longer in force and still the yardstick.
	maxKeep = 180 * day
)

// notInAddress are the characters that would end or break a part of a SIP address.
const notInAddress = " \t\r\n<>@:;\""

// phone checks the telephone channel.
func (d *document) phone(p *Phone) {
	d.among("phone.mode", p.Mode, "ring", "measure", "record")
	if len(p.Region) != 2 || strings.Trim(p.Region, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
		d.add("phone.region", fmt.Sprintf("%q is not a country", p.Region), "write two capital letters, for example FR")
	}
	if d.positive("phone.ring", Days(p.Ring)); p.Ring > maxRing {
		d.add("phone.ring", fmt.Sprintf("%s is too long for a telephone to ring", p.Ring), "write at most "+maxRing.String())
	}
	if d.positive("phone.max", Days(p.Max)); p.Max > maxCall {
		d.add("phone.max", fmt.Sprintf("%s holds a line of the structure for too long", p.Max), "write at most "+maxCall.String())
	}
	atLeast(d, "phone.lines", p.Lines, 1)
	if d.positive("phone.keep", p.Keep); p.Keep > maxKeep {
		d.add("phone.keep", p.Keep.String()+" is longer than a recording may be kept", "write at most "+maxKeep.String())
	}
	for _, id := range slices.Sorted(maps.Keys(p.Callers)) {
		if p.Callers[id] == "" || strings.ContainsAny(p.Callers[id], notInAddress) {
			d.add("phone.callers."+id, fmt.Sprintf("%q cannot be part of an address", p.Callers[id]), "write the bare number, without blanks: +33100000000")
		}
	}
	d.transcribe(&p.Transcribe)
	t := &p.Trunk
	d.resolve(&t.CAFile, &t.PasswordFile)
	if t.Addr == "" {
		if *t != (Trunk{Transport: t.Transport}) {
			d.add("phone.trunk.addr", "it is missing", "write the host of the operator's server, or host:port")
		}
		return
	}
	_, notIP := netip.ParseAddr(t.Addr)
	switch {
	case strings.ContainsAny(t.Addr, " /@;<>"):
		d.add("phone.trunk.addr", fmt.Sprintf("%q is neither a host nor host:port", t.Addr), "write sip.operator.example, or sip.operator.example:5060")
	case notIP != nil && strings.Contains(t.Addr, ":"):
		d.address("phone.trunk.addr", t.Addr, false)
	}
	d.among("phone.trunk.transport", t.Transport, "udp", "tcp", "tls")
	if pem := d.readable("phone.trunk.ca_file", t.CAFile); pem != nil && !x509.NewCertPool().AppendCertsFromPEM(pem) {
		d.add("phone.trunk.ca_file", "there is no certificate in the file", "give a PEM file")
	}
	if t.CAFile != "" && t.Transport != "tls" {
		d.add("phone.trunk.ca_file", t.Transport+" leaves no use for certificates", "remove it, or write transport: tls")
	}
	if t.Secure && t.Transport != "tls" {
		d.add("phone.trunk.secure", "the keys of the sound would travel in clear over "+t.Transport, "write transport: tls, or remove it")
	}
	t.Password = d.secret("phone.trunk.password", t.Password, "phone.trunk.password_file", t.PasswordFile)
	switch given := t.Password != "" || t.PasswordFile != ""; {
	case given && t.User == "":
		d.add("phone.trunk.user", "it is missing", "write the name of the account at the operator's")
	case !given && t.User != "":
		d.add("phone.trunk.password", "it is missing", "give password_file, or password: ${VARIABLE}")
	}
	for _, x := range []struct{ key, text string }{{"from", t.From}, {"domain", t.Domain}, {"user", t.User}} {
		if strings.ContainsAny(x.text, notInAddress) {
			d.add("phone.trunk."+x.key, fmt.Sprintf("%q cannot be part of an address", x.text), "write the bare number, name or host, without blanks: +33100000000")
		}
	}
}

// transcribe checks the server that writes calls down. What is said to it leaves this machine: in clear to this machine alone.
func (d *document) transcribe(t *Transcribe) {
	d.resolve(&t.TokenFile)
	t.Token = d.secret("phone.transcribe.token", t.Token, "phone.transcribe.token_file", t.TokenFile)
	if t.URL == "" {
		if *t != (Transcribe{}) {
			d.add("phone.transcribe.url", "it is missing", "write where recordings are sent: http://127.0.0.1:8080/inference")
		}
		return
	}
	u, err := url.Parse(t.URL)
	switch {
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		d.add("phone.transcribe.url", fmt.Sprintf("%q is no address", t.URL), "write it in full: http://127.0.0.1:8080/inference")
	case u.Scheme == "http" && u.Hostname() != "localhost" && !net.ParseIP(u.Hostname()).IsLoopback():
		d.add("phone.transcribe.url", "recordings would travel in clear", "write https://…, or a server on this machine")
	}
	if t.Language != "" && !language.MatchString(t.Language) {
		d.add("phone.transcribe.language", fmt.Sprintf("%q is not a language", t.Language), "write two letters, for example fr")
	}
}
