package listen

import (
	"math/cmplx"
	"math/rand/v2"
	"testing"

	gonum "gonum.org/v1/gonum/dsp/fourier"
)

func TestFourierIsGonums(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{8, 512, 2048} {
		f, in, got := newFourier(n), make([]float64, n), make([]complex128, n/2+1)
		for i := range in {
			in[i] = r.NormFloat64() * 1000
		}
		f.transform(got, in)
		for k, want := range gonum.NewFFT(n).Coefficients(nil, in) {
			if cmplx.Abs(got[k]-want) > 1e-7 {
				t.Errorf("n %d: coefficient %d is %v, gonum's is %v", n, k, got[k], want)
			}
		}
	}
}
