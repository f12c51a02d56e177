package site

import (
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/review"
	"github.com/sonde-fleet/sonde/stats"
	"golang.org/x/sync/singleflight"
)

// thrift is how many times longer a snapshot serves than its figures took to compute: the pages never use more than
// about a tenth of a core, however many read them and however large the campaign.
const (
	thrift    = 10
	youngest  = 200 * time.Millisecond // a snapshot serves at least that long
	oldest    = time.Minute            // and never longer than that
	memoLimit = 200                    // answers kept of one snapshot
	mostWarm  = 40                     // of them are made for the next snapshot before anybody asks
	quick     = 100 * time.Millisecond // what a reader waits for without noticing
	patience  = time.Second            // what somebody waits for who has decided something
)

// views holds the newest snapshot with what was computed from it.
type views struct {
	source interface{ Snapshot() Snapshot }
	making sync.Mutex // held while a snapshot is made
	mu     sync.Mutex
	newest *view
	// stale is set when somebody decided something: their next page must show it, so the next who asks makes a new
	// snapshot, however young the old one is.
	stale bool
}

// expire makes the next page show what was just written.
func (v *views) expire() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.stale = true
}

// get returns a view that is fresh enough. When it is too old, the first who asks makes the next one, and the others
// are served the old one meanwhile; where that takes long, the first one is served the old one too. Only before the first
// snapshot does everybody wait, and who has just decided something, where it is quick.
func (v *views) get() *view {
	old, stale := v.current()
	if old != nil && !stale && time.Since(old.made) < old.serves() {
		return old
	}
	switch {
	case old == nil || stale && old.cost() < patience:
		v.making.Lock()
	case !v.making.TryLock():
		return old
	case old.cost() >= quick:
		go func() {
			defer v.making.Unlock()
			v.next(old)
		}()
		return old
	}
	defer v.making.Unlock()
	if made, stale := v.current(); made != old && !stale {
		return made // while this one waited
	}
	return v.next(old)
}

