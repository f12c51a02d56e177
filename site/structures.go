package site

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sonde-fleet/sonde/access"
	"github.com/sonde-fleet/sonde/internal/fold"
	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/stats"
)

// structurePath is the path of a structure's page.
func structurePath(id probes.StructureID) string { return "/structures/" + url.PathEscape(string(id)) }

// structures is the list of the audited bodies.
type structures struct {
	frame
	Count string
	Q     string
	Rows  []bodyRow
	pager
}

type bodyRow struct {
	Name, URL, ID, Kind, Band, Region string
	Audits, Answered                  string
	Share                             float64 // answered of those counted, per cent
	Counted                           bool
}

func (s *server) structures(w http.ResponseWriter, r *http.Request) {
	asked, err := parseFilter(r.URL.Query())
	if err != nil {
		s.problem(w, r, http.StatusBadRequest)
		return
	}
	v := s.views.get()
	p := &structures{frame: s.frame(r, asked), Q: asked.Q}
	p.Here, p.Title = "structures", p.T("structures.title")
	words := strings.Fields(fold.Text(asked.Q))
	var found []*body
	all := v.bodies()
	for i := range all {
		if all[i].has(words) {
			found = append(found, &all[i])
		}
	}
	p.Count = p.N("structures", len(found))
	from := min((asked.Page-1)*pageRows, len(found))
	for _, b := range found[from:min(from+pageRows, len(found))] {
		p.Rows = append(p.Rows, p.row(v, b))
	}
	p.pager = p.frame.pager(asked.Page, len(found), pageRows, func(page int) string {
		to := filter{Q: asked.Q, Lang: asked.Lang, Page: page}
		return to.href("/structures")
	})
	s.render(w, r, http.StatusOK, "structures", p)
}

// has says whether the structure's name or number has every word.
func (b *body) has(words []string) bool {
	for _, w := range words {
		if !strings.Contains(b.folded, w) {
			return false
		}
	}
	return true
}

func (p *frame) row(v *view, b *body) bodyRow {
	row := bodyRow{Name: b.Name, URL: filter{Lang: p.Asked.Lang}.href(structurePath(b.ID)), ID: string(b.ID), Kind: b.Kind, Band: b.Band, Region: b.Region}
	counted, answered := 0, 0
	for _, i := range b.places {
		o := &v.Outcomes[i]
		if o.Counted() {
			counted++
			if o.Result == stats.Answered && !o.Late {
				answered++
			}
		}
	}
	row.Audits, row.Counted = p.Int(len(b.places)), counted > 0
	row.Answered = p.T("structures.answered", "K", p.Int(answered), "N", p.Int(counted))
	if counted > 0 {
		row.Share = 100 * float64(answered) / float64(counted)
	}
	return row
}

// structure is the page of one audited body: its audits over time, beside its peers.
type structure struct {
	frame
	Facts    []fact
	Audits   []auditRow
	Dots     *dots
	Compare  []compareRow
	Calls    []callFact
	Scores   []standing
	ListURL  string
	QueueURL string
	Open     string
	Links    []structureLinkRow
	LinkPost string
	Link     string // that was just signed: shown this once
	Ends     []option
	Orders   []link
	CSV      string
	Reports  []link
}

type structureLinkRow struct {
	Serial, By       string
	Created, Expires stamp
	Live             bool
	Post             string
}

// compareRow is one figure of the structure beside those of its peers (same kind and band).
type compareRow struct {
	Name, Own, Interval, Peers string
	OwnShare, PeerShare        float64
	Low, Width                 float64
	Drawn                      bool
}

// dots is the picture of a structure's delays: one mark for each audit, by the day it was contacted.
type dots struct {
	Title, Desc string
	Marks       []dot
	Ticks       []stripTick
	Lines       []shareTick
}

type dot struct {
	X, Y, URL, Title, Class, Path string
}

func (s *server) structurePage(w http.ResponseWriter, r *http.Request) {
	s.structureAgain(w, r, func(*structure) {})
}

