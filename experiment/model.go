package experiment

import (
	"errors"
	"math"
	"strconv"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat/distuv"
)

// rows are the audits of an analysis: the arm of each, the block within which it was dealt, and the structure. Structures lie
// within blocks; where audits were dealt, each structure is a block.
type rows struct {
	arm, block, cluster []int
	arms                int
}

func (x *rows) blocks() (n int) {
	for _, b := range x.block {
		n = max(n, b+1)
	}
	return n
}

// errContrast says that there is nothing to compare.
var errContrast = errors.New("no block has audits of two arms, or an arm has none that can be compared")

// model is the regression of an outcome on the arms with a fixed effect for each block, by ordinary least squares. It is made
// once for a design and then estimates any number of outcomes.
type model struct {
	rows
	k       int         // arms but the first
	size    []float64   // of each block
	x       [][]float64 // of each arm but the first: its indicator less the block's mean
	s       *mat.SymDense
	members [][]int     // audits of each cluster
	a       [][]float64 // of each contrast: the weights of the residuals in the robust variance (CR2)
	df      []float64   // of each contrast
	nblocks int
}

// within takes the block means out of the indicators of the arms, and returns the inverse of their cross products.
func (m *model) within() error {
	share := make([][]float64, m.k)
	for j := range m.k {
		share[j] = make([]float64, m.nblocks)
	}
	for i, a := range m.arm {
		if a > 0 {
			share[a-1][m.block[i]]++
		}
	}
	sum := mat.NewSymDense(m.k, nil)
	for j := range m.k {
		for b, n := range m.size {
			if n > 0 {
				share[j][b] /= n
			}
		}
	}
	for j := range m.k {
		for l := j; l < m.k; l++ {
			total := 0.0
			for b, n := range m.size {
				total -= n * share[j][b] * share[l][b]
				if j == l {
					total += n * share[j][b]
				}
			}
			sum.SetSym(j, l, total)
		}
	}
	var c mat.Cholesky
	if !c.Factorize(sum) || c.Cond() > 1e12 {
		return errContrast
	}
	if err := c.InverseTo(m.s); err != nil {
		return errContrast
	}
	for j := range m.k {
		x := m.x[j]
		for i, a := range m.arm {
			x[i] = -share[j][m.block[i]]
			if a == j+1 {
				x[i]++
			}
		}
	}
	return nil
}

func newModel(r rows) (*model, error) {
	m := &model{rows: r, k: r.arms - 1, nblocks: r.blocks()}
	if m.k < 1 || len(r.arm) == 0 {
		return nil, errContrast
	}
	m.s = mat.NewSymDense(m.k, nil)
	m.size = make([]float64, m.nblocks)
	for _, b := range r.block {
		m.size[b]++
	}
	m.x = make([][]float64, m.k)
	for j := range m.x {
		m.x[j] = make([]float64, len(r.arm))
	}
	for i, c := range r.cluster {
		for len(m.members) <= c {
			m.members = append(m.members, nil)
		}
		m.members[c] = append(m.members[c], i)
	}
	return m, m.within()
}

// fit returns the coefficients of the arms but the first, and the residuals.
func (m *model) fit(y []float64) (beta, e []float64) {
	mean := make([]float64, m.nblocks)
	for i, v := range y {
		mean[m.block[i]] += v / m.size[m.block[i]]
	}
	xy := make([]float64, m.k)
	for j := range m.k {
		for i, v := range y {
			xy[j] += m.x[j][i] * v
		}
	}
	beta = make([]float64, m.k)
	for j := range m.k {
		for l := range m.k {
			beta[j] += m.s.At(j, l) * xy[l]
		}
	}
	e = make([]float64, len(y))
	for i, v := range y {
		e[i] = v - mean[m.block[i]]
		for j := range m.k {
			e[i] -= m.x[j][i] * beta[j]
		}
	}
	return beta, e
}

