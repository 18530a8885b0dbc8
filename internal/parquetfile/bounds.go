package parquetfile

import (
	"bytes"
	"math"

	"github.com/apache/arrow-go/v18/parquet/metadata"
	"github.com/apache/arrow-go/v18/parquet/schema"

	"github.com/micodb/micodb/internal/vector"
)

// bounds are the least and the greatest of some values, those of the physical family that the values are of.
type bounds struct {
	values           int
	lo, hi           int64
	wideLo, wideHi   vector.Int128
	floatLo, floatHi float64 // NaN is above all numbers
	textLo, textHi   []byte
}

// boundsOf finds the bounds of the present values [from, to).
func (g *gathered) boundsOf(from, to int) bounds {
	b := bounds{values: to - from}
	if from == to {
		return b
	}
	switch g.of.Type.Physical() {
	case vector.Integer:
		b.lo, b.hi = g.ints[from], g.ints[from]
		for _, x := range g.ints[from:to] {
			b.lo, b.hi = min(b.lo, x), max(b.hi, x)
		}
	case vector.Wide:
		b.wideLo, b.wideHi = g.wide[from], g.wide[from]
		for _, x := range g.wide[from:to] {
			b.wideLo, b.wideHi = wideMin(b.wideLo, x), wideMax(b.wideHi, x)
		}
	case vector.Float:
		b.floatLo, b.floatHi = g.floats[from], g.floats[from]
		for _, x := range g.floats[from:to] {
			b.floatLo, b.floatHi = floatMin(b.floatLo, x), floatMax(b.floatHi, x)
		}
	default:
		b.textLo, b.textHi = g.text(from), g.text(from)
		for i := from; i < to; i++ {
			b.textLo, b.textHi = textMin(b.textLo, g.text(i)), textMax(b.textHi, g.text(i))
		}
	}
	return b
}

// join widens the bounds by those of other values of the column.
func (b *bounds) join(o *bounds) {
	switch {
	case o.values == 0:
	case b.values == 0:
		*b = *o
	default:
		b.values += o.values
		b.lo, b.hi = min(b.lo, o.lo), max(b.hi, o.hi)
		b.wideLo, b.wideHi = wideMin(b.wideLo, o.wideLo), wideMax(b.wideHi, o.wideHi)
		b.floatLo, b.floatHi = floatMin(b.floatLo, o.floatLo), floatMax(b.floatHi, o.floatHi)
		b.textLo, b.textHi = textMin(b.textLo, o.textLo), textMax(b.textHi, o.textHi)
	}
}

func wideMin(a, b vector.Int128) vector.Int128 {
	if b.Cmp(a) < 0 {
		return b
	}
	return a
}

func wideMax(a, b vector.Int128) vector.Int128 {
	if b.Cmp(a) > 0 {
		return b
	}
	return a
}

func floatMin(a, b float64) float64 {
	if vector.CompareFloats(b, a) < 0 {
		return b
	}
	return a
}

func floatMax(a, b float64) float64 {
	if vector.CompareFloats(b, a) > 0 {
		return b
	}
	return a
}

func textMin(a, b []byte) []byte {
	if bytes.Compare(b, a) < 0 {
		return b
	}
	return a
}

func textMax(a, b []byte) []byte {
	if bytes.Compare(b, a) > 0 {
		return b
	}
	return a
}

// setBounds fills the bounds of a zone map.
func (s *Summary) setBounds(b *bounds, family vector.Physical) {
	if b.values == 0 {
		return
	}
	switch family {
	case vector.Integer:
		s.Lo, s.Hi = b.lo, b.hi
	case vector.Wide:
		lo, lowFits := b.wideLo.Int64()
		hi, highFits := b.wideHi.Int64()
		if s.Narrow = lowFits && highFits; s.Narrow {
			s.Lo, s.Hi = lo, hi
		} else {
			s.WideLo, s.WideHi = &b.wideLo, &b.wideHi
		}
	case vector.Float:
		s.FloatLo, s.FloatHi = bitsOf(b.floatLo), bitsOf(b.floatHi)
	default:
		s.setTexts(b.textLo, b.textHi)
	}
}

// statistics returns the bounds as Parquet has them, for other readers: without NaN, zeros with the sign that
// includes both, texts cut to where they still bound.
func (b *bounds) statistics(of Column, d *schema.Column, nulls int) metadata.EncodedStatistics {
	e := metadata.EncodedStatistics{Signed: d.SortOrder() == schema.SortSIGNED, AllNullValue: b.values == 0}
	e.SetNullCount(int64(nulls))
	family := of.Type.Physical()
	if b.values == 0 || family == vector.Float && math.IsNaN(b.floatHi) {
		return e
	}
	lo := gathered{of: of, ints: []int64{b.lo}, wide: []vector.Int128{b.wideLo}, floats: []float64{b.floatLo}}
	hi := gathered{of: of, ints: []int64{b.hi}, wide: []vector.Int128{b.wideHi}, floats: []float64{b.floatHi}}
	if family == vector.Bytes {
		var s Summary
		s.setTexts(b.textLo, b.textHi)
		if e.SetMin(s.Min); !s.MaxOpen {
			e.SetMax(s.Max)
		}
		return e
	}
	if b.floatLo == 0 {
		lo.floats[0] = math.Copysign(0, -1)
	}
	if b.floatHi == 0 {
		hi.floats[0] = 0
	}
	p := d.PhysicalType()
	e.SetMin(lo.appendPlain(nil, p, 0, 1))
	e.SetMax(hi.appendPlain(nil, p, 0, 1))
	return e
}

func bitsOf(x float64) uint64 { return math.Float64bits(x) }
