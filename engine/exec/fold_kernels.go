package exec

import (
	"bytes"
	"math"
	"math/bits"
)

// foldOp is how a group's state takes in a value. Every state begins as zeros, and a NULL is a zero that changes
// nothing.
type foldOp uint8

const (
	foldCount     foldOp = iota // 64-bit sum of zeros and ones, or of counts
	foldSum                     // 128-bit sum of int64
	foldWide                    // 128-bit sum of 128-bit integers
	foldFloat                   // compensated sum of floats (Neumaier 1974): sum, and what rounding lost
	foldMax                     // greatest word: minimum and maximum of integers in a form that makes them so
	foldMaxWide                 // greatest pair of words, high one first
	foldMinText                 // least text: a reference, 0 for none
	foldMaxText                 // greatest text
	foldFirstText               // first text
	foldLastText

	// Those from here on have inputs of forms of their own.
	foldMoments     // see fold_statistics.go
	foldHighMoments //
	foldPairs
	foldProduct
	foldOr // see fold_values.go
	foldXor
	foldFirst
	foldFirstWide
	foldLast
	foldLastWide
	foldBest
	foldBestWide
	foldSketch

	foldOps
)

// mostInWords is the most that inWords returns.
const mostInWords = 4

// inWords and stateWords are how many words a value, and a state, take.
func (o foldOp) inWords() int {
	return [foldOps]int{1, 1, 2, 1, 1, 2, 1, 1, 1, 1, 1, 1, 2, 1, 1, 1, 2, 3, 2, 3, 3, 4, 1}[o]
}

func (o foldOp) stateWords() int {
	return [foldOps]int{1, 2, 2, 2, 1, 2, 1, 1, 1, 1, 3, 5, 6, 2, 1, 1, 2, 3, 2, 3, 3, 4, sketchWords}[o]
}

// valueAt is where a state that keeps a value has it.
func (o foldOp) valueAt() int {
	switch o {
	case foldFirst, foldFirstWide, foldLast, foldLastWide:
		return 1
	case foldBest, foldBestWide:
		return 2
	default:
		return 0
	}
}

// isOther tells whether the fold's inputs have a form of their own.
func (o foldOp) isOther() bool { return o >= foldMoments }

// isText tells whether states are references to texts. Such a fold may be done twice: the second time changes nothing.
func (o foldOp) isText() bool { return o >= foldMinText && o <= foldLastText }

// words are one or two words of each of many rows: row k's begin at of[k*stride].
type words struct {
	of     []uint64
	stride int
}

// foldTexts is what the folds of texts need: how to read the incoming references, and where to keep the texts.
type foldTexts struct {
	from func(ref uint64) []byte
	to   *arenaWriter
}

// foldRows folds the value of row k into the state at slots[k]. It returns false when a 128-bit sum overflows.
func foldRows(op foldOp, states []uint64, slots []uint32, in words) bool {
	switch op {
	case foldCount:
		foldCounts(states, slots, in)
	case foldSum:
		foldSums(states, slots, in)
	case foldWide:
		return foldWides(states, slots, in)
	case foldFloat:
		foldFloats(states, slots, in)
	case foldMax:
		foldMaxima(states, slots, in)
	case foldMaxWide:
		foldWideMaxima(states, slots, in)
	default:
		foldOthers(op, states, slots, in)
	}
	return true
}

// foldOthers is foldRows of the folds whose inputs have a form of their own.
func foldOthers(op foldOp, states []uint64, slots []uint32, in words) {
	switch op {
	case foldMoments:
		foldMomentsOf(states, slots, in)
	case foldHighMoments:
		foldHighMomentsOf(states, slots, in)
	case foldPairs:
		foldPairsOf(states, slots, in)
	case foldProduct:
		foldProducts(states, slots, in)
	case foldOr:
		foldBitsOr(states, slots, in)
	case foldXor:
		foldBitsXor(states, slots, in)
	case foldFirst, foldFirstWide:
		foldFirsts(states, slots, in, op.stateWords())
	case foldLast, foldLastWide:
		foldLasts(states, slots, in, op.stateWords())
	case foldBest, foldBestWide:
		foldBests(states, slots, in, op.stateWords())
	case foldSketch:
		foldSketches(states, slots, in)
	default:
	}
}

func foldCounts(states []uint64, slots []uint32, in words) {
	o := 0
	for _, s := range slots {
		states[s] += in.of[o]
		o += in.stride
	}
}

