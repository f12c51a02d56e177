package score

import (
	"slices"

	"github.com/sonde-fleet/sonde/grid"
	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/stats"
)

// ofCall is a measure of telephone audits; the others have none.
func ofCall(f func(o *stats.Outcome, c *stats.Call) (float64, bool)) measure {
	return func(o *stats.Outcome, _ grid.Norms) (float64, bool) {
		if o.Call == nil {
			return 0, false
		}
		return f(o, o.Call)
	}
}

// noted is a measure that the agent takes while it lasts: what was observed is what there is.
func noted(code probes.ItemCode) measure {
	return ofCall(func(o *stats.Outcome, _ *stats.Call) (float64, bool) { return o.Items.Value(code) })
}

func firstAttempt(_ *stats.Outcome, c *stats.Call) (float64, bool) {
	return truth(c.FirstAttempt != nil && *c.FirstAttempt), c.FirstAttempt != nil
}

func attempts(o *stats.Outcome, c *stats.Call) (float64, bool) {
	return float64(c.Made()), o.Result == stats.Reached
}

func byPerson(o *stats.Outcome, c *stats.Call) (float64, bool) {
	return truth(o.Result == stats.Reached), c.Person != nil || o.Result == stats.Unreached && listened(o)
}

// pickup is in percent; of an audit in which nobody listened there is none.
func pickup(o *stats.Outcome, c *stats.Call) (float64, bool) {
	return 100 * truth(o.Result == stats.Reached) / float64(c.Made()), c.Person != nil || o.Result == stats.Unreached && listened(o)
}

func ringTime(_ *stats.Outcome, c *stats.Call) (float64, bool) {
	last := c.Last()
	return float64(c.Ring) / 1000, last != nil && last.Class == stats.TryAnswered
}

func wait(o *stats.Outcome, c *stats.Call) (float64, bool) {
	if o.Result != stats.Reached || c.Wait == nil {
		return 0, false
	}
	return float64(*c.Wait) / 1000, true
}

// contactTime is in minutes: of a call in which nobody could be spoken with it is not short but lost.
func contactTime(o *stats.Outcome, c *stats.Call) (float64, bool) {
	return float64(c.Contact) / 60_000, o.Result == stats.Reached && listened(o)
}

// listened says whether the sound of the last call was listened to, or would have been.
func listened(o *stats.Outcome) bool {
	last := o.Call.Last()
	return last != nil && last.Mode != "ring"
}

// callItem says in which calls an item is judged.
type callItem uint8

const (
	whileClosed callItem = 1 << iota // what calls are made for while the structure is closed
	whenever                         // told by any call, open or closed
	clocked                          // told by a call at a certain hour
	unheard                          // told by a call in which nobody listens
	unwatched                        // told by none yet
	byEar                            // told by an auditor who hears the recording
	byMachine                        // told by whatever picks up: a message may do it as well as a person
	ofMenu                           // told where there is a menu, and of nobody who has none
)

// callItems are the items that are not told by every call that is answered in opening hours.
var callItems = map[probes.ItemCode]callItem{
	"phone.machine-out-of-hours": whileClosed, "phone.machine.hours": whileClosed, "phone.in-service": whenever | unheard, "phone.plain-rate": whenever | unheard,
	"phone.opening": clocked | unheard, "phone.lunch": clocked, "phone.late-opening": clocked,
	"phone.first-attempt": unheard, "phone.busy": unheard, "phone.congestion": unheard, "phone.post-dial-delay": unheard, "phone.ring-time": unheard,
	"phone.rings": unheard, "phone.withheld-number": unheard,
	"phone.menu.no-key": ofMenu, "phone.menu.repeat": ofMenu, "phone.menu.wrong-key": ofMenu, "phone.menu.barge-in": ofMenu, "phone.menu.depth": ofMenu,
	"phone.greeting.service": byMachine, "phone.wait.announced": byMachine, "phone.recording-notice": byMachine, "phone.language": byMachine,
}

func callItemOf(it *grid.Item) callItem {
	x := callItems[it.Code]
	if it.How == grid.Asked {
		x |= byEar
	}
	if slices.Contains(grid.Unwatched, it.Code) {
		x |= unwatched
	}
	return x
}

// foreign says whether the item is none of this call: it tells of closing hours, or of an hour at which the call was not made.
func (it *scaleItem) foreign(o *stats.Outcome) bool {
	switch x := it.call; {
	case x&whileClosed != 0:
		return !o.Outside
	case o.Outside:
		return x&whenever == 0
	case x&clocked != 0:
		_, there := o.Items.Value(it.Code)
		return !there
	}
	return false
}

// owed says whether silence costs the points of the item. It does not where the item could not have been judged had somebody spoken:
// nothing observes it yet, it is of a menu that may not be there, a machine that took the call may have it, nobody listened, or no sound is kept for the auditor who would have to hear it. Otherwise those who were
// not reached would be judged on items that the others are spared.
func (it *scaleItem) owed(o *stats.Outcome) bool {
	last := o.Call.Last()
	switch {
	case last == nil || it.call&(unwatched|ofMenu) != 0 || it.call&byMachine != 0 && o.Result == stats.Unmanned:
		return false
	case last.Mode == "ring":
		return it.call&unheard != 0
	case it.call&byEar != 0:
		return last.Mode == "record"
	}
	return true
}
