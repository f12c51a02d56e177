package townhall

import (
	"time"

	"github.com/sonde-fleet/sonde/townhall/switchboard"
)

// Telephones are the conducts of the residents' telephones by their numbers, as a switchboard takes them.
func Telephones(residents []Resident) map[string]switchboard.Conduct {
	out := map[string]switchboard.Conduct{}
	for _, r := range residents {
		out[r.Phone] = r.Telephone
	}
	return out
}

// Calls returns what really happened to the calls so far; nothing where the town has no telephones.
func (t *Town) Calls() []switchboard.Call {
	if t.o.Telephones == nil {
		return nil
	}
	return t.o.Telephones.Truth()
}

// CalledTwice returns the calls that a telephone got more than once.
func (t *Town) CalledTwice() []string {
	if t.o.Telephones == nil {
		return nil
	}
	return t.o.Telephones.Twice()
}

// telephones are the ways in which a town's telephones are answered, in turn: those of public services, and the quicker ones of
// private companies. Times are of the wall, and short: a real telephone rings and plays five times as long.
func telephones() (public, private []switchboard.Conduct) {
	const ms, s = time.Millisecond, time.Second
	type (
		way  = switchboard.Way
		step = switchboard.Step
	)
	person, over := step{Act: switchboard.Person, For: 2200 * ms}, step{Act: switchboard.HangUp}
	menu := step{Act: switchboard.Menu, For: 1800 * ms} // longer than a breath: who speaks next is somebody else
	queue := func(length, every time.Duration) step {
		return step{Act: switchboard.Queue, For: length, Every: every}
	}
	does := func(ways ...way) switchboard.Conduct { return switchboard.Conduct{Ways: ways} }
	rings := func(name string, share float64, ring time.Duration, steps ...step) way {
		return way{Name: name, Share: share, Before: 100 * ms, Ring: ring, Spread: ring, Steps: append(steps, over)}
	}
	ends := func(e switchboard.End, share float64) way { return way{End: e, Share: share, Before: 100 * ms} }
	// The ring tone sounds for at least a second: one that is cut earlier is heard as something else.
	early := func(w way) way {
		w.Early, w.Ring, w.Spread = true, max(w.Ring, 1200*ms), 300*ms
		return w
	}
	voicemail := rings("voicemail", 3, 1200*ms, step{Act: switchboard.Greeting}, step{Act: switchboard.Wait, For: 300 * ms}, step{Act: switchboard.Beep}, step{Act: switchboard.Wait, For: 1500 * ms})
	dropped := rings("dropped from the queue", 2, 600*ms, queue(4*s, 0))
	lost := rings("transfer lost", 2, 700*ms, person, step{Act: switchboard.Transfer, For: 1600 * ms})
	passed := rings("transferred", 3, 700*ms, person, step{Act: switchboard.Transfer, For: 1600 * ms}, person)
	menus := rings("menu", 4, 500*ms, menu, person)
	busy, nobody := ends(switchboard.Busy, 2), ends(switchboard.NoAnswer, 2)
	public = []switchboard.Conduct{
		does(rings("person", 6, 900*ms, person), nobody, busy),
		does(menus, dropped, busy),
		does(ends(switchboard.Busy, 5), rings("person", 5, 600*ms, person)), // a line that is engaged, and gets through later
		does(rings("queue", 4, 600*ms, queue(3*s, 0), person), dropped, rings("queue with announcements", 2, 600*ms, queue(8*s, 4*s), person)),
		does(voicemail),
		does(early(rings("person", 5, 1200*ms, person)), nobody),
		does(rings("closed", 4, 800*ms, step{Act: switchboard.Announce}), rings("person", 4, 800*ms, person)),
		does(ends(switchboard.WrongNumber, 1)),
		does(passed, lost, nobody),
		does(ends(switchboard.NoAnswer, 6), rings("person", 4, 1500*ms, person), ends(switchboard.Races, 1)),
		does(rings("fax", 1, 500*ms, step{Act: switchboard.Wait, For: 300 * ms}, step{Act: switchboard.Fax}, step{Act: switchboard.Wait, For: s})),
		does(rings("menu of two levels", 1, 500*ms, menu, menu, person), menus, busy),
		does(rings("dead air", 2, 400*ms, step{Act: switchboard.Wait, For: 11 * s}), rings("person", 7, 700*ms, person)),
		does(ends(switchboard.Unreachable, 1)),
		does(ends(switchboard.Refused, 2), voicemail, rings("person", 4, 700*ms, person)),
	}
	private = []switchboard.Conduct{
		does(rings("person", 1, 500*ms, person)),
		does(menus, early(rings("person", 2, 1200*ms, person))),
		does(rings("queue", 4, 500*ms, queue(3*s, 0), person), rings("person", 3, 500*ms, person)),
		does(rings("person", 8, 600*ms, person), busy),
		does(rings("transferred", 3, 500*ms, person, step{Act: switchboard.Transfer, For: 1600 * ms}, person), rings("person", 3, 500*ms, person)),
	}
	return public, private
}