func (s *server) structureAgain(w http.ResponseWriter, r *http.Request, say func(*structure)) {
	id := probes.StructureID(r.PathValue("id"))
	v := s.views.get()
	b := v.body(id)
	if b == nil {
		s.problem(w, r, http.StatusNotFound)
		return
	}
	lang := r.URL.Query().Get("lang")
	p := &structure{frame: s.frame(r, filter{Lang: lang})}
	p.Here, p.Title = "structures", b.Name
	said := func(key, value string) {
		if value != "" {
			p.Facts = append(p.Facts, fact{Name: p.T(key), Value: value})
		}
	}
	said("structure.id", string(b.ID))
	said("by.kind", b.Kind)
	said("by.sector", p.Group("sector", b.Sector))
	said("by.band", b.Band)
	said("by.region", b.Region)
	said("audit.hours", b.Hours)
	p.ListURL = filter{Structure: string(id), Lang: lang}.href("/audits")
	p.CSV = filter{Structure: string(id)}.href("/outcomes.csv")
	list := &list{frame: p.frame}
	own := make([]*stats.Outcome, 0, len(b.places))
	for _, i := range b.places {
		own = append(own, &v.Outcomes[i])
	}
	slices.SortStableFunc(own, func(a, b *stats.Outcome) int { return a.Due.Compare(b.Due) })
	for _, o := range own[max(0, len(own)-pageRows):] {
		p.Audits = append(p.Audits, list.auditRow(o))
	}
	p.Reports = p.reportLinks(v, b, structurePath(id)+"/report", false)
	p.Dots = p.dots(own)
	p.compare(v, b, own)
	p.calls(v, b)
	p.scores(v, b)
	visitor := access.From(r.Context())
	if visitor.May(access.Review) {
		n := 0
		for _, o := range own {
			for _, x := range v.flagsOf(o.ID) {
				if x.Open {
					n++
				}
			}
		}
		p.Open, p.QueueURL = p.N("flags", n), queueFilter{Structure: string(id), Lang: lang, Page: 1}.href()
	}
	if visitor.May(access.Operate) && s.doors != nil && s.pen != nil {
		p.operate(s, r, id, lang)
	}
	say(p)
	s.render(w, r, http.StatusOK, "structure", p)
}

func (p *structure) operate(s *server, r *http.Request, id probes.StructureID, lang string) {
	p.LinkPost = filter{Lang: lang}.href(structurePath(id) + "/links")
	for _, days := range []int{30, 90, 365} {
		p.Ends = append(p.Ends, option{strconv.Itoa(days), p.N("days", days), days == 90})
	}
	links, err := s.doors.Links(r.Context(), id)
	if err == nil {
		for _, l := range links {
			p.Links = append(p.Links, structureLinkRow{Serial: l.Serial, By: l.By, Created: p.stamp(l.Created), Expires: p.stamp(l.Expires),
				Live: l.Revoked.IsZero() && time.Now().Before(l.Expires), Post: structurePath(id) + "/links/" + l.Serial + "/revoke"})
		}
	}
	back := structurePath(id)
	for _, x := range s.fleet.probers {
		for _, do := range []string{doPause, doResume, doCancel, doSuppress} {
			p.Orders = append(p.Orders, link{Text: p.T("order." + do + ".action"), About: p.scope(map[string]string{"structure": string(id)}) + " " + x.Name,
				URL: orderURL(lang, back, "do", do, "prober", x.Name, "structure", string(id))})
		}
	}
}

func (s *server) revokeLink(w http.ResponseWriter, r *http.Request) {
	if err := s.doors.RevokeLink(r.Context(), r.PathValue("serial")); err != nil {
		p := s.frame(r, filter{Lang: r.URL.Query().Get("lang")})
		text, code := p.refusal(err)
		p.Title = p.T("problem.refused")
		s.render(w, r, code, "problem", problemPage{p, text, structurePath(probes.StructureID(r.PathValue("id")))})
		return
	}
	http.Redirect(w, r, structurePath(probes.StructureID(r.PathValue("id"))), http.StatusSeeOther)
}

