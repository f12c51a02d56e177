package experiment

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/stats"
	"gonum.org/v1/gonum/mathext"
	"gonum.org/v1/gonum/stat/distuv"
)

// Power is what a plan can find.
type Power struct {
	Arms       []PowerArm
	Strata     int
	Thin       []string // strata, or the number of structures, that do not have every arm
	Size       float64  // audits of a structure, the mean
	Deviation  float64  // and its coefficient of variation
	ICC        float64
	Alpha      float64 // of each comparison: shared by the arms but the first
	Design     float64 // by how much the plan multiplies the variance of as many audits that have nothing in common
	Effective  float64 // audits of an arm that have nothing in common, as good as the plan's
	Supposed   float64 // the outcome of the first arm
	Effect     float64 // the smallest difference worth finding
	Power      float64 // to find it
	Wanted     float64
	Detectable float64 // the difference that is found with the power that is wanted; NaN when there is none
	NeedAudits float64 // of each arm, to find the effect with that power
	NeedBodies float64 // structures, with as many audits each
	Simulated  Simulation
}

// PowerArm is an arm of the plan.
type PowerArm struct {
	ID                 string
	Structures, Audits int
}

// Simulation is how often campaigns like the planned one, drawn at random, would find the effect.
type Simulation struct {
	Runs   int
	Found  stats.Proportion // with the effect: the power
	False  stats.Proportion // without one: the level
	Covers stats.Proportion // with the effect: intervals that hold it
}

// Planned are the audits of a timetable with their structures.
type Planned struct {
	Audits     []probes.Audit
	Structures map[probes.StructureID]*probes.Structure
}

func (p *Planned) sample(e *probes.Experiment) (*sample, error) {
	none := &probes.Structure{}
	return sampleOf(e, len(p.Audits), func(i int) (*probes.Audit, *probes.Structure) {
		if s := p.Structures[p.Audits[i].Structure]; s != nil {
			return &p.Audits[i], s
		}
		return &p.Audits[i], none
	})
}

// Thin returns, as sentences, which strata of a timetable are too small to have every arm.
func Thin(e *probes.Experiment, p *Planned) ([]string, error) {
	s, err := p.sample(e)
	if err != nil {
		return nil, err
	}
	return s.thin(e), nil
}

func (s *sample) thin(e *probes.Experiment) (out []string) {
	units, seen, some := make([]int, s.blocks()), map[int]bool{}, make([]int, s.blocks())
	for i, u := range s.unit {
		if !seen[u] {
			seen[u] = true
			units[s.block[i]]++
			some[s.block[i]] = i
		}
	}
	small, first := 0, -1
	for b, n := range units {
		if n >= s.arms {
			continue
		}
		if e.Unit == OfStructure {
			out = append(out, fmt.Sprintf("the stratum %q has fewer structures (%d) than there are arms (%d): it cannot have every arm", Stratum(e, s.bodies[some[b]]), n, s.arms))
			continue
		}
		if small++; first < 0 {
			first = some[b]
		}
	}
	if small > 0 {
		out = append(out, fmt.Sprintf("%d structures have fewer audits than there are arms (%d) and cannot have every arm, for example %s", small, s.arms, s.audits[first].Structure))
	}
	slices.Sort(out)
	return out
}

var errNobody = errors.New("no audit of the timetable takes part in the experiment")

