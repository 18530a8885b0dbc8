package exec

import "github.com/micodb/micodb/internal/vector"

// frameOf says how a vector's codes become a store's: base + scale*code.
type frameOf struct{ base, scale int64 }

type recodeKernel func(v *vector.Vector, f frameOf, rows []uint16, to []uint64, at int)

// recodes is by the width of the source, then of the store.
var recodes = [4][4]recodeKernel{
	{recode[uint8, uint8], recode[uint8, uint16], recode[uint8, uint32], recode[uint8, int64]},
	{recode[uint16, uint8], recode[uint16, uint16], recode[uint16, uint32], recode[uint16, int64]},
	{recode[uint32, uint8], recode[uint32, uint16], recode[uint32, uint32], recode[uint32, int64]},
	{recode[int64, uint8], recode[int64, uint16], recode[int64, uint32], recode[int64, int64]},
}

// recode appends the codes of the chosen rows at row at of a store's column.
func recode[S, D vector.Code](v *vector.Vector, f frameOf, rows []uint16, to []uint64, at int) {
	src, dst := vector.Codes[S](v), view[D](to, at+len(rows))[at:]
	for k, i := range rows {
		dst[k] = D(f.base + f.scale*int64(src[i]))
	}
}

type translateKernel func(v *vector.Vector, table []uint32, rows []uint16, to []uint64, at int)

// translates is by the width of the source, then of the store.
var translates = [4][4]translateKernel{
	{translate[uint8, uint8], translate[uint8, uint16], translate[uint8, uint32], translate[uint8, int64]},
	{translate[uint16, uint8], translate[uint16, uint16], translate[uint16, uint32], translate[uint16, int64]},
	{translate[uint32, uint8], translate[uint32, uint16], translate[uint32, uint32], translate[uint32, int64]},
	{translate[int64, uint8], translate[int64, uint16], translate[int64, uint32], translate[int64, int64]},
}

// translate appends the table's entries for the codes of the chosen rows.
func translate[S, D vector.Code](v *vector.Vector, table []uint32, rows []uint16, to []uint64, at int) {
	src, dst := vector.Codes[S](v), view[D](to, at+len(rows))[at:]
	for k, i := range rows {
		dst[k] = D(table[src[i]])
	}
}

type setKernel func(to []uint64, at int, code int64)

var setCode = [4]setKernel{set[uint8], set[uint16], set[uint32], set[int64]}

func set[T vector.Code](to []uint64, at int, code int64) { view[T](to, at+1)[at] = T(code) }

type gatherKernel func(from []uint64, total int, rows []uint32, sel []uint16, to []uint64)

var gathers = [5]gatherKernel{
	gather[uint8], gather[uint16], gather[uint32], gather[int64], gather[vector.Int128],
}

// gather puts the values of rows at the positions sel of to; sel nil: one after the other.
func gather[T any](from []uint64, total int, rows []uint32, sel []uint16, to []uint64) {
	src := view[T](from, total)
	if sel == nil {
		dst := view[T](to, len(rows))
		for k, r := range rows {
			dst[k] = src[r]
		}
		return
	}
	dst := view[T](to, vector.ChunkRows)
	for k, r := range rows {
		dst[sel[k]] = src[r]
	}
}

type nullKernel func(codes []uint64, n int, null int64, sel []uint16, valid []uint64)

var markNulls = [4]nullKernel{markNull[uint8], markNull[uint16], markNull[uint32], markNull[int64]}

// markNull clears the validity of the positions sel (nil: all n) whose code is that of NULL.
func markNull[T vector.Code](codes []uint64, n int, null int64, sel []uint16, valid []uint64) {
	d, x := view[T](codes, n), T(null)
	if sel == nil {
		for i, c := range d {
			if c == x {
				valid[i>>6] &^= 1 << (i & 63)
			}
		}
		return
	}
	for _, i := range sel {
		if d[i] == x {
			valid[i>>6] &^= 1 << (i & 63)
		}
	}
}
