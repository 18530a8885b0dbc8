package exec

import (
	"math"
	"math/bits"
)

// foldBitsOr is the OR of words; AND is that of the complements, complemented.
func foldBitsOr(states []uint64, slots []uint32, in words) {
	o := 0
	for _, s := range slots {
		states[s] |= in.of[o]
		o += in.stride
	}
}

func foldBitsXor(states []uint64, slots []uint32, in words) {
	o := 0
	for _, s := range slots {
		states[s] ^= in.of[o]
		o += in.stride
	}
}

// foldFirsts keeps the first value that there is: a word that is not 0, then those of the value, n in all.
func foldFirsts(states []uint64, slots []uint32, in words, n int) {
	o := 0
	for _, s := range slots {
		if states[s] == 0 && in.of[o] != 0 {
			copy(states[s:int(s)+n], in.of[o:o+n])
		}
		o += in.stride
	}
}

// foldLasts keeps the last value that there is.
func foldLasts(states []uint64, slots []uint32, in words, n int) {
	o := 0
	for _, s := range slots {
		if in.of[o] != 0 {
			copy(states[s:int(s)+n], in.of[o:o+n])
		}
		o += in.stride
	}
}

// foldBests keeps the value beside the greatest key: a word that is not 0, the key in the form of foldMax, then the
// words of the value, n in all. Of equal keys the first counts.
func foldBests(states []uint64, slots []uint32, in words, n int) {
	o := 0
	for _, s := range slots {
		if in.of[o] != 0 && (states[s] == 0 || in.of[o+1] > states[s+1]) {
			copy(states[s:int(s)+n], in.of[o:o+n])
		}
		o += in.stride
	}
}

// A sketch of distinct values is HyperLogLog's (Flajolet, Fusy, Gandouet, Meunier, 2007): 2^sketchBits registers of a
// byte, eight a word. Each has the greatest rank, the number of leading zeros plus one, of those hashes whose upper
// bits are its number. The standard error is 1.04/sqrt(1024), 3.25 %.
const (
	sketchBits  = 10
	sketchWords = 1 << sketchBits / 8
)

// foldSketches folds hashes; 0 is none.
func foldSketches(states []uint64, slots []uint32, in words) {
	o := 0
	for _, s := range slots {
		h := in.of[o]
		o += in.stride
		if h == 0 {
			continue
		}
		register := h >> (64 - sketchBits)
		rank := uint64(bits.LeadingZeros64(h<<sketchBits|1<<(sketchBits-1))) + 1
		e, shift := &states[uint64(s)+register>>3], register&7*8
		if *e>>shift&0xff < rank {
			*e = *e&^(0xff<<shift) | rank<<shift
		}
	}
}

func mergeSketches(states []uint64, slots []uint32, in words) {
	o := 0
	for _, s := range slots {
		e, b := states[s:s+sketchWords:s+sketchWords], in.of[o:o+sketchWords]
		o += in.stride
		for i, x := range b {
			if x != 0 {
				e[i] = maxBytes(e[i], x)
			}
		}
	}
}

// maxBytes returns the greater of each two bytes, which are below 128.
func maxBytes(a, b uint64) uint64 {
	const high = 0x8080808080808080
	least := ((a | high) - b) & high // set where a ≥ b
	from := least >> 7 * 0xff        // all bits of those bytes
	return a&from | b&^from
}

// sketchCount estimates how many distinct values a sketch has seen. Few are counted by the registers that are empty
// (linear counting: Whang, Vander-Zanden, Taylor, 1990).
func sketchCount(e []uint64) int64 {
	const m = 1 << sketchBits
	sum, empty := 0.0, 0
	for _, w := range e[:sketchWords] {
		for range 8 {
			rank := w & 0xff
			w >>= 8
			sum += math.Ldexp(1, -int(rank))
			if rank == 0 {
				empty++
			}
		}
	}
	const alpha = 0.7213 / (1 + 1.079/m)
	estimate := alpha * m * m / sum
	if estimate <= 2.5*m && empty > 0 {
		estimate = m * math.Log(float64(m)/float64(empty))
	}
	return int64(math.Round(estimate))
}
