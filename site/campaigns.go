package site

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/sonde-fleet/sonde/access"
	"github.com/sonde-fleet/sonde/control"
	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/stats"
)

// campaigns is the page of all campaigns, and of what waits for a second operator.
type campaigns struct {
	frame
	Rows      []campaignRow
	Waiting   []waitingRow
	Proposals []proposalRow
}

type campaignRow struct {
	Title, URL, FiguresURL    string
	Start, End                stamp
	Structures, Audits, Done  string
	Share                     float64
	ShareText, State, Probers string
	Review                    link
	Running, Paused           bool
}

// waitingRow is a prober that waits for the order to launch.
type waitingRow struct{ Prober, Campaign, URL string }

type proposalRow struct {
	Text, Reason, By, Post string
	At                     stamp
	Own                    bool
}

// counts is how far a campaign is.
type counts struct{ done, total, out int }

func (v *view) progress(campaign string) (c counts) {
	for k, n := range v.census().states {
		switch {
		case k.campaign != campaign:
		case k.status == probes.Awaiting:
			c.out += n
		case k.status.Ended():
			c.done += n
			c.total += n
		default:
			c.total += n
		}
	}
	return c
}

func (s *server) campaignsPage(w http.ResponseWriter, r *http.Request) {
	p := &campaigns{frame: s.frame(r, filter{Lang: r.URL.Query().Get("lang")})}
	p.Here, p.Title = "campaigns", p.T("campaigns.title")
	v := s.views.get()
	answers := s.fleet.ask(r.Context())
	v.review()
	open := v.open
	for i := range v.Launches {
		l := &v.Launches[i]
		c := v.progress(l.Campaign)
		share := float64(c.done) / float64(max(c.total, 1))
		row := campaignRow{Title: cmp.Or(l.Title, l.Campaign), URL: campaignURL(l.Campaign, p.Asked.Lang), Start: p.stamp(l.Timeline.Start), End: p.stamp(l.End),
			FiguresURL: filter{Campaign: l.Campaign, Lang: p.Asked.Lang}.href("/"), Structures: p.Int(l.Structure), Audits: p.Int(l.Audits), Done: p.Int(c.done),
			Share: 100 * share, ShareText: p.percent(share, 0), State: p.T("campaign.state.over")}
		var names []string
		for _, a := range answers {
			if a.Status != nil && a.Status.Campaign == l.Campaign && !a.Status.AwaitingLaunch {
				names = append(names, a.Prober)
				row.Running, row.Paused = true, row.Paused || a.Status.Paused
			}
		}
		row.Probers = strings.Join(names, ", ")
		switch {
		case row.Paused:
			row.State = p.T("campaign.state.paused")
		case row.Running && c.done < c.total:
			row.State = p.T("campaign.state.running")
		case c.done < c.total:
			row.State = p.T("campaign.state.unattended")
		}
		if n := open[l.Campaign]; n > 0 && access.From(r.Context()).May(access.Review) {
			row.Review = link{Text: p.N("flags", n), URL: queueFilter{Campaign: l.Campaign, Lang: p.Asked.Lang, Page: 1}.href()}
		}
		p.Rows = append(p.Rows, row)
	}
	for _, a := range answers {
		if a.Status != nil && a.Status.AwaitingLaunch {
			p.Waiting = append(p.Waiting, waitingRow{a.Prober, cmp.Or(a.Status.Title, a.Status.Campaign), planURL(a.Prober, p.Asked.Lang)})
		}
	}
	me := access.From(r.Context()).Account.Name
	if s.desk != nil {
		for _, x := range s.desk.Proposals() {
			d := x.Event.Detail
			p.Proposals = append(p.Proposals, proposalRow{Text: p.T("order."+d["do"]) + " – " + p.T("order.text", "Scope", p.scope(d), "Prober", d["prober"]),
				Reason: x.Event.Text, By: d["by"], At: p.stamp(x.Event.At), Own: d["by"] == me, Post: "/orders/" + itoa(x.N)})
		}
	}
	s.render(w, r, http.StatusOK, "campaigns", p)
}

func campaignURL(id, lang string) string {
	return filter{Lang: lang}.href("/campaigns/" + url.PathEscape(id))
}

