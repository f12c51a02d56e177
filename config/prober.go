package config

import "time"

// Prober is the file that `prober` reads (prober.yaml): where this machine keeps its data, which campaign it runs and
// with which accounts it writes.
type Prober struct {
	Name      string `yaml:"name"`           // of this prober in the feed; letters, digits, "-"
	Data      string `yaml:"data"`           // folder of the store; relative to the file
	Listen    string `yaml:"listen"`         // host:port of the feed that the collector pulls
	Token     string `yaml:"token" json:"-"` // bearer token of the feed; ${FEED_TOKEN} and token_file are read too
	TokenFile string `yaml:"token_file"`
	Campaign  string `yaml:"campaign"`  // campaign.yaml; relative to the file
	Directory string `yaml:"directory"` // structures.csv or .json; relative to the file
	Suppress  string `yaml:"suppress"`  // suppression list: identifiers and mail domains that are never contacted; read at every start
	Parallel  int    `yaml:"parallel"`  // tries under way at once on one channel
	Launch    string `yaml:"launch"`    // start: when the agent starts; order: when an operator orders it
	Mail      Mail   `yaml:"mail"`
	Web       Web    `yaml:"web"`
	Phone     Phone  `yaml:"phone"`

	source
	file string
}

// When a campaign is launched.
const (
	LaunchStart = "start"
	LaunchOrder = "order"
)

// Mail is the e-mail channel: one account per persona.
type Mail struct {
	Hello         string                 `yaml:"hello"`           // name given in EHLO
	Timeout       time.Duration          `yaml:"timeout"`         // bound of one whole SMTP transaction
	InDoubtWindow time.Duration          `yaml:"in_doubt_window"` // how long proof is awaited before an operator decides
	MaxMessage    int64                  `yaml:"max_message"`     // octets of an incoming mail that are kept
	Accounts      map[string]MailAccount `yaml:"accounts"`        // by persona id
}

// Web is the website channel.
type Web struct {
	Browser    string        `yaml:"browser"`     // path of Chrome; empty: the first that is installed
	Pages      int           `yaml:"pages"`       // of one site at most
	Pause      time.Duration `yaml:"pause"`       // between two documents of one host
	PageBudget time.Duration `yaml:"page_budget"` // of one page, everything included
	SiteBudget time.Duration `yaml:"site_budget"` // of one site
	Window     string        `yaml:"window"`      // part of the day in which sites are visited, "22:00-06:00"; empty: any time
	Check      time.Duration `yaml:"check"`       // between two looks whether a visited site still answers; 0: none
	Allow      []string      `yaml:"allow"`       // addresses and networks that may be visited although they are not public
}

// MailAccount is how one persona sends and receives.
type MailAccount struct {
	Address string `yaml:"address"` // the persona's mailbox, local@domain
	Reply   string `yaml:"reply"`   // plus (local+token@) or catch-all (local.token@)
	SMTP    SMTP   `yaml:"smtp"`
	IMAP    IMAP   `yaml:"imap"`
	DKIM    *DKIM  `yaml:"dkim"` // absent: the provider signs
}

// Login is how an account proves who it is. The secret comes from Password (for which ${ENV} is expanded) or a file.
type Login struct {
	User         string `yaml:"user"`
	Password     string `yaml:"password" json:"-"`
	PasswordFile string `yaml:"password_file"`
	Auth         string `yaml:"auth"` // none, plain, login, xoauth2 (the password is then the access token)
}

// SMTP is the submission server of an account.
type SMTP struct {
	Addr   string `yaml:"addr"` // host:port
	TLS    string `yaml:"tls"`  // starttls, tls or none (loopback only)
	CAFile string `yaml:"ca_file"`
	Login  `yaml:",inline"`
	// Witness says whether our own mailbox is a second envelope recipient, whose copy proves that the server took
	// the mail. On by default; off only where the provider forbids it.
	Witness *bool `yaml:"witness"`
}

// IMAP is the mailbox of an account.
type IMAP struct {
	Addr   string `yaml:"addr"`
	TLS    string `yaml:"tls"`
	CAFile string `yaml:"ca_file"`
	Login  `yaml:",inline"`
	Poll   time.Duration `yaml:"poll"` // how often a server without IDLE is asked
	Sent   string        `yaml:"sent"` // Sent folder that the provider fills by itself; empty: none
}

// DKIM signs outgoing mail (RFC 6376).
type DKIM struct {
	Domain   string `yaml:"domain"`
	Selector string `yaml:"selector"`
	KeyFile  string `yaml:"key_file"` // PEM, RSA or Ed25519
}

// Collector is the file that `collector` reads (collector.yaml).
type Collector struct {
	Data    string        `yaml:"data"`
	Listen  string        `yaml:"listen"` // host:port of the site
	Every   time.Duration `yaml:"every"`  // how often each prober is pulled
	Probers []FeedSource  `yaml:"probers"`

	Access         Access   `yaml:"access"`
	TLS            TLS      `yaml:"tls"`
	PublicURL      string   `yaml:"public_url"`      // how people reach the site; needed behind a proxy and for an identity provider
	TrustedProxies []string `yaml:"trusted_proxies"` // addresses and networks whose proxy_header is believed
	ProxyHeader    string   `yaml:"proxy_header"`    // in which they write the client's address
	// FourEyes are the orders that a second operator must approve on the site: launch, cancel, pause, resume, suppress, resolve.
	FourEyes []string  `yaml:"four_eyes"`
	Webhooks []Webhook `yaml:"webhooks"` // other systems that are told what happened
	Editions string    `yaml:"editions"` // CSV file of figures of earlier editions; empty: none
}

// FeedSource is a prober that the collector pulls.
type FeedSource struct {
	Name      string `yaml:"name"`
	URL       string `yaml:"url"`
	Token     string `yaml:"token" json:"-"`
	TokenFile string `yaml:"token_file"`
}
