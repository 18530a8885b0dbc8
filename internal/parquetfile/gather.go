package parquetfile

import (
	"bytes"
	"math"
	"slices"

	"github.com/micodb/micodb/internal/vector"
)

// gathered is the values of one column for the row group that is being filled: those that are not NULL, close
// together, and for a nullable column a level for every row.
type gathered struct {
	of      Column
	ints    []int64
	wide    []vector.Int128
	floats  []float64
	bytes   []byte
	offsets []int32 // of the texts in bytes, one more than texts
	levels  []int16
	rows    int
}

func (g *gathered) reset() {
	g.ints, g.wide, g.floats, g.bytes = g.ints[:0], g.wide[:0], g.floats[:0], g.bytes[:0]
	g.offsets, g.levels, g.rows = append(g.offsets[:0], 0), g.levels[:0], 0
}

// add appends the rows sel of a vector.
func (g *gathered) add(v *vector.Vector, sel []uint16) {
	g.rows += len(sel)
	if !g.of.Required {
		g.levels = slices.Grow(g.levels, len(sel))
		for _, i := range sel {
			level := int16(1)
			if v.IsNull(int(i)) {
				level = 0
			}
			g.levels = append(g.levels, level)
		}
	}
	if v.Valid != nil {
		sel = vector.SelectValid(v, sel, make([]uint16, len(sel)))
	}
	switch g.of.Type.Physical() {
	case vector.Integer:
		g.addInts(v, sel)
	case vector.Wide:
		for _, i := range sel {
			g.wide = append(g.wide, v.Wide(int(i)))
		}
	case vector.Float:
		for _, i := range sel {
			g.floats = append(g.floats, v.Float(int(i)))
		}
	default:
		g.addTexts(v, sel)
	}
}

func (g *gathered) addInts(v *vector.Vector, sel []uint16) {
	base, scale := v.Affine()
	switch {
	case v.Encoding == vector.Constant:
		for range sel {
			g.ints = append(g.ints, v.Base)
		}
	case v.Width == vector.W1:
		g.ints = widened(vector.Codes[uint8](v), base, scale, sel, g.ints)
	case v.Width == vector.W2:
		g.ints = widened(vector.Codes[uint16](v), base, scale, sel, g.ints)
	case v.Width == vector.W4:
		g.ints = widened(vector.Codes[uint32](v), base, scale, sel, g.ints)
	default:
		g.ints = widened(vector.Codes[int64](v), base, scale, sel, g.ints)
	}
}

func widened[T vector.Code](codes []T, base, scale int64, sel []uint16, out []int64) []int64 {
	for _, i := range sel {
		out = append(out, base+scale*int64(codes[i]))
	}
	return out
}

func (g *gathered) addTexts(v *vector.Vector, sel []uint16) {
	if n := len(sel); n > 0 && v.Encoding == vector.Flat && int(sel[n-1]-sel[0]) == n-1 { // one run of bytes
		first, last := int(sel[0]), int(sel[n-1])
		shift := int32(len(g.bytes)) - v.Offsets[first]
		g.bytes = append(g.bytes, v.Data[v.Offsets[first]:v.Offsets[last+1]]...)
		for _, end := range v.Offsets[first+1 : last+2] {
			g.offsets = append(g.offsets, end+shift)
		}
		return
	}
	for _, i := range sel {
		g.bytes = append(g.bytes, v.Bytes(int(i))...)
		g.offsets = append(g.offsets, int32(len(g.bytes)))
	}
}

func (g *gathered) present() int {
	switch g.of.Type.Physical() {
	case vector.Integer:
		return len(g.ints)
	case vector.Wide:
		return len(g.wide)
	case vector.Float:
		return len(g.floats)
	default:
		return len(g.offsets) - 1
	}
}

func (g *gathered) text(i int) []byte { return g.bytes[g.offsets[i]:g.offsets[i+1]] }

// summarize computes the zone map.
func (g *gathered) summarize(k *sketch) Summary {
	s := Summary{Nulls: int64(g.rows - g.present())}
	if g.present() == 0 {
		return s
	}
	k.reset()
	g.bounds(&s, k)
	s.Distinct = min(max(k.estimate(), 1), int64(g.present()))
	return s
}

// bounds sets the bounds of the values and adds them to the sketch.
func (g *gathered) bounds(s *Summary, k *sketch) {
	switch g.of.Type.Physical() {
	case vector.Integer:
		b := unbounded()
		for _, x := range g.ints {
			b.lo, b.hi = min(b.lo, x), max(b.hi, x)
			k.add(vector.Hash(uint64(x)))
		}
		s.Lo, s.Hi = b.lo, b.hi
	case vector.Wide:
		lo, hi := g.wide[0], g.wide[0]
		for _, x := range g.wide {
			if x.Cmp(lo) < 0 {
				lo = x
			}
			if x.Cmp(hi) > 0 {
				hi = x
			}
			k.add(vector.Hash(x.Lo) ^ uint64(x.Hi))
		}
		l, lowFits := lo.Int64()
		h, highFits := hi.Int64()
		if s.Narrow = lowFits && highFits; s.Narrow {
			s.Lo, s.Hi = l, h
		} else {
			s.WideLo, s.WideHi = &lo, &hi
		}
	case vector.Float:
		lo, hi := g.floats[0], g.floats[0]
		for _, x := range g.floats {
			if vector.CompareFloats(x, lo) < 0 {
				lo = x
			}
			if vector.CompareFloats(x, hi) > 0 {
				hi = x
			}
			k.add(vector.Hash(math.Float64bits(x)))
		}
		s.FloatLo, s.FloatHi = math.Float64bits(lo), math.Float64bits(hi)
	default:
		g.textBounds(s, k)
	}
}

func (g *gathered) textBounds(s *Summary, k *sketch) {
	lo, hi := g.text(0), g.text(0)
	for i := range g.present() {
		x := g.text(i)
		if bytes.Compare(x, lo) < 0 {
			lo = x
		}
		if bytes.Compare(x, hi) > 0 {
			hi = x
		}
		k.add(vector.HashBytes(x))
	}
	s.setTexts(lo, hi)
}
