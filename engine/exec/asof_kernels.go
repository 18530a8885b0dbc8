package exec

import "github.com/micodb/micodb/internal/vector"

type pickKernel func(v *vector.Vector, from, sel []uint16, to []uint64)

// picks is by width.
var picks = [5]pickKernel{pick[uint8], pick[uint16], pick[uint32], pick[int64], pick[vector.Int128]}

// pick puts the code of row from[i] at i, for each i of sel.
func pick[T any](v *vector.Vector, from, sel []uint16, to []uint64) {
	src, dst := vector.Codes[T](v), view[T](to, v.Len)
	for _, i := range sel {
		dst[i] = src[from[i]]
	}
}

// picker makes vectors of the rows of others.
type picker struct {
	out   vector.Vector
	data  []uint64
	valid []uint64
}

// pick makes a vector with the value of row from[i] at i, for each i of sel. What stands at others may be anything.
func (p *picker) pick(v *vector.Vector, from, sel []uint16) *vector.Vector {
	p.out = *v
	if p.data == nil {
		p.data, p.valid = make([]uint64, 2*vector.ChunkRows), make([]uint64, vector.ChunkRows/64)
	}
	switch v.Encoding {
	case vector.Constant:
	case vector.View:
		refs := p.data[:v.Len]
		for _, i := range sel {
			refs[i] = v.Refs[from[i]]
		}
		p.out.Refs = refs
	default:
		picks[v.Width](v, from, sel, p.data)
		setWidth(&p.out, v, p.data)
	}
	if v.Valid == nil {
		return &p.out
	}
	valid := p.valid[:(v.Len+63)/64]
	clear(valid)
	for _, i := range sel {
		r := from[i]
		valid[i>>6] |= v.Valid[r>>6] >> (r & 63) & 1 << (i & 63)
	}
	p.out.Valid = valid
	return &p.out
}

// setWidth gives a vector data of another's width and length.
func setWidth(out, v *vector.Vector, data []uint64) {
	switch v.Width {
	case vector.W1:
		vector.SetCodes(out, view[uint8](data, v.Len))
	case vector.W2:
		vector.SetCodes(out, view[uint16](data, v.Len))
	case vector.W4:
		vector.SetCodes(out, view[uint32](data, v.Len))
	case vector.W8:
		vector.SetCodes(out, view[int64](data, v.Len))
	case vector.W16:
		vector.SetCodes(out, view[vector.Int128](data, v.Len))
	}
}
