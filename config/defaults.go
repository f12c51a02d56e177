package config

import (
	"slices"
	"time"
)

const day = Days(24 * time.Hour)

// ReferencePlan returns the audits per structure of the reference programme: 13 over two months.
func ReferencePlan() map[string]int {
	return map[string]int{"mail": 4, "phone": 4, "web": 2, "post": 1, "social": 1, "visit": 1}
}

// DefaultDeadlines returns how long an answer is awaited on each channel.
func DefaultDeadlines() map[string]Days {
	return map[string]Days{"mail": 15 * day, "post": 30 * day, "phone": day, "social": 7 * day, "web": day, "visit": day}
}

// Suits says whether the scenario can be used on a channel with a kind of structure.
func (s *Scenario) Suits(channel, kind string) bool {
	return slices.Contains(s.Channels, channel) && (len(s.Kinds) == 0 || slices.Contains(s.Kinds, kind))
}

func defaultProber() *Prober {
	return &Prober{
		Name: "prober", Data: "data", Listen: "127.0.0.1:7770", Campaign: "campaign.yaml", Directory: "structures.csv", Parallel: 4, Launch: LaunchStart,
		Mail:  Mail{Timeout: 5 * time.Minute, InDoubtWindow: 24 * time.Hour, MaxMessage: 25 << 20},
		Phone: Phone{Mode: "measure", Region: "FR", Ring: time.Minute, Max: 2 * time.Minute, Lines: 4, Keep: 30 * day, Trunk: Trunk{Transport: "udp"}},
		Web:   Web{Pages: 20, Pause: time.Second, PageBudget: time.Minute, SiteBudget: 20 * time.Minute, Check: time.Hour},
	}
}

func defaultCollector() *Collector {
	return &Collector{
		Data: "collector-data", Listen: "127.0.0.1:7780", Every: time.Minute, ProxyHeader: "X-Forwarded-For",
		Access: Access{SessionIdle: 2 * time.Hour, SessionMax: 12 * time.Hour, Rate: 50, Burst: 200},
	}
}

func defaultCampaign() *Campaign {
	return &Campaign{
		Zone: "Europe/Paris", Speed: 1, MinGap: day, Missed: MissedRun, Late: 2 * time.Hour,
		Caps: Caps{StructurePerDay: 1, DomainPerHour: 30, PersonaPerHour: 60},
	}
}

// account fills what an account leaves out.
func (a *MailAccount) defaults() {
	fill := func(s *string, value string) {
		if *s == "" {
			*s = value
		}
	}
	fill(&a.Reply, "plus")
	fill(&a.SMTP.TLS, "starttls")
	fill(&a.SMTP.Auth, "plain")
	fill(&a.IMAP.TLS, "tls")
	fill(&a.IMAP.Auth, "plain")
	for _, login := range []*Login{&a.SMTP.Login, &a.IMAP.Login} {
		if login.Auth != "none" {
			fill(&login.User, a.Address)
		}
	}
	if a.SMTP.Witness == nil {
		yes := true
		a.SMTP.Witness = &yes
	}
	if a.IMAP.Poll == 0 {
		a.IMAP.Poll = 5 * time.Minute
	}
}