func foldOnes(states []uint64, slots []uint32) {
	for _, s := range slots {
		states[s]++
	}
}

func foldSums(states []uint64, slots []uint32, in words) {
	o := 0
	for _, s := range slots {
		x := in.of[o]
		e := states[s : s+2 : s+2]
		var carry uint64
		e[0], carry = bits.Add64(e[0], x, 0)
		e[1] += uint64(int64(x)>>63) + carry
		o += in.stride
	}
}

func foldWides(states []uint64, slots []uint32, in words) bool {
	o, over := 0, int64(0)
	for _, s := range slots {
		lo, hi := in.of[o], in.of[o+1]
		e := states[s : s+2 : s+2]
		var carry uint64
		e[0], carry = bits.Add64(e[0], lo, 0)
		sum, _ := bits.Add64(e[1], hi, carry)
		over |= int64((e[1] ^ sum) & (hi ^ sum))
		e[1] = sum
		o += in.stride
	}
	return over >= 0
}

func foldFloats(states []uint64, slots []uint32, in words) {
	o := 0
	for _, s := range slots {
		addFloat(states[s:s+2:s+2], math.Float64frombits(in.of[o]))
		o += in.stride
	}
}

func addFloat(e []uint64, x float64) {
	sum := math.Float64frombits(e[0])
	t := sum + x
	if math.Abs(sum) >= math.Abs(x) {
		x += sum - t
	} else {
		x = x - t + sum
	}
	e[0], e[1] = math.Float64bits(t), math.Float64bits(math.Float64frombits(e[1])+x)
}

// floatOf returns the sum that a state of foldFloat stands for.
func floatOf(sum, lost uint64) float64 {
	s := math.Float64frombits(sum)
	if math.IsInf(s, 0) || s != s {
		return s
	}
	return s + math.Float64frombits(lost)
}

func foldMaxima(states []uint64, slots []uint32, in words) {
	o := 0
	for _, s := range slots {
		states[s] = max(states[s], in.of[o])
		o += in.stride
	}
}

func foldWideMaxima(states []uint64, slots []uint32, in words) {
	o := 0
	for _, s := range slots {
		hi, lo := in.of[o], in.of[o+1]
		e := states[s : s+2 : s+2]
		if hi > e[0] || hi == e[0] && lo > e[1] {
			e[0], e[1] = hi, lo
		}
		o += in.stride
	}
}

// foldText keeps the least or the greatest text of each group.
func foldText(op foldOp, states []uint64, slots []uint32, in words, texts foldTexts) error {
	o := 0
	for _, s := range slots {
		ref := in.of[o]
		o += in.stride
		if ref == 0 {
			continue
		}
		if old := states[s]; old != 0 {
			if !replacesText(op, texts.from(ref), texts.to.arena.get(old)) {
				continue
			}
		}
		kept, err := texts.to.put(texts.from(ref))
		if err != nil {
			return err
		}
		states[s] = kept
	}
	return nil
}

// replacesText tells whether a text takes the place of the one that a state has.
func replacesText(op foldOp, text, old []byte) bool {
	switch op {
	case foldMinText:
		return bytes.Compare(text, old) < 0
	case foldMaxText:
		return bytes.Compare(text, old) > 0
	default:
		return op == foldLastText
	}
}

// mergeStates folds states, of rows that lie as in says, into other states.
func mergeStates(op foldOp, states []uint64, slots []uint32, in words) bool {
	switch op {
	case foldSum, foldWide:
		return foldWides(states, slots, in)
	case foldFloat:
		o := 0
		for _, s := range slots {
			e := states[s : s+2 : s+2]
			addFloat(e, math.Float64frombits(in.of[o]))
			e[1] = math.Float64bits(math.Float64frombits(e[1]) + math.Float64frombits(in.of[o+1]))
			o += in.stride
		}
	case foldMoments:
		mergeMoments(states, slots, in)
	case foldHighMoments:
		mergeHighMoments(states, slots, in)
	case foldPairs:
		mergePairs(states, slots, in)
	case foldProduct:
		mergeProducts(states, slots, in)
	case foldSketch:
		mergeSketches(states, slots, in)
	default:
		return foldRows(op, states, slots, in)
	}
	return true
}

// keeps tells whether a state keeps a value of its input as it is.
func (o foldOp) keeps() bool { return o.valueAt() > 0 || o == foldFirstText || o == foldLastText }
