package parquetfile

import (
	"slices"

	"github.com/micodb/micodb/internal/vector"
)

// gathered is the values of one column for the row group that is being filled: those that are not NULL, close
// together, and for every row whether it is, once there is a NULL.
type gathered struct {
	of      Column
	ints    []int64
	wide    []vector.Int128
	floats  []float64
	bytes   []byte
	offsets []int32  // of the texts in bytes, one more than texts
	levels  []uint32 // 1: not NULL; empty while no row is
	rows    int
}

func (g *gathered) reset() {
	g.ints, g.wide, g.floats, g.bytes = g.ints[:0], g.wide[:0], g.floats[:0], g.bytes[:0]
	g.offsets, g.levels, g.rows = append(g.offsets[:0], 0), g.levels[:0], 0
}

// add appends the rows sel of a vector.
func (g *gathered) add(v *vector.Vector, sel []uint16) {
	defer func(n int) { g.rows += n }(len(sel))
	if all := sel; v.Valid != nil {
		sel = vector.SelectValid(v, all, make([]uint16, len(all)))
		g.addLevels(v, all, len(all)-len(sel))
	} else if len(g.levels) > 0 {
		g.levels = append(g.levels, slices.Repeat([]uint32{1}, len(sel))...)
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

// addLevels tells the NULLs among sel.
func (g *gathered) addLevels(v *vector.Vector, sel []uint16, nulls int) {
	if nulls == 0 && len(g.levels) == 0 {
		return
	}
	for len(g.levels) < g.rows {
		g.levels = append(g.levels, 1)
	}
	for _, i := range sel {
		level := uint32(1)
		if v.IsNull(int(i)) {
			level = 0
		}
		g.levels = append(g.levels, level)
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

// size returns the bytes that the values take in memory.
func (g *gathered) size() int {
	return len(g.bytes) + 8*(len(g.ints)+len(g.floats)) + 16*len(g.wide) + 4*(len(g.offsets)+len(g.levels))
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

// copyValue appends a present value of another.
func (g *gathered) copyValue(from *gathered, i int) {
	g.rows++
	switch g.of.Type.Physical() {
	case vector.Integer:
		g.ints = append(g.ints, from.ints[i])
	case vector.Wide:
		g.wide = append(g.wide, from.wide[i])
	case vector.Float:
		g.floats = append(g.floats, from.floats[i])
	default:
		g.bytes = append(g.bytes, from.text(i)...)
		g.offsets = append(g.offsets, int32(len(g.bytes)))
	}
}
