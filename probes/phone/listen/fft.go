package listen

import (
	"math"
	"math/bits"
	"math/cmplx"
)

// fourier is the discrete Fourier transform of n real samples, n a power of two, as one of n/2 complex ones. It is ours because every look
// and every word of a print takes one: gonum's, which a test holds it to, takes twice as long, and ten times under the race detector.
type fourier struct {
	n     int
	turns []complex128 // exp(−2πik/n) for k < n/2
	work  []complex128
}

func newFourier(n int) *fourier {
	f := &fourier{n, make([]complex128, n/2), make([]complex128, n/2)}
	for k := range f.turns {
		f.turns[k] = cmplx.Rect(1, -2*math.Pi*float64(k)/float64(n))
	}
	return f
}

// transform writes the coefficients 0 to n/2 of the samples.
//
//go:norace
func (f *fourier) transform(out []complex128, samples []float64) {
	half := f.n / 2
	z := f.work
	shift := 64 - bits.Len(uint(half-1))
	for i := range z {
		z[bits.Reverse64(uint64(i))>>shift] = complex(samples[2*i], samples[2*i+1])
	}
	for size := 2; size <= half; size *= 2 {
		stride := f.n / size
		for from := 0; from < half; from += size {
			a, b := z[from:from+size/2], z[from+size/2:from+size]
			for k := range a {
				t, x := f.turns[k*stride], b[k]
				r, i := real(t)*real(x)-imag(t)*imag(x), real(t)*imag(x)+imag(t)*real(x)
				y := a[k]
				a[k], b[k] = complex(real(y)+r, imag(y)+i), complex(real(y)-r, imag(y)-i)
			}
		}
	}
	for k := 1; k < half; k++ {
		x, y := z[k], cmplx.Conj(z[half-k])
		even, odd := 0.5*(x+y), 0.5*(x-y)    // division of complex numbers is a call
		odd = complex(imag(odd), -real(odd)) // by −i
		out[k] = even + f.turns[k]*odd
	}
	out[0] = complex(real(z[0])+imag(z[0]), 0)
	out[half] = complex(real(z[0])-imag(z[0]), 0)
}
