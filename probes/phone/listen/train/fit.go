package main

import "math"

// scale returns the mean and the standard deviation of every figure.
func scale(all []example) (mean, sd []float64) {
	d := len(all[0].x)
	mean, sd = make([]float64, d), make([]float64, d)
	for _, e := range all {
		for k, v := range e.x {
			mean[k] += v / float64(len(all))
		}
	}
	for _, e := range all {
		for k, v := range e.x {
			sd[k] += (v - mean[k]) * (v - mean[k]) / float64(len(all))
		}
	}
	for k := range sd {
		sd[k] = math.Sqrt(sd[k]) + 1e-9
	}
	return mean, sd
}

// dot returns the logarithm of the odds of music; the last of w is the bias.
func dot(w, x []float64) float64 {
	s := w[len(x)]
	for k, v := range x {
		s += w[k] * v
	}
	return s
}

// fit makes a logistic regression by Newton's method; both classes weigh the same, and coefficients cost a little.
func fit(all []example, start []float64, steps int) []float64 {
	d := len(all[0].x) + 1
	w := make([]float64, d)
	copy(w, start)
	music := 0
	for _, e := range all {
		if e.music {
			music++
		}
	}
	weight := map[bool]float64{true: float64(len(all)) / 2 / float64(music), false: float64(len(all)) / 2 / float64(len(all)-music)}
	row := make([]float64, d)
	for range steps {
		h := make([][]float64, d) // the Hessian, and the gradient as its last column
		for i := range h {
			h[i] = make([]float64, d+1)
			h[i][i], h[i][d] = 1, -w[i]
		}
		for _, e := range all {
			copy(row, e.x)
			row[d-1] = 1
			p, y, c := 1/(1+math.Exp(-dot(w, e.x))), 0.0, weight[e.music]
			if e.music {
				y = 1
			}
			v, g := c*p*(1-p), c*(y-p)
			for i, a := range row {
				h[i][d] += g * a
				if v < 1e-6 {
					continue
				}
				for j := i; j < d; j++ {
					h[i][j] += v * a * row[j]
				}
			}
		}
		for i := range d {
			for j := range i {
				h[i][j] = h[j][i]
			}
		}
		solve(h)
		for i := range d {
			w[i] += h[i][d]
		}
	}
	return w
}

// solve eliminates; the solution is in the last column.
func solve(h [][]float64) {
	d := len(h)
	for i := range d {
		best := i
		for r := i; r < d; r++ {
			if math.Abs(h[r][i]) > math.Abs(h[best][i]) {
				best = r
			}
		}
		h[i], h[best] = h[best], h[i]
		for r := range d {
			if r == i {
				continue
			}
			f := h[r][i] / h[i][i]
			for c := i; c <= d; c++ {
				h[r][c] -= f * h[i][c]
			}
		}
	}
	for i := range d {
		h[i][d] /= h[i][i]
	}
}