// compare puts the structure's share of answers beside its peers', campaign by campaign.
func (p *structure) compare(v *view, b *body, own []*stats.Outcome) {
	for i := range v.Launches {
		l := &v.Launches[i]
		mine := count(own, l.Campaign)
		if mine.N == 0 {
			continue
		}
		peers := v.peers(l.Campaign, b.Kind, b.Band)
		w := stats.Wilson(mine.K, mine.N)
		row := compareRow{Name: cmp.Or(l.Title, l.Campaign), Own: p.T("figure.of", "K", p.Int(mine.K), "N", p.Int(mine.N), "Interval", p.Interval(w.Low, w.High)),
			Interval: p.Percent(w.Share), Peers: p.Percent(peers.Share), OwnShare: 100 * w.Share, Drawn: true, Low: 100 * w.Low, Width: max(1, 100*(w.High-w.Low))}
		if peers.N > 0 {
			row.PeerShare = 100 * peers.Share
		}
		p.Compare = append(p.Compare, row)
	}
}

// standing is what the structure comes to in one campaign.
type standing struct {
	partRow
	Rank, URL string
}

// scores puts the structure's score beside its peers', campaign by campaign; a campaign that this program cannot judge has none.
func (p *structure) scores(v *view, b *body) {
	for _, l := range v.campaignsOf(b, false) {
		sheet, err := v.sheet(l.Campaign)
		if err != nil {
			continue // the barometer says why
		}
		k := sheet.Body(b.ID)
		if k < 0 || sheet.Bodies[k].Audits == 0 {
			continue
		}
		x := &sheet.Bodies[k]
		row := standing{partRow: p.partRow(cmp.Or(l.Title, l.Campaign), x.Score), Rank: p.T("structure.rank.none"),
			URL: filter{Campaign: l.Campaign, Kind: x.Kind, Band: x.Band, Lang: p.Asked.Lang}.href("/barometer")}
		if x.Rank > 0 {
			row.Rank = p.T("structure.rank", "Rank", p.Int(x.Rank), "N", p.Int(x.Peers), "Low", p.Int(x.RankLow), "High", p.Int(x.RankHigh))
		}
		p.Scores = append(p.Scores, row)
	}
}

func count(own []*stats.Outcome, campaign string) (n stats.Proportion) {
	for _, o := range own {
		if o.Campaign != campaign || !o.Counted() || o.Channel != probes.Mail || o.Result == stats.Silent && !o.Status.Ended() {
			continue
		}
		n.N++
		if o.Result == stats.Answered && !o.Late {
			n.K++
		}
	}
	return n
}

// peerGroup names the structures that one is compared with.
type peerGroup struct{ campaign, kind, band string }

// peers returns the share of mail audits that the group answered in time.
func (v *view) peers(campaign, kind, band string) stats.Proportion {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.groups == nil {
		defer v.spend(time.Now())
		n := map[peerGroup][2]int{}
		for i := range v.Outcomes {
			o := &v.Outcomes[i]
			if !o.Counted() || o.Channel != probes.Mail || o.Result == stats.Silent && !o.Status.Ended() {
				continue
			}
			g := peerGroup{o.Campaign, o.Body.Kind, o.Body.Band}
			k := n[g]
			k[1]++
			if o.Result == stats.Answered && !o.Late {
				k[0]++
			}
			n[g] = k
		}
		v.groups = map[peerGroup]stats.Proportion{}
		for g, k := range n {
			v.groups[g] = stats.Wilson(k[0], k[1])
		}
	}
	return v.groups[peerGroup{campaign, kind, band}]
}

// The drawing area of the dots, in units of its viewBox.
const (
	dotsLeft, dotsRight = 70, 980
	dotsTop, dotsBottom = 20, 240
	dotsDays            = 15
)

