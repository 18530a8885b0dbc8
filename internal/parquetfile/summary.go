package parquetfile

import (
	"math"
	"math/bits"

	"github.com/micodb/micodb/internal/vector"
)

// Summary is a zone map: what is proven of a column within a row group. Which bounds are set follows the
// type's physical family; without a non-NULL value (Nulls equals the rows) none counts.
type Summary struct {
	Nulls      int64          `json:"nulls,omitempty"`
	Lo         int64          `json:"lo,omitempty"` // Integer, and Wide when Narrow
	Hi         int64          `json:"hi,omitempty"`
	Narrow     bool           `json:"narrow,omitempty"` // Wide: all values fit 64 bits
	WideLo     *vector.Int128 `json:"wide_lo,omitempty"`
	WideHi     *vector.Int128 `json:"wide_hi,omitempty"`
	FloatLo    uint64         `json:"float_lo,omitempty"` // bits of a float64; NaN is above all numbers
	FloatHi    uint64         `json:"float_hi,omitempty"`
	Min        []byte         `json:"min,omitempty"` // Bytes: a lower bound, perhaps cut short
	Max        []byte         `json:"max,omitempty"` // an upper bound, perhaps cut short and raised
	MaxOpen    bool           `json:"max_open,omitempty"`
	Rising     bool           `json:"rising,omitempty"`     // Integer: no NULL, each value greater than the last
	Distinct   int64          `json:"distinct,omitempty"`   // estimate; 0: not known
	Dictionary bool           `json:"dictionary,omitempty"` // Bytes: the chunk decodes to dictionary codes
	Checksum   uint32         `json:"checksum,omitempty"`   // CRC32C of the column chunk in the file
}

// FloatBounds returns the bounds of a Float column.
func (s *Summary) FloatBounds() (lo, hi float64) {
	return math.Float64frombits(s.FloatLo), math.Float64frombits(s.FloatHi)
}

// maxBoundBytes is how much of a text's bound is kept.
const maxBoundBytes = 64

// setTexts sets the bounds of texts, cut so that they still hold: a prefix is no greater than the text; a
// prefix whose last byte is raised is greater than all texts that it begins.
func (s *Summary) setTexts(lo, hi []byte) {
	s.Min = append([]byte{}, lo[:min(len(lo), maxBoundBytes)]...)
	if len(hi) <= maxBoundBytes {
		s.Max = append([]byte{}, hi...)
		return
	}
	cut := append([]byte{}, hi[:maxBoundBytes]...)
	for len(cut) > 0 && cut[len(cut)-1] == 0xff {
		cut = cut[:len(cut)-1]
	}
	if len(cut) == 0 {
		s.MaxOpen = true
		return
	}
	cut[len(cut)-1]++
	s.Max = cut
}

// sketch estimates a number of distinct hashes (HyperLogLog, Flajolet et al. 2007, with linear counting below;
// 4,096 registers, 1.6 % standard error).
type sketch struct{ registers []uint8 }

const sketchBits = 12

func (k *sketch) reset() {
	if k.registers == nil {
		k.registers = make([]uint8, 1<<sketchBits)
	}
	clear(k.registers)
}

func (k *sketch) add(hash uint64) {
	i := hash >> (64 - sketchBits)
	rank := uint8(bits.LeadingZeros64(hash<<sketchBits|1<<(sketchBits-1))) + 1 // also where all bits are 0
	if rank > k.registers[i] {
		k.registers[i] = rank
	}
}

func (k *sketch) estimate() int64 {
	const m = 1 << sketchBits
	sum, zeros := 0.0, 0
	for _, r := range k.registers {
		sum += 1 / float64(uint64(1)<<r)
		if r == 0 {
			zeros++
		}
	}
	e := 0.7213 / (1 + 1.079/m) * m * m / sum
	if e <= 2.5*m && zeros > 0 {
		e = m * math.Log(float64(m)/float64(zeros))
	}
	return int64(math.Round(e))
}
