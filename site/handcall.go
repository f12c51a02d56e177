package site

import (
	"slices"
	"strconv"
	"time"

	"github.com/sonde-fleet/sonde/probes"
)

// handCall is a call that a person made, as they wrote it down. An instant that is zero did not come.
type handCall struct {
	Dialled, Ringing, Answered, Person, Ended time.Time
	Fate                                      string // stats.TryAnswered, or the class of one that nobody picked up
	First                                     string // who or what answered first
	By                                        string // who ended it: us, structure, network
	Notes, Account                            string
	Number                                    string
	Try                                       int
	Again                                     bool // a call of the audit was made before: this is not the first attempt
	Outside                                   bool // while the structure is closed, on purpose
}

// outOfHours are the items of a call to a structure that is closed.
var outOfHours = [...]probes.ItemCode{"phone.machine-out-of-hours", "phone.in-service", "phone.plain-rate"}

// events are those that the agent records of such a call, with the items and by the rules of package probes/phone: a test holds
// the two together. What only an ear on the line can tell (lengths of music, lost packets) is not there.
func (c *handCall) events(id probes.AuditID) (out []probes.Event) {
	put := func(kind probes.Kind, at time.Time, detail map[string]string, observed ...probes.Observation) *probes.Event {
		detail["by_hand"], detail["account"] = "yes", c.Account
		for k := range observed {
			observed[k].By = c.Account
		}
		observed = slices.DeleteFunc(observed, func(o probes.Observation) bool {
			if c.Outside {
				return !slices.Contains(outOfHours[:], o.Item)
			}
			return o.Item == outOfHours[0] // what a message says to a closed structure's callers
		})
		out = append(out, probes.Event{Audit: id, Kind: kind, Try: c.Try, At: at.UTC(), Elapsed: at.Sub(c.Dialled), Detail: detail, Observations: observed})
		return &out[len(out)-1]
	}
	put(probes.CallDialled, c.Dialled, map[string]string{"mode": "measure", "number": c.Number})
	if !c.Ringing.IsZero() {
		delay := c.Ringing.Sub(c.Dialled)
		put(probes.CallRinging, c.Ringing, map[string]string{"by": "person", "pdd_ms": inMs(delay)}, figure("phone.post-dial-delay", delay.Seconds(), "first ring"))
	}
	if c.Fate == fates[0] {
		c.answered(put)
	} else {
		c.failed(put)
	}
	return out
}

// putter adds an event of the call.
type putter func(probes.Kind, time.Time, map[string]string, ...probes.Observation) *probes.Event

func (c *handCall) answered(put putter) {
	rung := time.Duration(0)
	rings := 0
	if !c.Ringing.IsZero() {
		rung = c.Answered.Sub(c.Ringing)
	}
	if rung > 0 { // in France a ring begins each 5 s
		rings = 1 + int(rung/(5*time.Second))
	}
	put(probes.CallAnswered, c.Answered, map[string]string{"ring_ms": inMs(rung), "rings": strconv.Itoa(rings)},
		figure("phone.ring-time", rung.Seconds(), "first ring to picked up"), figure("phone.rings", float64(rings), "5 s a ring"),
		noted("phone.busy", false, "answered"), noted("phone.congestion", false, "answered"), noted("phone.in-service", true, "answered"))
	detail := map[string]string{"by": c.By, "why": "hung up", "mode": "measure", "talk_ms": inMs(c.Ended.Sub(c.Answered)), "first": c.First}
	spoke := !c.Person.IsZero()
	theirs := c.By == "structure"
	fax, silent := c.First == "fax", c.First == "silence"
	dead := silent && !spoke && c.Ended.Sub(c.Answered) >= 10*time.Second
	var seen []probes.Observation
	see := func(x probes.Observation) { seen = append(seen, x) }
	if !silent || spoke {
		see(noted("phone.fax", fax, "heard"))
		see(noted("phone.answered-by-person", spoke, "heard"))
	}
	if !silent && !fax && !spoke {
		see(noted("phone.machine-out-of-hours", true, "heard"))
	}
	switch {
	case spoke:
		detail["person_ms"] = inMs(c.Person.Sub(c.Dialled))
		from := c.Ringing
		if from.IsZero() {
			from = c.Dialled
		}
		see(figure("phone.wait", max(0, c.Person.Sub(from)).Seconds(), "first ring to first word"))
		if !c.Again {
			see(figure("phone.attempts", 1, "calls"))
		}
		see(noted("phone.dropped", false, "a person spoke"))
		see(noted("phone.cut-off", c.By == "network", "how it ended"))
	case c.First == "queue" && theirs:
		see(noted("phone.dropped", true, "hung up while waiting"))
	}
	if !c.Again {
		see(noted("phone.first-attempt", !fax && !dead, "answered"))
	}
	if dead || !silent && !fax {
		see(noted("phone.dead-air", dead, "nothing for 10 s"))
	}
	see(figure("phone.contact-time", c.Ended.Sub(c.Dialled).Minutes(), "dialled to end"))
	see(noted("phone.ended-by-structure", theirs, "who hung up"))
	c.note(detail)
	put(probes.CallEnded, c.Ended, detail, seen...)
}

func (c *handCall) failed(put putter) {
	detail := map[string]string{"class": c.Fate}
	rang := !c.Ringing.IsZero()
	if rang {
		detail["ring_ms"] = inMs(c.Ended.Sub(c.Ringing))
	}
	seen := []probes.Observation{noted("phone.busy", c.Fate == probes.ClassBusy, c.Fate), noted("phone.congestion", false, c.Fate)}
	switch c.Fate {
	case probes.ClassWrongNumber:
		seen = append(seen, noted("phone.in-service", false, c.Fate))
	case probes.ClassBusy, probes.ClassRejected:
		seen = append(seen, noted("phone.in-service", true, c.Fate))
	case probes.ClassNoAnswer:
		if rang {
			seen = append(seen, noted("phone.in-service", true, c.Fate))
		}
	}
	if !c.Again {
		seen = append(seen, noted("phone.first-attempt", false, c.Fate))
	}
	if c.Fate != probes.ClassWrongNumber {
		seen = append(seen, noted("phone.machine-out-of-hours", false, c.Fate))
	}
	c.note(detail)
	put(probes.CallFailed, c.Ended, detail, seen...).Fault = probes.Theirs
}

// note adds what the caller wrote: a detail, and no text, for it may name people, and a text becomes the reason of an outcome.
func (c *handCall) note(detail map[string]string) {
	if c.Notes != "" {
		detail["notes"] = c.Notes
	}
}

func inMs(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }

// noted is the value of an item that is yes or no; figure a number, in the item's unit, to the thousandth.
func noted(item probes.ItemCode, v bool, rule string) probes.Observation {
	return probes.Observation{Item: item, Value: valueOf(v), Rule: rule}
}

func figure(item probes.ItemCode, x float64, rule string) probes.Observation {
	x = float64(int64(x*1000+0.5)) / 1000
	return probes.Observation{Item: item, Number: &x, Rule: rule}
}
