package review

import (
	"slices"
	"strings"

	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/stats"
	"golang.org/x/net/publicsuffix"
)

const (
	// fastest is the delay in milliseconds below which nobody has read a question and written an answer. Typing alone: 40
	// words a minute (Dhakal et al. 2018 measured 52 in a large sample) make a two-line answer last longer.
	fastest = 90_000
	// sure is the classifier's confidence from which its class is taken without a look.
	sure = 0.7
	// skewed is by how many milliseconds a clock may be off: the programme's figures are in hours and days.
	skewed = 120_000
)

// single finds what one outcome shows by itself.
func (f *finder) single(o *stats.Outcome) {
	if n := disputes(o); n > 0 || len(o.Disputes) > 0 {
		f.add(o, Flag{Kind: Disputed, N: n, Of: len(o.Disputes), Text: o.Disputes[len(o.Disputes)-1].Text})
	}
	if e, ok := f.in.Evidence[o.ID]; ok {
		if e.Damaged > 0 {
			f.add(o, Flag{Kind: HashMismatch, N: e.Damaged})
		}
		if e.Missing > 0 {
			f.add(o, Flag{Kind: MissingEvidence, N: e.Missing})
		}
	}
	if o.Unsure > 0 {
		f.add(o, Flag{Kind: UnsureMatch, N: o.Unsure})
	}
	if max(o.Skew, -o.Skew) > skewed {
		f.add(o, Flag{Kind: ClockSkew, Delay: o.Skew, Usual: skewed})
	}
	if o.Result == stats.Answered {
		f.answer(o)
	}
	if o.Called() {
		f.call(o)
	}
	switch {
	case o.Result == stats.Unreachable:
		f.add(o, Flag{Kind: Bounce, Text: o.Reason, Want: o.Target})
	case o.Result == stats.InDoubt:
		f.add(o, Flag{Kind: InDoubt, Want: o.Target})
	case o.Result == stats.Blocked:
		f.add(o, Flag{Kind: SiteBlocked, Text: o.Reason, Want: o.Target})
	case o.Result == stats.Spoiled && !slices.ContainsFunc(o.Verdicts, func(v stats.Verdict) bool { return v.Decision == stats.Spoil }):
		f.add(o, Flag{Kind: SpoiledByUs, Text: o.Reason})
	}
	if len(o.Contrary) > 0 {
		f.add(o, Flag{Kind: Contradiction, N: len(o.Contrary), Text: strings.Join(o.Contrary, " "), Want: o.Target})
	}
	if codes := differing(o); len(codes) > 0 {
		f.add(o, Flag{Kind: ItemsDiffer, N: len(codes), Text: strings.Join(codes, " ")})
	}
}

// answer finds what is odd about an answer.
func (f *finder) answer(o *stats.Outcome) {
	if o.Delay < fastest {
		f.add(o, Flag{Kind: TooFast, Delay: o.Delay, Usual: fastest, Mail: o.Evidence})
	}
	if o.Confidence > 0 && o.Confidence < sure {
		f.add(o, Flag{Kind: UnsureClass, Share: o.Confidence, Expected: sure, Mail: o.Evidence})
	}
	if got, want := organisation(o.From), organisation(o.Target); got != "" && want != "" && got != want {
		f.add(o, Flag{Kind: ForeignDomain, Text: o.From, Want: o.Target, Mail: o.Evidence})
	}
}

// organisation returns the registrable domain of a mail address or of a contact form's URL, "" when there is none.
func organisation(target string) string {
	host := target
	if _, after, ok := strings.Cut(target, "://"); ok {
		host, _, _ = strings.Cut(after, "/")
		host, _, _ = strings.Cut(host, ":")
	} else if i := strings.LastIndexByte(target, '@'); i >= 0 {
		host = target[i+1:]
	} else {
		return ""
	}
	host = strings.ToLower(strings.Trim(host, ". >"))
	domain, err := publicsuffix.EffectiveTLDPlusOne(host)
	if err != nil {
		return host
	}
	return domain
}

// disputes returns how many disputes wait for an answer.
func disputes(o *stats.Outcome) (n int) {
	for i := range o.Disputes {
		if o.Disputes[i].Open() {
			n++
		}
	}
	return n
}

// differing returns the items that two who rated the audit see differently.
func differing(o *stats.Outcome) (codes []string) {
	seen := map[probes.ItemCode]probes.Value{}
	clash := map[probes.ItemCode]bool{}
	for _, c := range o.Codings {
		for _, x := range c.Items {
			if was, ok := seen[x.Item]; ok && was != x.Value && !clash[x.Item] {
				clash[x.Item] = true
				codes = append(codes, string(x.Item))
			}
			seen[x.Item] = x.Value
		}
	}
	return codes
}
