package webhook

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"slices"
	"strings"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/sonde-fleet/sonde/config"
	"github.com/sonde-fleet/sonde/ledger"
	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/review"
	"github.com/sonde-fleet/sonde/stats"
	"github.com/sonde-fleet/sonde/store"
)

// identifier names a message. It follows from what the message is about, so that a message that is made a second time has the
// same one and its receiver can tell.
func identifier(hook, key string) string {
	sum := sha256.Sum256([]byte(hook + "\x00" + key))
	return "msg_" + base64.RawURLEncoding.EncodeToString(sum[:18])
}

// portion is how many records are looked at before what they tell is written down.
const portion = 1000

// read puts what the journals have since into the queues. Message and cursor are written together: a crash neither loses nor
// repeats one.
func (t *Teller) read() error {
	for _, h := range t.hooks {
		for _, journal := range append(t.o.Journals.Probers(), ledger.Self) {
			for {
				more, err := t.portion(h, journal)
				if err != nil {
					return err
				}
				if !more {
					break
				}
			}
		}
	}
	return nil
}

// portion reads on in one journal for one webhook. It says whether there may be more.
func (t *Teller) portion(h *hook, journal string) (more bool, err error) {
	var after uint64
	full := false
	err = t.db.View(func(tx *bolt.Tx) error {
		b := tx.Bucket([]byte(h.Name))
		if v := b.Bucket(bucketCursors).Get([]byte(journal)); len(v) == 8 {
			after = binary.BigEndian.Uint64(v)
		}
		full = h.Stats().Pending >= waiting
		return nil
	})
	if err != nil || full {
		return false, err
	}
	var facts []*fact
	last, n := after, 0
	see := func(r *probes.Record) bool {
		last = r.N
		if f := t.fact(journal, r); f != nil && h.Tells(f.event) {
			facts = append(facts, f)
		}
		n++
		return n < portion
	}
	if journal == ledger.Self {
		err = t.o.Journals.Trail(after, func(l *store.Link) bool { return see(&l.Record) })
	} else {
		err = t.o.Journals.Records(journal, after, see)
	}
	if err != nil || last == after {
		return false, err
	}
	err = t.db.Update(func(tx *bolt.Tx) error {
		b := tx.Bucket([]byte(h.Name))
		for _, f := range facts {
			if err := h.put(b, f); err != nil {
				return err
			}
		}
		return advance(b, journal, last)
	})
	if err == nil && len(facts) > 0 {
		h.added(len(facts))
	}
	return n == portion, err
}

// added counts what was put into the queue and wakes the sender.
func (h *hook) added(n int) {
	h.count(func(s *Stats) { s.Pending += n })
	select {
	case h.more <- struct{}{}:
	default: // it is awake
	}
}

// Stats returns how the webhook stands.
func (h *hook) Stats() Stats {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.stats
}

// fact returns what a record tells, nil: nothing. Records of a journal are looked at in order, each once.
func (t *Teller) fact(journal string, r *probes.Record) *fact {
	e := r.Event
	if e == nil || e.Audit == "" {
		return nil
	}
	f := &fact{key: journal + " " + itoa(r.N), content: content{At: e.At.UTC()}}
	tell := func(event, kind string, data map[string]any) *fact {
		f.event, f.content.Type = event, kind
		f.content.Data = data
		data["audit"] = e.Audit
		if o, ok := t.o.Ledger.Outcome(e.Audit); ok {
			data["campaign"], data["structure"], data["channel"] = o.Campaign, o.Structure, o.Channel
		}
		f.content.Link = t.link(string(e.Audit))
		return f
	}
	switch e.Kind {
	case probes.ReviewVerdict:
		return tell(config.TellVerdict, "verdict.signed", map[string]any{"n": r.N, "flag": e.Detail["flag"], "verdict": e.Detail["verdict"]})
	case probes.ReviewWithdrawn:
		return tell(config.TellVerdict, "verdict.withdrawn", map[string]any{"n": r.N, "of": e.Detail["of"]})
	case probes.DisputeOpened:
		return tell(config.TellDispute, "dispute.opened", map[string]any{"n": r.N})
	case probes.DisputeAnswered:
		return tell(config.TellDispute, "dispute.answered", map[string]any{"n": r.N, "of": e.Detail["of"]})
	}
	if journal == ledger.Self {
		return nil
	}
	if e.Kind == probes.MailReceived {
		if o, ok := t.answers(e); ok {
			return tell(config.TellAnswer, "audit.answered", map[string]any{"delay_ms": o.Delay, "worked_ms": o.Worked, "working_days": o.Days, "late": o.Late})
		}
		return nil
	}
	if status, ends := t.ends(e); ends {
		return tell(config.TellAuditOver, "audit.over", map[string]any{"state": status})
	}
	return nil
}

