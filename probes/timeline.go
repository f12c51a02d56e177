package probes

import "time"

// Timeline maps campaign time to wall time and back. A real campaign runs at speed 1 and both are the same; a
// compressed one (demo, test) starts at the campaign instant Start when the wall clock shows Launched, and runs Speed
// times as fast. It is a pure mapping: nobody injects a clock.
type Timeline struct {
	Start    time.Time `json:"start" cbor:"1,keyasint"`    // campaign instant
	Launched time.Time `json:"launched" cbor:"2,keyasint"` // wall instant of Start
	Speed    int64     `json:"speed" cbor:"3,keyasint"`    // campaign seconds per wall second; 0 and 1 mean real time
}

// compressed says whether campaign time differs from wall time.
func (t Timeline) compressed() bool { return t.Speed > 1 }

// Campaign returns the campaign instant that the wall instant shows.
func (t Timeline) Campaign(wall time.Time) time.Time {
	if !t.compressed() {
		return wall
	}
	return t.Start.Add(wall.Sub(t.Launched) * time.Duration(t.Speed))
}

// Wall returns the wall instant at which the campaign instant comes.
func (t Timeline) Wall(campaign time.Time) time.Time {
	if !t.compressed() {
		return campaign
	}
	return t.Launched.Add(campaign.Sub(t.Start) / time.Duration(t.Speed))
}

// Span returns how much campaign time a wall duration is worth.
func (t Timeline) Span(wall time.Duration) time.Duration {
	if !t.compressed() {
		return wall
	}
	return wall * time.Duration(t.Speed)
}
