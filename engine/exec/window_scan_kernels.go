package exec

import (
	"math"
	"math/bits"
)

// A scan adds to each of the states 1 to n the one before it, but to those that are fresh, which are listed in order.

// runs calls f for the ranges of states, from the second one of each on, that are scanned without a break.
func runs(n int, fresh []uint32, f func(first, end int)) {
	first := 1
	for _, g := range fresh {
		f(first, int(g))
		first = int(g) + 1
	}
	f(first, n+1)
}

func scanCounts(s words, n int, fresh []uint32) {
	runs(n, fresh, func(first, end int) {
		last := s.of[(first-1)*s.stride]
		for o := first * s.stride; o < end*s.stride; o += s.stride {
			last += s.of[o]
			s.of[o] = last
		}
	})
}

// scanFold returns false when a 128-bit sum overflows.
func (a *windowAggregate) scanFold(f *fold, s words, n int, fresh []uint32) bool {
	switch f.op {
	case foldCount:
		scanCounts(s, n, fresh)
	case foldSum, foldWide:
		return scanWides(s, n, fresh)
	case foldFloat:
		scanFloats(s, n, fresh)
	case foldMax:
		scanMaxima(s, n, fresh)
	default:
		return a.scanAny(f, s, n, fresh)
	}
	return true
}

func scanWides(s words, n int, fresh []uint32) bool {
	over := uint64(0)
	runs(n, fresh, func(first, end int) {
		lo, hi := s.of[(first-1)*s.stride], s.of[(first-1)*s.stride+1]
		for o := first * s.stride; o < end*s.stride; o += s.stride {
			e := s.of[o : o+2 : o+2]
			x, carry := bits.Add64(lo, e[0], 0)
			sum, _ := bits.Add64(hi, e[1], carry)
			over |= (hi ^ sum) & (e[1] ^ sum)
			lo, hi = x, sum
			e[0], e[1] = lo, hi
		}
	})
	return int64(over) >= 0
}

func scanFloats(s words, n int, fresh []uint32) {
	runs(n, fresh, func(first, end int) {
		for o := first * s.stride; o < end*s.stride; o += s.stride {
			addFloat(s.of[o:o+2:o+2], math.Float64frombits(s.of[o-s.stride]))
			s.of[o+1] = math.Float64bits(math.Float64frombits(s.of[o+1]) + math.Float64frombits(s.of[o-s.stride+1]))
		}
	})
}

func scanMaxima(s words, n int, fresh []uint32) {
	runs(n, fresh, func(first, end int) {
		last := s.of[(first-1)*s.stride]
		for o := first * s.stride; o < end*s.stride; o += s.stride {
			last = max(last, s.of[o])
			s.of[o] = last
		}
	})
}

// scanAny scans states of which nothing is known but how two are merged.
func (a *windowAggregate) scanAny(f *fold, s words, n int, fresh []uint32) bool {
	ok := true
	slot, w := []uint32{0}, f.op.stateWords()
	both := make([]uint64, w)
	runs(n, fresh, func(first, end int) {
		for o := first * s.stride; o < end*s.stride; o += s.stride {
			copy(both, s.of[o-s.stride:]) // it comes first, which counts for some
			ok = a.mergeInto(f, both, slot, words{s.of[o:], s.stride}) && ok
			copy(s.of[o:o+w], both)
		}
	})
	return ok
}

// pickTexts keeps one text of each state, as its fold says; all are references into the same pages, 0 for none.
func pickTexts(op foldOp, states []uint64, slots []uint32, in words, pages [][]byte) {
	text := func(ref uint64) []byte { return pages[ref>>refPage][ref>>refOffset&(1<<24-1):][:ref&maxText] }
	o := 0
	for _, s := range slots {
		ref, old := in.of[o], states[s]
		o += in.stride
		if ref == 0 || ref == old {
			continue
		}
		if old == 0 || replacesText(op, text(ref), text(old)) {
			states[s] = ref
		}
	}
}