// PowerOf says what the plan can find. step is called after each simulated campaign, if it is not nil; runs may be 0.
func PowerOf(ctx context.Context, e *probes.Experiment, number bool, seed int64, p *Planned, runs int, step func()) (*Power, error) {
	s, err := p.sample(e)
	if err != nil {
		return nil, err
	}
	if len(s.arm) == 0 {
		return nil, errNobody
	}
	m, err := newModel(s.rows)
	if err != nil {
		return nil, err
	}
	out := &Power{Strata: len(s.stratum), ICC: e.ICC, Alpha: e.Alpha / float64(m.k), Supposed: e.Base, Effect: e.Effect, Wanted: e.Power, Thin: s.thin(e)}
	bodies := make([]map[int]bool, s.arms)
	for j := range bodies {
		bodies[j] = map[int]bool{}
		out.Arms = append(out.Arms, PowerArm{ID: s.names[j]})
	}
	for i, arm := range s.arm {
		out.Arms[arm].Audits++
		bodies[arm][s.cluster[i]] = true
	}
	for j := range out.Arms {
		out.Arms[j].Structures = len(bodies[j])
	}
	squares, g := 0.0, float64(m.clusters())
	for _, list := range m.members {
		squares += float64(len(list) * len(list))
	}
	out.Size = float64(len(s.arm)) / g
	out.Deviation = math.Sqrt(max(0, squares/g-out.Size*out.Size)) / out.Size
	// The comparison that knows least: the largest variance, in units of that of one audit.
	worst := 0
	for j := range m.k {
		if m.variance(j, e.ICC) > m.variance(worst, e.ICC) {
			worst = j
		}
	}
	v := m.variance(worst, e.ICC)
	n0, n1 := float64(out.Arms[0].Audits), float64(out.Arms[worst+1].Audits)
	out.Design = v / (1/n0 + 1/n1)
	out.Effective = 2 / v
	power := func(n, effect float64) float64 { return proportions(n, e.Base, e.Base+effect, out.Alpha) }
	if number {
		power = func(n, effect float64) float64 { return means(n, effect/e.SD, out.Alpha) }
	}
	out.Power = power(out.Effective, e.Effect)
	need := bisect(1.01, 1e9, e.Power, func(n float64) float64 { return power(n, e.Effect) })
	more := need / out.Effective // times the plan
	out.NeedAudits, out.NeedBodies = math.Ceil(min(n0, n1)*more), math.Ceil(g*more)
	sign, limit := math.Copysign(1, e.Effect), 100*e.SD
	if !number {
		limit = e.Base
		if sign > 0 {
			limit = 1 - e.Base
		}
		limit -= 1e-9
	}
	out.Detectable = sign * bisect(0, limit, e.Power, func(d float64) float64 { return power(out.Effective, sign*d) })
	if runs > 0 {
		m.robust()
		out.Simulated = m.simulate(ctx, e, number, out.Alpha, seed, runs, step)
	}
	return out, ctx.Err()
}

// variance is that of a coefficient when one audit's is 1 and two of a structure correlate by icc.
func (m *model) variance(j int, icc float64) float64 {
	v := 0.0
	for _, list := range m.members {
		sum := 0.0
		for _, i := range list {
			w := 0.0
			for l := range m.k {
				w += m.x[l][i] * m.s.At(l, j)
			}
			v += (1 - icc) * w * w
			sum += w
		}
		v += icc * sum * sum
	}
	return v
}

// proportions is the power of the two-sided test of two proportions with n observations each, as R's power.prop.test.
func proportions(n, p, q, alpha float64) float64 {
	if q < 0 || q > 1 {
		return math.NaN()
	}
	z := distuv.UnitNormal.Quantile(1 - alpha/2)
	mean := (p + q) / 2
	return distuv.UnitNormal.CDF((math.Sqrt(n)*math.Abs(p-q) - z*math.Sqrt(2*mean*(1-mean))) / math.Sqrt(p*(1-p)+q*(1-q)))
}

// means is the power of the two-sided t-test with n observations each and a difference in standard deviations, as R's
// power.t.test.
func means(n, difference, alpha float64) float64 {
	df := 2*n - 2
	if df > 1e5 {
		return distuv.UnitNormal.CDF(math.Sqrt(n/2)*math.Abs(difference) - distuv.UnitNormal.Quantile(1-alpha/2))
	}
	t := distuv.StudentsT{Sigma: 1, Nu: df}.Quantile(1 - alpha/2)
	return 1 - noncentral(t, df, math.Sqrt(n/2)*math.Abs(difference))
}

