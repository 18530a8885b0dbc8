package exec

import "math"

// The states of statistics. Each is one pass's, and two of them merge: mean and sum of squared deviations of Welford
// (Note on a method for calculating corrected sums of squares and products, 1962), merged after Chan, Golub and LeVeque
// (Updating formulae and a pairwise algorithm for computing sample variances, 1979); the third and fourth moments after
// Pébay (Formulas for robust, one-pass parallel computation of covariances and arbitrary-order statistical moments,
// 2008).
//
// Counts are floats here, exact to 2^53.

// nullFloat is the word of NULL among the words of floats: a NaN that no computation gives. NaNs of the input that
// have its bits become another.
const nullFloat = 0xfff8_6e75_6c6c_0001

// at returns a word of a state as a float.
func floatAt(e []uint64, i int) float64 { return math.Float64frombits(e[i]) }

func putFloats(e []uint64, of ...float64) {
	for i, x := range of {
		e[i] = math.Float64bits(x)
	}
}

// foldMomentsOf folds floats into states of count, mean and sum of squared deviations.
func foldMomentsOf(states []uint64, slots []uint32, in words) {
	o := 0
	for _, s := range slots {
		w := in.of[o]
		o += in.stride
		if w == nullFloat {
			continue
		}
		e := states[s : s+3 : s+3]
		n, mean := floatAt(e, 0)+1, floatAt(e, 1)
		x := math.Float64frombits(w)
		d := x - mean
		mean += d / n
		e[0], e[1] = math.Float64bits(n), math.Float64bits(mean)
		e[2] = math.Float64bits(floatAt(e, 2) + d*(x-mean))
	}
}

func mergeMoments(states []uint64, slots []uint32, in words) {
	o := 0
	for _, s := range slots {
		e, b := states[s:s+3:s+3], in.of[o:]
		o += in.stride
		switch {
		case b[0] == 0:
		case e[0] == 0:
			copy(e, b)
		default:
			na, nb := floatAt(e, 0), floatAt(b, 0)
			n, d := na+nb, floatAt(b, 1)-floatAt(e, 1)
			putFloats(e, n, floatAt(e, 1)+d*nb/n, floatAt(e, 2)+floatAt(b, 2)+d*d*na*nb/n)
		}
	}
}

// highMoments is count, mean and the sums of the second, third and fourth powers of the deviations.
type highMoments struct{ n, mean, m2, m3, m4 float64 }

func highMomentsOf(e []uint64) highMoments {
	return highMoments{floatAt(e, 0), floatAt(e, 1), floatAt(e, 2), floatAt(e, 3), floatAt(e, 4)}
}

// merged returns the moments of both.
func (a highMoments) merged(b highMoments) highMoments {
	n := a.n + b.n
	d := b.mean - a.mean
	dn := d / n
	return highMoments{
		n: n, mean: a.mean + dn*b.n,
		m2: a.m2 + b.m2 + d*dn*a.n*b.n,
		m3: a.m3 + b.m3 + d*dn*dn*a.n*b.n*(a.n-b.n) + 3*dn*(a.n*b.m2-b.n*a.m2),
		m4: a.m4 + b.m4 + d*dn*dn*dn*a.n*b.n*(a.n*a.n-a.n*b.n+b.n*b.n) +
			6*dn*dn*(a.n*a.n*b.m2+b.n*b.n*a.m2) + 4*dn*(a.n*b.m3-b.n*a.m3),
	}
}

func foldHighMomentsOf(states []uint64, slots []uint32, in words) {
	o := 0
	for _, s := range slots {
		w := in.of[o]
		o += in.stride
		if w == nullFloat {
			continue
		}
		e := states[s : s+5 : s+5]
		m := highMomentsOf(e).merged(highMoments{n: 1, mean: math.Float64frombits(w)})
		putFloats(e, m.n, m.mean, m.m2, m.m3, m.m4)
	}
}

func mergeHighMoments(states []uint64, slots []uint32, in words) {
	o := 0
	for _, s := range slots {
		e, b := states[s:s+5:s+5], in.of[o:]
		o += in.stride
		switch {
		case b[0] == 0:
		case e[0] == 0:
			copy(e, b)
		default:
			m := highMomentsOf(e).merged(highMomentsOf(b))
			putFloats(e, m.n, m.mean, m.m2, m.m3, m.m4)
		}
	}
}

// foldPairsOf folds pairs y, x, of which none or both are NULL, into states of count, both means, both sums of squared
// deviations, and the sum of the deviations' products.
func foldPairsOf(states []uint64, slots []uint32, in words) {
	o := 0
	for _, s := range slots {
		wy, wx := in.of[o], in.of[o+1]
		o += in.stride
		if wy == nullFloat {
			continue
		}
		e := states[s : s+6 : s+6]
		n := floatAt(e, 0) + 1
		y, x := math.Float64frombits(wy), math.Float64frombits(wx)
		meanY, meanX := floatAt(e, 1), floatAt(e, 2)
		dy, dx := y-meanY, x-meanX
		meanY += dy / n
		meanX += dx / n
		putFloats(e, n, meanY, meanX,
			floatAt(e, 3)+dy*(y-meanY), floatAt(e, 4)+dx*(x-meanX), floatAt(e, 5)+dx*(y-meanY))
	}
}

func mergePairs(states []uint64, slots []uint32, in words) {
	o := 0
	for _, s := range slots {
		e, b := states[s:s+6:s+6], in.of[o:]
		o += in.stride
		switch {
		case b[0] == 0:
		case e[0] == 0:
			copy(e, b)
		default:
			na, nb := floatAt(e, 0), floatAt(b, 0)
			n, dy, dx := na+nb, floatAt(b, 1)-floatAt(e, 1), floatAt(b, 2)-floatAt(e, 2)
			w := na * nb / n
			putFloats(e, n, floatAt(e, 1)+dy*nb/n, floatAt(e, 2)+dx*nb/n,
				floatAt(e, 3)+floatAt(b, 3)+dy*dy*w, floatAt(e, 4)+floatAt(b, 4)+dx*dx*w,
				floatAt(e, 5)+floatAt(b, 5)+dx*dy*w)
		}
	}
}

// foldProducts folds floats into states of count and product.
func foldProducts(states []uint64, slots []uint32, in words) {
	o := 0
	for _, s := range slots {
		w := in.of[o]
		o += in.stride
		if w != nullFloat {
			multiplyState(states[s:s+2:s+2], 1, math.Float64frombits(w))
		}
	}
}

func mergeProducts(states []uint64, slots []uint32, in words) {
	o := 0
	for _, s := range slots {
		if n := in.of[o]; n != 0 {
			multiplyState(states[s:s+2:s+2], n, floatAt(in.of[o:], 1))
		}
		o += in.stride
	}
}

func multiplyState(e []uint64, n uint64, x float64) {
	if e[0] > 0 {
		x *= floatAt(e, 1)
	}
	e[0], e[1] = e[0]+n, math.Float64bits(x)
}