func planURL(prober, lang string) string {
	q := url.Values{"prober": {prober}}
	if lang != "" {
		q.Set("lang", lang)
	}
	return "/plan?" + q.Encode()
}

// operation is the page of one campaign for those who run it.
type operation struct {
	frame
	Head     *campaign
	Blocks   []proberBlock
	Live     bool   // the page follows the campaign
	LiveURL  string // of the part that follows
	Pauses   []pauseRow
	Doubts   []doubtRow
	ByHand   []doubtRow
	Fault    string
	Operator bool
}

// proberBlock is how far one prober is, channel by channel and wave by wave.
type proberBlock struct {
	Name     string
	Down     string
	Channels []progressRow
	Waves    []progressRow
	Actions  []link
	Now      stamp
	Paused   bool
	DiskFull bool
}

// progressRow is one stacked bar: what is over, what is being watched, what waits, what was spoiled.
type progressRow struct {
	Name     string
	Segments []segment
	Text     string
	Actions  []link
	Paused   bool
}

type segment struct {
	X, Width float64
	Class    string
	Title    string
}

type pauseRow struct {
	Text, By, Reason, Prober string
	At                       stamp
	Resume                   string
}

type doubtRow struct {
	ID, URL, Target, Prober, Resolve string
	Task                             string // where a call that a person makes is written down
	Sent, Until                      stamp
	Decide                           bool
}

// phases are how the states are put together in a bar.
var phases = [...]struct {
	class  string
	states []probes.Status
}{
	{"over", []probes.Status{probes.Closed, probes.Refused}},
	{"watched", []probes.Status{probes.Contacted}},
	{"busy", []probes.Status{probes.Prepared, probes.Sending, probes.InDoubt, probes.ByHand}},
	{"lost", []probes.Status{probes.Faulted, probes.Missed, probes.Cancelled, probes.Suppressed}},
	{"planned", []probes.Status{probes.Planned, probes.Awaiting}},
}

func (p *frame) progressRow(name string, n map[probes.Status]int) progressRow {
	total := 0
	for _, k := range n {
		total += k
	}
	row := progressRow{Name: name}
	at := 0.0
	var said []string
	for _, ph := range phases {
		k := 0
		for _, st := range ph.states {
			k += n[st]
		}
		if k == 0 {
			continue
		}
		width := 100 * float64(k) / float64(max(total, 1))
		text := p.T("phase."+ph.class) + nbsp + p.Int(k)
		row.Segments = append(row.Segments, segment{at, width, ph.class, text})
		said = append(said, text)
		at += width
	}
	row.Text = strings.Join(said, " · ")
	return row
}

// orderURL leads to the confirmation of an order.
func orderURL(lang, back string, pairs ...string) string {
	q := url.Values{"back": {back}}
	for i := 0; i+1 < len(pairs); i += 2 {
		q.Set(pairs[i], pairs[i+1])
	}
	if lang != "" {
		q.Set("lang", lang)
	}
	return "/orders?" + q.Encode()
}

func (s *server) operation(w http.ResponseWriter, r *http.Request) { s.operate(w, r, "operation") }

// operationLive is the part of the page that follows the campaign.
func (s *server) operationLive(w http.ResponseWriter, r *http.Request) { s.operate(w, r, "live") }

func (s *server) operate(w http.ResponseWriter, r *http.Request, page string) {
	id := r.PathValue("id")
	v := s.views.get()
	i := slices.IndexFunc(v.Launches, func(l probes.Launch) bool { return l.Campaign == id })
	if i < 0 {
		s.problem(w, r, http.StatusNotFound)
		return
	}
	l := &v.Launches[i]
	lang := r.URL.Query().Get("lang")
	p := &operation{frame: s.frame(r, filter{Lang: lang}), Operator: access.From(r.Context()).May(access.Operate) && s.pen != nil}
	p.Here, p.Title = "campaigns", cmp.Or(l.Title, l.Campaign)
	p.LiveURL = filter{Lang: lang}.href("/campaigns/" + url.PathEscape(id) + "/live")
	h := &home{frame: p.frame}
	p.Head = h.campaign(v, filter{Campaign: id}, l)
	p.Live = !p.Head.Over
	back := campaignURL(id, lang)
	for _, a := range s.fleet.ask(r.Context()) {
		if a.Status == nil {
			p.Blocks = append(p.Blocks, proberBlock{Name: a.Prober, Down: a.Fault})
			continue
		}
		if a.Status.Campaign == id && !a.Status.AwaitingLaunch {
			p.prober(a, back)
		}
	}
	s.render(w, r, http.StatusOK, page, p)
}