// sandwich returns the standard errors of the coefficients that respect that the audits of a cluster are alike, without
// correction for few clusters (CR0).
func (m *model) sandwich(e []float64) []float64 {
	v := make([]float64, m.k)
	u := make([]float64, m.k)
	for _, list := range m.members {
		for j := range m.k {
			u[j] = 0
			for _, i := range list {
				u[j] += m.x[j][i] * e[i]
			}
		}
		for j := range m.k {
			w := 0.0
			for l := range m.k {
				w += m.s.At(j, l) * u[l]
			}
			v[j] += w * w
		}
	}
	for j := range v {
		v[j] = math.Sqrt(v[j])
	}
	return v
}

// clusters returns how many clusters have audits.
func (m *model) clusters() (n int) {
	for _, list := range m.members {
		if len(list) > 0 {
			n++
		}
	}
	return n
}

// cr1 is the correction of Stata's regress, by which the variance of CR0 is multiplied.
func (m *model) cr1() float64 {
	g, n := float64(m.clusters()), float64(len(m.arm))
	k := float64(m.k)
	for _, s := range m.size {
		if s > 0 {
			k++
		}
	}
	return g / (g - 1) * (n - 1) / (n - k)
}

// robust prepares the bias-reduced variance of Bell and McCaffrey (2002), CR2, under a working model of independent audits
// with one variance, with the block effects in the hat matrix as Pustejovsky and Tipton (2018) ask; and its degrees of
// freedom, Satterthwaite's under the same model. Clusters of one composition share the work.
func (m *model) robust() {
	m.a = make([][]float64, m.k)
	for j := range m.a {
		m.a[j] = make([]float64, len(m.arm))
	}
	roots := map[string]*mat.Dense{}
	mix := make([]string, m.nblocks) // which arms a block has how often
	count := make([][]int, m.nblocks)
	for i, b := range m.block {
		if count[b] == nil {
			count[b] = make([]int, m.arms)
		}
		count[b][m.arm[i]]++
	}
	for b := range mix {
		for _, n := range count[b] {
			mix[b] += strconv.Itoa(n) + " "
		}
	}
	for _, list := range m.members {
		if len(list) == 0 {
			continue
		}
		key := mix[m.block[list[0]]] + "|"
		for _, i := range list {
			key += strconv.Itoa(m.arm[i]) + " "
		}
		root := roots[key]
		if root == nil {
			root = m.root(list)
			roots[key] = root
		}
		n := len(list)
		for j := range m.k {
			b := make([]float64, n) // X S c
			for r, i := range list {
				for l := range m.k {
					b[r] += m.x[l][i] * m.s.At(l, j)
				}
			}
			for r, i := range list {
				for q := range n {
					m.a[j][i] += root.At(r, q) * b[q]
				}
			}
		}
	}
	m.df = make([]float64, m.k)
	for j := range m.k {
		m.df[j] = m.freedom(m.a[j])
	}
}

// root returns the symmetric square root of the generalised inverse of I-H for the audits of a cluster.
func (m *model) root(list []int) *mat.Dense {
	n := len(list)
	h := mat.NewSymDense(n, nil)
	share := 1 / m.size[m.block[list[0]]]
	for r := range n {
		for q := r; q < n; q++ {
			v := -share
			if r == q {
				v++
			}
			for j := range m.k {
				for l := range m.k {
					v -= m.x[j][list[r]] * m.s.At(j, l) * m.x[l][list[q]]
				}
			}
			h.SetSym(r, q, v)
		}
	}
	out := mat.NewDense(n, n, nil)
	var eig mat.EigenSym
	if !eig.Factorize(h, true) {
		return out
	}
	values := eig.Values(nil)
	var vectors mat.Dense
	eig.VectorsTo(&vectors)
	for r := range n {
		for q := range n {
			v := 0.0
			for t, lambda := range values {
				if lambda > 1e-9 {
					v += vectors.At(r, t) * vectors.At(q, t) / math.Sqrt(lambda)
				}
			}
			out.Set(r, q, v)
		}
	}
	return out
}

