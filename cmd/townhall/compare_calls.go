package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"text/tabwriter"
	"time"

	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/townhall/switchboard"
)

// called is one call as the prober's journal has it.
type called struct {
	audit               probes.AuditID
	ringing, over       probes.Event // call.ringing; the event that ended it
	answered, personMet bool
}

// callsOf puts the events of the journal together, by the Call-ID under which the town knows a call too.
type callsOf struct {
	byID map[string]*called
	now  map[probes.AuditID]*called
}

func (c *callsOf) add(e *probes.Event) {
	switch e.Kind {
	case probes.CallDialled:
		one := &called{audit: e.Audit}
		c.byID[e.Detail["sip_call"]], c.now[e.Audit] = one, one
		return
	}
	one := c.now[e.Audit]
	if one == nil {
		return
	}
	switch e.Kind {
	case probes.CallRinging:
		one.ringing = *e
	case probes.CallAnswered:
		one.answered = true
	case probes.CallEnded, probes.CallFailed, probes.ProbeFault:
		one.over, one.personMet = *e, e.Detail["person_ms"] != ""
	}
}

// How far a call's instants may be off, in wall time: what SIP says, and what an ear must find out.
const (
	signalled = 100 * time.Millisecond
	heardOff  = 500 * time.Millisecond
)

// earsRight is the share of the calls in which who spoke, and when, must be heard as it was: the channel's own bar.
const earsRight = 0.95

// classOf is what a call that nobody picked up must come to, by the town's last answer.
var classOf = map[int]string{486: probes.ClassBusy, 487: probes.ClassNoAnswer, 200: probes.ClassNoAnswer, 404: probes.ClassWrongNumber, 603: probes.ClassRejected, 503: probes.ClassUnreachable}

// compareCalls holds every call against what the town's telephones did. What was signalled must agree in each call; what was heard, in 95 of
// 100. n is how many audits made them.
func compareCalls(w io.Writer, truth []switchboard.Call, twice []string, journal callsOf) (n, disagree int) {
	type row struct{ calls, right, misheard int }
	rows := map[string]*row{}
	known := map[string]bool{}
	compared, misheard := 0, 0
	var others []string
	for i := range truth {
		c := &truth[i]
		known[c.ID] = true
		name := cmp.Or(c.Way, "?")
		if rows[name] == nil {
			rows[name] = &row{}
		}
		r := rows[name]
		r.calls++
		m := journal.byID[c.ID]
		if m == nil {
			disagree++
			fmt.Fprintf(w, "disagrees: %s was called (%s), and no audit knows of it\n", c.User, c.ID)
			continue
		}
		if why := m.signalled(c); why != "" {
			disagree++
			fmt.Fprintf(w, "disagrees: %s (%s, %s): %s\n", m.audit, c.User, c.Way, why)
			continue
		}
		if m.over.Kind == probes.CallEnded {
			compared++
			if why := m.heard(c); why != "" {
				misheard++
				r.misheard++
				others = append(others, fmt.Sprintf("heard otherwise: %s (%s, %s): %s", m.audit, c.User, c.Way, why))
				continue
			}
		}
		r.right++
	}
	for id, m := range journal.byID {
		if !known[id] && m.over.Kind != probes.ProbeFault {
			disagree++
			fmt.Fprintf(w, "disagrees: %s called (%s), and the town knows nothing of it\n", m.audit, id)
		}
	}
	for _, id := range twice {
		disagree++
		fmt.Fprintf(w, "disagrees: called twice: %s\n", id)
	}
	for _, line := range others {
		fmt.Fprintln(w, line)
	}
	if share := 1 - float64(misheard)/float64(max(compared, 1)); compared > 0 && share < earsRight {
		disagree += misheard
		fmt.Fprintf(w, "disagrees: %d of %d calls were heard otherwise than they were\n", misheard, compared)
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(t, "calls\t\tas it was\theard otherwise\t\n")
	for _, name := range slices.Sorted(maps.Keys(rows)) {
		fmt.Fprintf(t, "%s\t%d\t%d\t%d\t\n", name, rows[name].calls, rows[name].right, rows[name].misheard)
	}
	_ = t.Flush() // the terminal
	fmt.Fprintln(w)
	return len(journal.now), disagree
}

// signalled says where the call's signalling is not what happened.
func (m *called) signalled(c *switchboard.Call) string {
	switch {
	case c.LeftOffHook:
		return "it was left off the hook"
	case m.over.Kind == "":
		return "it has no end"
	case m.over.Kind == probes.ProbeFault:
		return "spoiled by us: " + m.over.Text
	case !m.answered:
		if want := classOf[c.Code]; m.over.Kind != probes.CallFailed || m.over.Detail["class"] != want {
			return fmt.Sprintf("measured %s %q, was %q (%d)", m.over.Kind, m.over.Detail["class"], want, c.Code)
		}
		return ""
	case c.Answered.IsZero():
		return "it was measured as answered, and was not"
	}
	if want := map[string]string{switchboard.ByCaller: "us", switchboard.ByTelephone: "structure"}[c.EndedBy]; m.over.Detail["by"] != want {
		return fmt.Sprintf("ended by %q, was %q", m.over.Detail["by"], c.EndedBy)
	}
	if off := m.ringing.At.Sub(c.Rang); off.Abs() > signalled {
		return fmt.Sprintf("the first ring is off by %v", off)
	}
	talk, _ := strconv.ParseInt(m.over.Detail["talk_ms"], 10, 64)
	if off := time.Duration(talk)*time.Millisecond - c.Ended.Sub(c.Answered); off.Abs() > signalled {
		return fmt.Sprintf("the talk is off by %v", off)
	}
	return ""
}

// heard says where the ear is wrong about who spoke and when.
func (m *called) heard(c *switchboard.Call) string {
	if m.personMet != !c.Person.IsZero() {
		return fmt.Sprintf("a person is heard: %v, was there: %v", m.personMet, !c.Person.IsZero())
	}
	if !m.personMet {
		return ""
	}
	for _, o := range m.over.Observations {
		if o.Item == "phone.wait" && o.Number != nil {
			if off := time.Duration(*o.Number*float64(time.Second)) - c.Person.Sub(c.Rang); off.Abs() > heardOff {
				return fmt.Sprintf("the wait is off by %v", off.Round(time.Millisecond))
			}
			return ""
		}
	}
	return "no wait was measured"
}
