package main

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/sonde-fleet/sonde/config"
	"github.com/sonde-fleet/sonde/examples"
	"github.com/sonde-fleet/sonde/townhall"
)

// domain is that of the personas in the simulated town.
const domain = "habitants.example"

// password is that of every mailbox in the simulated town; nothing real is behind it.
const password = "demo-only"

// layout is where the demo's files and ports are.
type layout struct {
	Dir      string `help:"Folder of the demo's files." default:"var/demo" placeholder:"DIR"`
	SMTP     string `name:"smtp" help:"Address of the submission server." default:"127.0.0.1:2525"`
	IMAP     string `name:"imap" help:"Address of the mailboxes." default:"127.0.0.1:1143"`
	Web      string `help:"Address of the websites." default:"127.0.0.1:2580"`
	SIP      string `name:"sip" help:"Address of the telephones, UDP and TCP; empty: there are none." default:"127.0.0.1:5065"`
	Feed     string `help:"Address of the prober's feed." default:"127.0.0.1:7770"`
	Site     string `help:"Address of the collector's site." default:"127.0.0.1:7780"`
	Speed    int64  `help:"Campaign seconds per second." default:"43200"`
	Campaign string `help:"Identifier of the campaign." default:"demo"`
}

func (l *layout) path(name string) string { return filepath.Join(l.Dir, name) }

// personas returns the campaign's personas with the local parts of their mailboxes.
func personas(c *config.Campaign) (locals []string) {
	for _, p := range c.Personas {
		locals = append(locals, p.ID)
	}
	return locals
}

// write makes the five files.
func (l *layout) write() (*config.Campaign, error) {
	if err := os.MkdirAll(l.Dir, 0o755); err != nil {
		return nil, err
	}
	campaign, err := l.campaign()
	if err != nil {
		return nil, err
	}
	c, err := config.ParseCampaign(campaign, l.path("campaign.yaml"))
	if err != nil {
		return nil, err
	}
	var structures bytes.Buffer
	if err := townhall.WriteDirectory(&structures, l.residents()); err != nil {
		return nil, err
	}
	var prober strings.Builder
	fmt.Fprintf(&prober, "name: demo-1\ndata: prober\nlisten: %s\ncampaign: campaign.yaml\ndirectory: structures.csv\nparallel: 8\n"+
		"mail:\n  hello: courrier.%s\n  timeout: 30s\n  accounts:\n", l.Feed, domain)
	for _, local := range personas(c) {
		fmt.Fprintf(&prober, "    %s:\n      address: %s@%s\n      reply: plus\n"+
			"      smtp: {addr: %q, tls: none, auth: plain, user: %s, password: %s}\n"+
			"      imap: {addr: %q, tls: none, auth: plain, user: %s@%s, password: %s}\n",
			local, local, domain, l.SMTP, local, password, l.IMAP, local, domain, password)
	}
	// A demo is short: two pages of each site, and little courtesy towards one's own machine.
	fmt.Fprintf(&prober, "web: {pages: %d, pause: 10ms, page_budget: 20s, site_budget: 2m, check: 10s, allow: [%q]}\n", demoPages, l.Web)
	if l.SIP != "" { // the town is the trunk
		fmt.Fprintf(&prober, "phone:\n  mode: record\n  lines: 16\n  ring: %s\n  max: %s\n  trunk: {addr: %q, transport: udp, user: %s, password: %s, from: %q}\n",
			demoRing, demoCall, l.SIP, trunkUser, password, demoCaller)
	}
	who := "access: {guest: reader}"
	if _, port, err := net.SplitHostPort(l.Site); err == nil && !config.Loopback(l.Site) { // a container, whose port the host publishes on its own loopback
		who = "public_url: http://127.0.0.1:" + port
	}
	collector := fmt.Sprintf("data: collector\nlisten: %s\nevery: 2s\neditions: editions.csv\n%s\nprobers:\n  - name: demo-1\n    url: http://%s\n", l.Site, who, l.Feed)
	put := func(name string, data []byte) error { return os.WriteFile(l.path(name), data, 0o600) }
	return c, errors.Join(put("campaign.yaml", campaign), put("structures.csv", structures.Bytes()),
		put("prober.yaml", []byte(prober.String())), put("collector.yaml", []byte(collector)), put("editions.csv", examples.Editions))
}

// demoPages is how many pages of a website the demo looks at.
const demoPages = 2

// The telephone line of the demo: nobody in the town lets it ring, or talks, for longer than this who means to answer.
const (
	trunkUser  = "prober"
	demoCaller = "+33199009999" // of the range that is kept for fiction
	demoRing   = 4 * time.Second
	demoCall   = 30 * time.Second
)

// residents are the town's structures with the addresses at which their websites are served.
func (l *layout) residents() []townhall.Resident {
	list := townhall.Forty()
	for i := range list {
		_, port, _ := net.SplitHostPort(l.Web)
		list[i].Web = "http://" + list[i].SiteName() + ":" + port + "/"
	}
	return list
}

// campaign is the reference campaign of the examples in compressed time. A website is visited once, and may be at any time
// of the campaign, as calls may: in compressed time a visit and a call last days.
func (l *layout) campaign() ([]byte, error) {
	var doc yaml.MapSlice
	if err := yaml.UnmarshalWithOptions(examples.Campaign, &doc, yaml.UseOrderedMap()); err != nil {
		return nil, fmt.Errorf("example campaign: %w", err)
	}
	set := map[string]any{"id": l.Campaign, "title": "Ville de démonstration", "speed": l.Speed}
	for i := range doc {
		key, _ := doc[i].Key.(string)
		for _, change := range []struct {
			key      string
			value    any
			channels []string
		}{{"plan", 1, []string{"web"}}, {"deadlines", "50d", []string{"web", "phone"}}} {
			if inner, ok := doc[i].Value.(yaml.MapSlice); ok && key == change.key {
				for j := range inner {
					if name, _ := inner[j].Key.(string); slices.Contains(change.channels, name) {
						inner[j].Value = change.value
					}
				}
			}
		}
		if v, ok := set[key]; ok {
			doc[i].Value = v
			delete(set, key)
		}
	}
	for k, v := range set {
		doc = append(doc, yaml.MapItem{Key: k, Value: v})
	}
	return yaml.Marshal(doc)
}

type initCmd struct{ layout }

func (i *initCmd) Run(a *app) error {
	if _, err := i.write(); err != nil {
		return err
	}
	a.Printf("wrote campaign.yaml, structures.csv, prober.yaml and collector.yaml to %s\n", i.Dir)
	return nil
}