func (p *operation) prober(a answer, back string) {
	st, lang := a.Status, p.Asked.Lang
	b := proberBlock{Name: a.Prober, Now: p.stamp(st.Now), Paused: st.Paused, DiskFull: st.DiskFull}
	order := func(do string, pairs ...string) link {
		return link{Text: p.T("order." + do + ".action"), About: p.scope(map[string]string{pairs[0]: pairs[1]}) + " " + a.Prober, URL: orderURL(lang, back, append([]string{"do", do, "prober", a.Prober}, pairs...)...)}
	}
	paused := map[control.Scope]bool{}
	for _, x := range st.Pauses {
		paused[x.Scope] = true
		row := pauseRow{Text: p.scope(map[string]string{"campaign": x.Campaign, "wave": x.Wave, "structure": string(x.Structure), "audit": string(x.Audit)}), By: x.By,
			Reason: x.Reason, Prober: a.Prober, At: p.stamp(x.At)}
		if p.Operator {
			switch {
			case x.Audit != "":
				row.Resume = order(doResume, "audit", string(x.Audit)).URL
			case x.Structure != "":
				row.Resume = order(doResume, "structure", string(x.Structure)).URL
			case x.Wave != "":
				row.Resume = order(doResume, "wave", x.Wave).URL
			default:
				row.Resume = order(doResume, "campaign", st.Campaign).URL
			}
		}
		p.Pauses = append(p.Pauses, row)
	}
	if p.Operator {
		if st.Paused {
			b.Actions = append(b.Actions, order(doResume, "campaign", st.Campaign))
		} else {
			b.Actions = append(b.Actions, order(doPause, "campaign", st.Campaign))
		}
		b.Actions = append(b.Actions, order(doCancel, "campaign", st.Campaign))
	}
	for _, ch := range probes.Channels {
		if n := st.Channels[ch]; len(n) > 0 {
			b.Channels = append(b.Channels, p.progressRow(p.Term("channel", string(ch)), n))
		}
	}
	waves := make([]string, 0, len(st.Waves))
	for wave := range st.Waves {
		waves = append(waves, wave)
	}
	slices.Sort(waves)
	for _, wave := range waves {
		row := p.progressRow(wave, st.Waves[wave])
		if row.Paused = paused[control.Scope{Wave: wave}]; p.Operator {
			if row.Paused {
				row.Actions = append(row.Actions, order(doResume, "wave", wave))
			} else {
				row.Actions = append(row.Actions, order(doPause, "wave", wave))
			}
			row.Actions = append(row.Actions, order(doCancel, "wave", wave))
		}
		b.Waves = append(b.Waves, row)
	}
	for i := range st.InDoubt {
		d := &st.InDoubt[i]
		row := p.doubt(&d.State, a.Prober)
		row.Until, row.Decide = p.stamp(d.ProofUntil), d.Decide
		if p.Operator && d.Decide {
			row.Resolve = order(doResolve, "audit", string(d.Audit.ID)).URL
		}
		p.Doubts = append(p.Doubts, row)
	}
	for i := range st.ByHand {
		row := p.doubt(&st.ByHand[i], a.Prober)
		row.Until = p.stamp(st.ByHand[i].Audit.Deadline)
		if a := &st.ByHand[i].Audit; a.Channel == probes.Phone && p.Operator {
			row.Task = taskURL(a.ID, lang)
		} else if p.Operator {
			row.Resolve = order(doResolve, "audit", string(st.ByHand[i].Audit.ID), "by-hand", "yes").URL
		}
		p.ByHand = append(p.ByHand, row)
	}
	p.Blocks = append(p.Blocks, b)
}

func (p *operation) doubt(st *probes.State, prober string) doubtRow {
	o := stats.Outcome{Audit: st.Audit}
	return doubtRow{ID: string(st.Audit.ID), URL: auditURL(&o, p.Asked), Target: st.Audit.Target, Prober: prober, Sent: p.stamp(st.Sent)}
}
