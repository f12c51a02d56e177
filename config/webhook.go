package config

import (
	"encoding/base64"
	"fmt"
	"log/slog"
	"net/url"
	"slices"
	"strings"
)

// Webhook is another system that is told what happened.
type Webhook struct {
	Name       string   `yaml:"name"`
	URL        string   `yaml:"url"`
	Secret     string   `yaml:"secret" json:"-"` // whsec_ and 24 to 64 octets in base64, as Standard Webhooks has it
	SecretFile string   `yaml:"secret_file"`
	Events     []string `yaml:"events"`
}

// What a webhook can be told of.
const (
	TellVerdict      = "verdict"       // an auditor signed a verdict or withdrew one
	TellFlag         = "flag"          // something needs an auditor
	TellDispute      = "dispute"       // a structure objected, or was answered
	TellAnswer       = "answer"        // the first answer came: a response time was measured
	TellAuditOver    = "audit-over"    // nothing more will be done for an audit
	TellCampaignOver = "campaign-over" // the same for all of a campaign
)

// WebhookEvents lists them.
var WebhookEvents = [...]string{TellVerdict, TellFlag, TellDispute, TellAnswer, TellAuditOver, TellCampaignOver}

// Tells says whether the webhook is told of the event.
func (w Webhook) Tells(event string) bool { return slices.Contains(w.Events, event) }

// String shows the webhook without its secret, and without what its address may hold of one.
func (w Webhook) String() string {
	host := ""
	if u, err := url.Parse(w.URL); err == nil {
		host = u.Scheme + "://" + u.Host
	}
	return fmt.Sprintf("{%s %s %s %s}", w.Name, host, hide(w.Secret), strings.Join(w.Events, ","))
}

// GoString shows the webhook without its secret.
func (w Webhook) GoString() string { return "config.Webhook" + w.String() }

// LogValue shows the webhook without its secret.
func (w Webhook) LogValue() slog.Value { return slog.StringValue(w.String()) }

// SecretPrefix begins the secret of a webhook.
const SecretPrefix = "whsec_"

// webhooks checks who is told.
func (d *document) webhooks(c *Collector) {
	names := map[string]bool{}
	for i := range c.Webhooks {
		w, path := &c.Webhooks[i], fmt.Sprintf("webhooks[%d]", i)
		d.name(path+".name", w.Name)
		if names[w.Name] {
			d.add(path+".name", w.Name+" is there twice", "give each webhook a name of its own: what it was told is kept under it")
		}
		names[w.Name] = true
		u, err := url.Parse(w.URL)
		switch {
		case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "":
			d.add(path+".url", fmt.Sprintf("%q is not a web address", w.URL), "write for example https://bi.example/hooks/sonde")
		case u.User != nil:
			d.add(path+".url", "it holds a password", "leave it out: each message is signed with the secret")
		case u.Scheme == "http" && !Loopback(u.Hostname()):
			d.add(path+".url", w.URL+" is not encrypted", "write https://…; http is for this machine only")
		}
		d.resolve(&w.SecretFile)
		w.Secret = d.secret(path+".secret", w.Secret, path+".secret_file", w.SecretFile)
		key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(w.Secret, SecretPrefix))
		const mend = "write whsec_ and what `openssl rand -base64 32` gives, in both systems"
		switch {
		case w.Secret == "" && w.SecretFile != "": // told already
		case w.Secret == "":
			d.add(path+".secret", "it is missing", mend)
		case !strings.HasPrefix(w.Secret, SecretPrefix) || err != nil || len(key) < 24 || len(key) > 64:
			d.add(path+".secret", "it is not whsec_ and 24 to 64 octets in base64", mend)
		}
		if len(w.Events) == 0 {
			d.add(path+".events", "there is none: it would be told nothing", "write one or more of "+strings.Join(WebhookEvents[:], ", "))
		}
		for k, e := range w.Events {
			at := fmt.Sprintf("%s.events[%d]", path, k)
			if d.among(at, e, WebhookEvents[:]...) && slices.Contains(w.Events[:k], e) {
				d.add(at, e+" is there twice", "remove one")
			}
		}
	}
}