// freedom returns Satterthwaite's degrees of freedom of the variance that has these weights: (Σ P_gg)² / Σ P_gh², where
// P_gh = a_g'(I-H)_gh a_h. H has low rank, so the sum over pairs is one over clusters.
func (m *model) freedom(a []float64) float64 {
	u := make([]float64, m.k)
	w := mat.NewSymDense(m.k, nil)     // Σ u u'
	z := make([][]float64, m.nblocks)  // Σ in the block of (1'a) u
	ones := make([]float64, m.nblocks) // Σ in the block of (1'a)²
	trace, pairs := 0.0, 0.0
	for _, list := range m.members {
		if len(list) == 0 {
			continue
		}
		b := m.block[list[0]]
		t, one := 0.0, 0.0
		clear(u)
		for _, i := range list {
			t += a[i] * a[i]
			one += a[i]
			for j := range m.k {
				u[j] += m.x[j][i] * a[i]
			}
		}
		q := one * one / m.size[b]
		for j := range m.k {
			for l := range m.k {
				q += u[j] * m.s.At(j, l) * u[l]
				if l >= j {
					w.SetSym(j, l, w.At(j, l)+u[j]*u[l])
				}
			}
		}
		if z[b] == nil {
			z[b] = make([]float64, m.k)
		}
		for j := range m.k {
			z[b][j] += one * u[j]
		}
		ones[b] += one * one
		trace += t - q
		pairs += t*t - 2*t*q
	}
	var sw, swsw mat.Dense
	sw.Mul(m.s, w)
	swsw.Mul(&sw, &sw)
	pairs += mat.Trace(&swsw)
	for b, n := range m.size {
		if n == 0 {
			continue
		}
		pairs += ones[b] * ones[b] / (n * n)
		for j := range m.k {
			for l := range m.k {
				pairs += 2 / n * z[b][j] * m.s.At(j, l) * z[b][l]
			}
		}
	}
	if pairs <= 0 {
		return math.NaN()
	}
	return trace * trace / pairs
}

// estimate is a coefficient with what is known of it.
type estimate struct {
	difference, se, cr1, df, p float64
	t0                         float64 // studentised by CR0
}

// estimates fits the outcome. robust must have been called.
func (m *model) estimates(y []float64) []estimate {
	beta, e := m.fit(y)
	cr0 := m.sandwich(e)
	out := make([]estimate, m.k)
	for j := range out {
		v := 0.0
		for _, list := range m.members {
			s := 0.0
			for _, i := range list {
				s += m.a[j][i] * e[i]
			}
			v += s * s
		}
		x := estimate{difference: beta[j], se: math.Sqrt(v), cr1: cr0[j] * math.Sqrt(m.cr1()), df: m.df[j], p: math.NaN(), t0: studentised(beta[j], cr0[j])}
		if x.se > 0 && x.df > 0 {
			x.p = 2 * distuv.StudentsT{Sigma: 1, Nu: x.df}.Survival(math.Abs(x.difference/x.se))
		} else if x.se == 0 && math.Abs(x.difference) < 1e-12 {
			x.p = 1
		}
		out[j] = x
	}
	return out
}

// studentised is the statistic of the randomisation test. Where nothing varies, a difference is without bound.
func studentised(beta, se float64) float64 {
	switch {
	case math.Abs(beta) < 1e-12:
		return 0
	case se < 1e-12:
		return math.Copysign(1e12, beta)
	}
	return beta / se
}

// half returns half the width of the interval at a level.
func (x *estimate) half(alpha float64) float64 {
	if x.df <= 0 || math.IsNaN(x.df) {
		return math.NaN()
	}
	return x.se * distuv.StudentsT{Sigma: 1, Nu: x.df}.Quantile(1-alpha/2)
}