// noncentral is the distribution function of the noncentral t at t > 0 (Lenth 1989, algorithm AS 243).
func noncentral(t, df, delta float64) float64 {
	x := t * t / (t*t + df)
	sum := 0.0
	log := -delta * delta / 2
	for i := range 2000 {
		k := float64(i)
		logp, logq := log, log
		if delta > 0 {
			gamma, _ := math.Lgamma(k + 1)
			half, _ := math.Lgamma(k + 1.5)
			logp += k*math.Log(delta*delta/2) - gamma
			logq += k*math.Log(delta*delta/2) - half
		} else if i > 0 {
			break
		}
		term := math.Exp(logp)*mathext.RegIncBeta(k+0.5, df/2, x) + delta/math.Sqrt2*math.Exp(logq)*mathext.RegIncBeta(k+1, df/2, x)
		sum += term
		if k > delta*delta/2 && term < 1e-14 {
			break
		}
	}
	return min(1, distuv.UnitNormal.CDF(-delta)+sum/2)
}

// bisect returns where a rising function reaches a value, NaN when it does not below high.
func bisect(low, high, value float64, f func(float64) float64) float64 {
	if !(f(high) >= value) {
		return math.NaN()
	}
	for range 200 {
		mid := (low + high) / 2
		if high > 1e6 && low > 0 {
			mid = math.Sqrt(low * high)
		}
		if f(mid) < value {
			low = mid
		} else {
			high = mid
		}
	}
	return high
}

// simulate draws campaigns like this one: structures that answer more or less often than the mean (a beta distribution
// with the supposed correlation; of numbers a normal one), and an effect that moves each at its own place among them.
func (m *model) simulate(ctx context.Context, e *probes.Experiment, number bool, alpha float64, seed int64, runs int, step func()) Simulation {
	r := source(seed, "simulate", e.ID)
	y := make([]float64, len(m.arm))
	prior := func(p float64) func(u float64) float64 {
		switch {
		case p <= 0 || p >= 1 || e.ICC <= 0:
			return func(float64) float64 { return min(1, max(0, p)) }
		case e.ICC >= 1:
			return func(u float64) float64 {
				if u < p {
					return 1
				}
				return 0
			}
		}
		k := (1 - e.ICC) / e.ICC
		return table(distuv.Beta{Alpha: p * k, Beta: (1 - p) * k})
	}
	base, moved := prior(e.Base), prior(e.Base+e.Effect)
	draw := func(effect float64) {
		other := base
		if effect != 0 {
			other = moved
		}
		for _, list := range m.members {
			if number {
				common := r.NormFloat64() * math.Sqrt(e.ICC)
				for _, i := range list {
					y[i] = e.Base + e.SD*(common+math.Sqrt(1-e.ICC)*r.NormFloat64())
					if m.arm[i] > 0 {
						y[i] += effect
					}
				}
				continue
			}
			u := r.Float64()
			p, q := base(u), other(u)
			for _, i := range list {
				at := p
				if m.arm[i] > 0 {
					at = q
				}
				y[i] = 0
				if r.Float64() < at {
					y[i] = 1
				}
			}
		}
	}
	found, wrong, covers, done := 0, 0, 0, 0
	for range runs {
		if ctx.Err() != nil {
			break
		}
		draw(e.Effect)
		x := m.estimates(y)[0]
		if x.p < alpha {
			found++
		}
		if math.Abs(x.difference-e.Effect) <= x.half(alpha) {
			covers++
		}
		draw(0)
		if m.estimates(y)[0].p < alpha {
			wrong++
		}
		done++
		if step != nil {
			step()
		}
	}
	return Simulation{Runs: done, Found: stats.Wilson(found, done), False: stats.Wilson(wrong, done), Covers: stats.Wilson(covers, done)}
}

// table returns the quantile function of a distribution on 0 to 1, tabulated: it is asked for millions of times.
func table(d distuv.Beta) func(float64) float64 {
	const n = 4096
	at := make([]float64, n)
	for i := range at {
		at[i] = d.Quantile((float64(i) + 0.5) / n)
	}
	return func(u float64) float64 { return at[min(int(u*n), n-1)] }
}