// next makes the view that follows the old one. Called while making is held.
func (v *views) next(old *view) *view {
	v.mu.Lock()
	v.stale = false // what is written from here on is not in the snapshot for sure
	v.mu.Unlock()
	start := time.Now()
	s := v.source.Snapshot()
	slices.SortStableFunc(s.Launches, func(a, b probes.Launch) int { return b.Timeline.Launched.Compare(a.Timeline.Launched) })
	now := time.Now()
	made := &view{Snapshot: s, made: now, spent: now.Sub(start), reports: map[string]asked{}, lists: map[string][]int32{}}
	if old != nil {
		made.before = old.scored()
		made.warm(old)
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.newest = made
	return made
}

func (v *views) current() (newest *view, stale bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.newest, v.stale
}

// keepScores is how long the scores of a snapshot may stand in for those of a newer one: they hold its outcomes in memory.
const keepScores = 10 * time.Minute

// scored returns the newest scores that there are of each campaign.
func (v *view) scored() map[string]*judged {
	v.mu.Lock()
	defer v.mu.Unlock()
	out := map[string]*judged{}
	maps.Copy(out, v.before)
	maps.Copy(out, v.sheets)
	maps.DeleteFunc(out, func(_ string, j *judged) bool { return time.Since(j.made) > keepScores })
	return out
}

// asked is a report with what was asked for, so that the next snapshot can have it ready.
type asked struct {
	report stats.Report
	f      filter
	by     stats.Dimension
}

// view is one snapshot and the figures computed from it, each once.
type view struct {
	Snapshot
	made time.Time

	mu      sync.Mutex
	spent   time.Duration // computing the snapshot and its figures
	reports map[string]asked
	lists   map[string][]int32
	index   map[probes.AuditID]int32
	once    singleflight.Group
	sets    map[string][]string // values of the dimensions

	counting sync.Once
	counted  *census
	groups   map[peerGroup]stats.Proportion
	kept     map[string]any // see memo
	sheets   map[string]*judged
	before   map[string]*judged // of the snapshot before, while this one is not scored yet

	finding  sync.Once
	searched bool          // flags were asked for
	flags    []review.Flag // in the order of the queue
	flagged  map[probes.AuditID][]int32
	open     map[string]int // open flags by campaign
}

// review returns the flags of the snapshot, found when the first page asks for them.
func (v *view) review() []review.Flag {
	v.finding.Do(func() {
		start := time.Now()
		v.flags = review.Find(review.Input{Launches: v.Launches, Outcomes: v.Outcomes, Evidence: v.Faulty})
		v.flagged, v.open = map[probes.AuditID][]int32{}, map[string]int{}
		for i := range v.flags {
			v.flagged[v.flags[i].Audit] = append(v.flagged[v.flags[i].Audit], int32(i))
			if v.flags[i].Open {
				v.open[v.flags[i].Campaign]++
			}
		}
		v.mu.Lock()
		defer v.mu.Unlock()
		v.searched = true
		v.spend(start)
	})
	return v.flags
}

// flagsOf returns the flags of one audit.
func (v *view) flagsOf(id probes.AuditID) (out []review.Flag) {
	all := v.review()
	for _, i := range v.flagged[id] {
		out = append(out, all[i])
	}
	return out
}

func (v *view) serves() time.Duration {
	v.mu.Lock()
	defer v.mu.Unlock()
	return min(max(thrift*v.spent, youngest), oldest)
}

// cost returns what the snapshot and its figures have cost so far.
func (v *view) cost() time.Duration {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.spent
}

// warm computes what the readers of the old view asked for, before the new one is handed out: they will come again. What
// fails fails again where it is shown.
func (v *view) warm(old *view) {
	old.mu.Lock()
	again := slices.Collect(maps.Values(old.reports))
	walked, searched := old.counted != nil, old.searched
	old.mu.Unlock()
	if walked {
		v.census()
	}
	for _, x := range again[:min(len(again), mostWarm)] {
		_, _ = v.report(x.f, x.by)
	}
	if searched {
		v.review()
	}
}

// report returns the figures of the audits that the filter lets through, by the dimension. They are computed once,
// however many ask, and nobody who asks for something else waits for them.
func (v *view) report(f filter, by stats.Dimension) (stats.Report, error) {
	key := string(by) + "?" + f.key()
	v.mu.Lock()
	known, ok := v.reports[key]
	v.mu.Unlock()
	if ok {
		return known.report, nil
	}
	x, err, _ := v.once.Do("report "+key, func() (any, error) {
		start := time.Now()
		places := v.found(f)
		grouped := by
		if len(places) == 0 {
			grouped = "" // there is nothing to compare
		}
		r, err := stats.SummaryAt(v.Outcomes, places, grouped)
		r.By = by
		v.mu.Lock()
		defer v.mu.Unlock()
		v.spend(start)
		if err != nil {
			return r, err
		}
		if len(v.reports) >= memoLimit {
			clear(v.reports)
		}
		v.reports[key] = asked{r, f, by}
		return r, nil
	})
	return x.(stats.Report), err
}

// found returns the places in Outcomes of the audits that the filter lets through, in its order.
func (v *view) found(f filter) []int32 {
	key := f.key()
	v.mu.Lock()
	l, ok := v.lists[key]
	v.mu.Unlock()
	if ok {
		return l
	}
	x, _, _ := v.once.Do("list "+key, func() (any, error) {
		start := time.Now()
		out := v.list(f)
		v.mu.Lock()
		defer v.mu.Unlock()
		v.spend(start)
		if len(v.lists) >= memoLimit {
			clear(v.lists)
		}
		v.lists[key] = out
		return out, nil
	})
	return x.([]int32)
}

// list does the work of found.
func (v *view) list(f filter) []int32 {
	f.prepare()
	out := []int32{}
	if some, few := v.candidates(&f); few {
		for _, i := range some {
			if f.match(&v.Outcomes[i]) {
				out = append(out, i)
			}
		}
	} else {
		for i := range v.Outcomes {
			if f.match(&v.Outcomes[i]) {
				out = append(out, int32(i))
			}
		}
	}
	f.sort(v.Outcomes, out)
	return out
}

// outcome returns the outcome of an audit, nil when there is none.
func (v *view) outcome(id probes.AuditID) *stats.Outcome {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.index == nil {
		defer v.spend(time.Now())
		v.index = make(map[probes.AuditID]int32, len(v.Outcomes))
		for i := range v.Outcomes {
			v.index[v.Outcomes[i].ID] = int32(i)
		}
	}
	if i, ok := v.index[id]; ok {
		return &v.Outcomes[i]
	}
	return nil
}

// memo returns what was computed of the snapshot under the key, computing it once, however many ask at a time.
func memo[T any](v *view, key string, compute func() (T, error)) (T, error) {
	v.mu.Lock()
	known, ok := v.kept[key]
	v.mu.Unlock()
	if ok {
		return known.(T), nil
	}
	x, err, _ := v.once.Do("memo "+key, func() (any, error) {
		start := time.Now()
		x, err := compute()
		v.mu.Lock()
		defer v.mu.Unlock()
		v.spend(start)
		if err != nil {
			return x, err
		}
		if v.kept == nil || len(v.kept) >= memoLimit {
			v.kept = map[string]any{}
		}
		v.kept[key] = x
		return x, nil
	})
	return x.(T), err
}

// spend adds the time since start to what the view has cost.
func (v *view) spend(start time.Time) { v.spent += time.Since(start) }

// launch returns the campaign that the filter asks for, the newest when it asks for none.
func (v *view) launch(f filter) *probes.Launch {
	for i := range v.Launches {
		if f.Campaign == "" || v.Launches[i].Campaign == f.Campaign {
			return &v.Launches[i]
		}
	}
	return nil
}

// scoped returns the filter with the newest campaign filled in where there are several and none is asked for: figures
// of two campaigns are never mixed unasked.
func (v *view) scoped(f filter) filter {
	if f.Campaign == "" && len(v.Launches) > 1 {
		f.Campaign = v.Launches[0].Campaign
	}
	return f
}
