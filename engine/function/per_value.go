package function

import (
	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/internal/vector"
)

// worth is how many values of a dictionary a row may have for which they are computed.
const worth = 8

// perValue makes a kernel that computes once a value of a dictionary where one argument has one and all others are
// constants, and once where all are constants. It is for functions that give NULL for NULL, and the same for the same.
func perValue(kernel func() expr.Kernel) func() expr.Kernel {
	return func() expr.Kernel {
		p := &valueTable{rows: kernel(), values: kernel()}
		return p.run
	}
}

// valueTable holds what a function gives for the values of the dictionary it saw last.
type valueTable struct {
	rows, values expr.Kernel // for rows, and for values of a dictionary
	b            vector.Buffer

	last      *vector.Dictionary
	constants []vector.Scalar // beside last
	failed    bool            // some value of last has no result, which may belong to no row

	of     vector.Type
	ints   []int64 // by code of last: one of the three
	floats []float64
	codes  []uint32           // of texts
	texts  *vector.Dictionary // of codes
	bounds vector.Bounds
	null   []bool // nil: none
}

func (p *valueTable) run(args []*vector.Vector, n int, sel []uint16) (*vector.Vector, error) {
	of := -1
	for k, v := range args {
		switch {
		case v.Encoding == vector.Constant:
		case of >= 0 || v.Encoding != vector.Dict:
			return p.rows(args, n, sel)
		default:
			of = k
		}
	}
	if of < 0 {
		return p.once(args, n, sel)
	}
	v := args[of]
	if len(v.Dictionary.Values) > worth*count(sel, n) || !p.mapped(args, of) {
		return p.rows(args, n, sel)
	}
	return p.lookUp(v, n, sel), nil
}

// once computes one row for all.
func (p *valueTable) once(args []*vector.Vector, n int, sel []uint16) (*vector.Vector, error) {
	if count(sel, n) == 0 {
		return p.rows(args, n, sel)
	}
	v, err := p.values(args, 1, nil)
	if err != nil {
		return nil, err
	}
	s := v.ScalarAt(0)
	s.Type = v.Type
	return p.b.Fill(s, n), nil
}

func count(sel []uint16, n int) int {
	if sel == nil {
		return n
	}
	return len(sel)
}

// mapped computes the values of the dictionary of argument of, unless they are those of the last call.
func (p *valueTable) mapped(args []*vector.Vector, of int) bool {
	d := args[of].Dictionary
	if d == p.last && p.sameConstants(args) {
		return !p.failed
	}
	p.last, p.constants, p.failed = d, p.constants[:0], true
	for k, v := range args {
		if k != of {
			p.constants = append(p.constants, v.ScalarAt(0))
		}
	}
	p.ints, p.floats, p.codes, p.null = nil, nil, nil, nil
	p.texts, p.bounds = &vector.Dictionary{}, vector.Bounds{Lo: vector.MaxInt, Hi: vector.MinInt}
	seen, bytes := map[string]uint32{}, 0
	in := append([]*vector.Vector(nil), args...)
	for lo := 0; lo < len(d.Values); lo += vector.ChunkRows {
		part := valuesOf(args[of], lo, min(lo+vector.ChunkRows, len(d.Values)))
		in[of] = part
		out, err := p.values(in, part.Len, nil)
		if err != nil || out.Physical == vector.Wide {
			return false
		}
		p.of = out.Type
		for i := range part.Len {
			bytes += p.add(out, i, seen)
		}
		if bytes > maxChunkBytes {
			return false
		}
	}
	p.failed = len(d.Values) == 0
	return !p.failed
}

// valuesOf makes rows of some values of a vector's dictionary.
func valuesOf(v *vector.Vector, lo, hi int) *vector.Vector {
	out := &vector.Vector{
		Type: v.Type, Physical: v.Physical, Encoding: vector.Dict, Dictionary: v.Dictionary,
	}
	codes := make([]uint32, hi-lo)
	for i := range codes {
		codes[i] = uint32(lo + i)
	}
	vector.SetCodes(out, codes)
	return out
}

// add keeps row i of a result and returns how many bytes that took. Texts that are the same get one code.
func (p *valueTable) add(out *vector.Vector, i int, seen map[string]uint32) int {
	null := out.IsNull(i)
	if null && p.null == nil {
		p.null = make([]bool, len(p.last.Values))
	}
	at := len(p.ints) + len(p.floats) + len(p.codes)
	if p.null != nil {
		p.null[at] = null
	}
	switch out.Physical {
	case vector.Integer:
		x := int64(0)
		if !null {
			x = out.Int(i)
			p.bounds.Lo, p.bounds.Hi = min(p.bounds.Lo, x), max(p.bounds.Hi, x)
		}
		p.ints = append(p.ints, x)
	case vector.Float:
		p.floats = append(p.floats, out.Float(i))
	default:
		if null {
			p.codes = append(p.codes, 0)
			return 0
		}
		value := out.Bytes(i)
		code, ok := seen[string(value)]
		if !ok {
			kept := append([]byte(nil), value...)
			code = uint32(len(p.texts.Values))
			seen[string(kept)] = code
			p.texts.Values = append(p.texts.Values, kept)
		}
		p.codes = append(p.codes, code)
		return len(value)
	}
	return 0
}

func (p *valueTable) sameConstants(args []*vector.Vector) bool {
	k := 0
	for _, v := range args {
		if v.Encoding != vector.Constant {
			continue
		}
		a, b := v.ScalarAt(0), p.constants[k]
		if a.Null != b.Null || a.Int != b.Int || a.Bytes != b.Bytes || a.Wide != b.Wide || a.Interval != b.Interval ||
			vector.FloatKey(a.Float) != vector.FloatKey(b.Float) {
			return false
		}
		k++
	}
	return true
}

// lookUp gives each row what its value was mapped to.
func (p *valueTable) lookUp(v *vector.Vector, n int, sel []uint16) *vector.Vector {
	var valid []uint64
	if p.null != nil {
		valid = p.b.AllValid(n)
		each(sel, n, func(i int) {
			if p.null[v.CodeAt(i)] {
				valid[i>>6] &^= 1 << (i & 63)
			}
		})
	}
	switch {
	case p.ints != nil:
		out := p.b.Ints(n)
		each(sel, n, func(i int) { out[i] = p.ints[v.CodeAt(i)] })
		return p.b.IntVector(p.of, out, valid, p.bounds.Lo, p.bounds.Hi)
	case p.floats != nil:
		out := p.b.Floats(n)
		each(sel, n, func(i int) { out[i] = p.floats[v.CodeAt(i)] })
		return p.b.FloatVector(p.of, out, valid)
	}
	out := &vector.Vector{
		Type: p.of, Physical: vector.Bytes, Encoding: vector.Dict, Dictionary: p.texts, Valid: valid,
	}
	null, codes := uint32(len(p.texts.Values)), make([]uint32, n)
	for i := range codes {
		codes[i] = null // also of rows that are not looked at
	}
	each(sel, n, func(i int) {
		if c := v.CodeAt(i); p.null == nil || !p.null[c] {
			codes[i] = p.codes[c]
		}
	})
	vector.SetCodes(out, codes)
	return out
}