// answers says whether the mail is the one that answered the audit: the first with those bytes.
func (t *Teller) answers(e *probes.Event) (stats.Outcome, bool) {
	o, ok := t.o.Ledger.Outcome(e.Audit)
	if !ok || o.Result != stats.Answered || len(e.Evidence) == 0 || e.Evidence[0].SHA256 != o.Evidence {
		return o, false
	}
	events, err := t.o.Journals.Events(e.Audit)
	if err != nil {
		return o, false
	}
	i := slices.IndexFunc(events, func(x probes.Event) bool {
		return x.Kind == e.Kind && len(x.Evidence) > 0 && x.Evidence[0].SHA256 == o.Evidence
	})
	return o, i >= 0 && events[i].At.Equal(e.At)
}

// ends says whether the audit was not over before the event and is after it. It follows from the audit's events alone, so it
// is said once, whenever it is asked.
func (t *Teller) ends(e *probes.Event) (probes.Status, bool) {
	if !maybeLast(e) {
		return "", false
	}
	events, err := t.o.Journals.Events(e.Audit)
	if err != nil {
		return "", false
	}
	status := probes.Planned
	for i := range events {
		before := status
		status = status.Next(&events[i])
		if x := &events[i]; x.Kind == e.Kind && x.At.Equal(e.At) && x.Try == e.Try {
			return status, status.Ended() && !before.Ended()
		}
	}
	return "", false
}

// maybeLast says whether an event of the kind can be the one that ends an audit in any state.
func maybeLast(e *probes.Event) bool {
	for _, s := range probes.Statuses {
		if !s.Ended() && s.Next(e).Ended() {
			return true
		}
	}
	return false
}

// look tells what no single record says: flags that were raised, campaigns that are over. What was told is remembered.
func (t *Teller) look() error {
	start := time.Now()
	defer func() {
		t.looked = time.Now()
		t.resting = max(calm, thrift*t.looked.Sub(start))
	}()
	wanted := false
	for _, h := range t.hooks {
		wanted = wanted || h.Tells(config.TellFlag) || h.Tells(config.TellCampaignOver)
	}
	if !wanted {
		return nil
	}
	facts := t.standing()
	for _, h := range t.hooks {
		added := 0
		err := t.db.Update(func(tx *bolt.Tx) error {
			b := tx.Bucket([]byte(h.Name))
			told := b.Bucket(bucketTold)
			for i := range facts {
				f := &facts[i]
				if told.Get([]byte(f.key)) != nil || h.Tells(f.event) && h.Stats().Pending+added >= waiting {
					continue
				}
				if h.Tells(f.event) {
					if err := h.put(b, f); err != nil {
						return err
					}
					added++
				}
				if err := told.Put([]byte(f.key), []byte{1}); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		if added > 0 {
			h.added(added)
		}
	}
	return nil
}

// standing returns the flags that are open and the campaigns that are over as of now.
func (t *Teller) standing() (all []fact) {
	s := t.o.Ledger.Snapshot()
	running := map[string]bool{}
	for i := range s.Outcomes {
		if o := &s.Outcomes[i]; !o.Status.Ended() && o.Status != probes.Awaiting {
			running[o.Campaign] = true
		}
	}
	for i := range s.Launches {
		l := &s.Launches[i]
		if running[l.Campaign] || l.Timeline.Campaign(s.At).Before(l.End) {
			continue
		}
		all = append(all, fact{config.TellCampaignOver, "campaign " + l.Campaign, content{Type: "campaign.over", At: s.At.UTC(),
			Data: map[string]any{"campaign": l.Campaign, "audits": l.Audits, "structures": l.Structure},
			Link: map[string]string{"page": strings.TrimSuffix(t.o.Site, "/") + "/?campaign=" + l.Campaign,
				"api": strings.TrimSuffix(t.o.Site, "/") + "/api/v1/figures?campaign=" + l.Campaign}}})
	}
	for _, x := range review.Find(review.Input{Launches: s.Launches, Outcomes: s.Outcomes, Evidence: s.Faulty}) {
		if x.Open && !x.Second {
			all = append(all, fact{config.TellFlag, "flag " + string(x.Kind) + " " + string(x.Audit) + " " + string(x.Mail), content{Type: "flag.raised", At: s.At.UTC(),
				Data: map[string]any{"flag": x.Kind, "audit": x.Audit, "campaign": x.Campaign, "structure": x.Structure, "channel": x.Channel}, Link: t.link(string(x.Audit))}})
		}
	}
	return all
}