// dots draws the delays: answers at their height, silence on the line at the top, what was spoiled below the axis.
func (p *structure) dots(own []*stats.Outcome) *dots {
	var shown []*stats.Outcome
	for _, o := range own {
		if o.Channel == probes.Mail && !o.Sent.IsZero() && o.Counted() {
			shown = append(shown, o)
		}
	}
	if len(shown) == 0 {
		return nil
	}
	first, last := shown[0].Sent, shown[0].Sent
	for _, o := range shown {
		if o.Sent.Before(first) {
			first = o.Sent
		}
		if o.Sent.After(last) {
			last = o.Sent
		}
	}
	whole := max(last.Sub(first), 24*time.Hour)
	y := func(days float64) float64 { return dotsBottom - (dotsBottom-dotsTop)*min(days, dotsDays)/dotsDays }
	d := &dots{Title: p.T("dots.title")}
	for _, days := range []int{0, 5, 10, 15} {
		d.Lines = append(d.Lines, shareTick{ftoa(y(float64(days))), p.Int(days)})
	}
	for k := range 5 {
		t := first.Add(whole * time.Duration(k) / 4)
		d.Ticks = append(d.Ticks, stripTick{ftoa(dotsLeft + float64(dotsRight-dotsLeft)*float64(k)/4), p.T("date.short", "Day", t.Format("02"), "Month", t.Format("01"))})
	}
	for _, o := range shown {
		m := dot{X: ftoa(dotsLeft + float64(dotsRight-dotsLeft)*float64(o.Sent.Sub(first))/float64(whole)), URL: auditURL(o, p.Asked), Class: "theirs", Path: shapes["theirs"]}
		at := y(float64(o.Delay) / dayMS)
		switch o.Result {
		case stats.Answered:
			m.Title = string(o.ID) + ": " + p.Delay(float64(o.Delay))
		case stats.Silent:
			m.Title, m.Class, m.Path = string(o.ID)+": "+p.Term("result", string(o.Result)), "open", shapes["ours"]
			at = y(float64(o.Followed) / dayMS)
		default:
			m.Title, m.Class, m.Path = string(o.ID)+": "+p.Term("result", string(o.Result)), "fault", shapes["fault"]
			at = dotsTop
		}
		m.Y = ftoa(at)
		d.Marks = append(d.Marks, m)
	}
	d.Desc = p.T("dots.desc", "N", p.Int(len(d.Marks)))
	return d
}

func ftoa(x float64) string { return strconv.FormatFloat(x, 'f', 1, 64) }

// found is the page of a search over structures, audits and messages.
type found struct {
	frame
	Q          string
	Structures []bodyRow
	More       string
	Audits     []link
	Messages   []messageHit
	Deep       bool // messages were looked through
}

type messageHit struct {
	Audit, URL, Subject, From string
}

// maxHits is how many results of each kind a search shows.
const maxHits = 20

// search looks through structures, audits and, for those who may read evidence, subjects and senders of messages.
func (s *server) search(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	p := &found{frame: s.frame(r, filter{Lang: q.Get("lang")}), Q: strings.TrimSpace(q.Get("q"))}
	if len([]rune(p.Q)) > 200 {
		s.problem(w, r, http.StatusBadRequest)
		return
	}
	p.Here, p.Title = "search", p.T("search.title")
	p.alternate(r, func(lang string) string { return "/search?" + url.Values{"q": {p.Q}, "lang": {lang}}.Encode() })
	page := "search"
	if r.Header.Get("HX-Request") == "true" && q.Get("suggest") == "yes" {
		page = "suggest"
	}
	words := strings.Fields(fold.Text(p.Q))
	if len(words) == 0 {
		s.render(w, r, http.StatusOK, page, p)
		return
	}
	v := s.views.get()
	if o := v.outcome(probes.AuditID(p.Q)); o != nil {
		p.Audits = append(p.Audits, link{Text: string(o.ID), URL: auditURL(o, p.Asked)})
	}
	n := 0
	all := v.bodies()
	for i := range all {
		if !all[i].has(words) {
			continue
		}
		if n++; n <= maxHits {
			p.Structures = append(p.Structures, p.row(v, &all[i]))
		}
	}
	if n > maxHits {
		p.More = filter{Q: p.Q, Lang: p.Asked.Lang}.href("/structures")
	}
	if page == "search" && access.From(r.Context()).May(access.ReadEvidence) && s.messages != nil {
		p.Deep = true
		for _, hit := range s.messages.Messages(words, maxHits) {
			if o := v.outcome(hit.Audit); o != nil && !sealed(v, o, access.From(r.Context())) { // else a name would find its letters
				p.Messages = append(p.Messages, messageHit{string(hit.Audit), auditURL(o, p.Asked), hit.Subject, hit.From})
			}
		}
	}
	s.render(w, r, http.StatusOK, page, p)
}

// Message is a mail that a search found.
type Message struct {
	Audit         probes.AuditID
	Subject, From string
}

// Messages finds mails by the words of their subject and sender, folded as package fold does.
type Messages interface {
	Messages(words []string, max int) []Message
}
