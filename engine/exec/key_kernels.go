package exec

import "github.com/micodb/micodb/internal/vector"

// bitField says how an integer or a code becomes bits of a key word: (base + scale*code) << shift.
type bitField struct {
	base, scale uint64
	shift       uint
	null        uint64 // the bits of NULL, unshifted
}

// place says where the words of rows lie: row k's word is out[k*stride].
type place struct {
	out    []uint64
	stride int
}

type packKernel func(v *vector.Vector, f bitField, rows []uint16, to place)

var packCodes = [4]packKernel{packOf[uint8], packOf[uint16], packOf[uint32], packOf[int64]}

// packOf ORs a field of each row into its word.
func packOf[T vector.Code](v *vector.Vector, f bitField, rows []uint16, to place) {
	d, out, stride, o := vector.Codes[T](v), to.out, to.stride, 0
	if v.Valid == nil {
		for _, i := range rows {
			out[o] |= (f.base + f.scale*uint64(d[i])) << f.shift
			o += stride
		}
		return
	}
	valid := v.Valid
	for _, i := range rows {
		m := -(valid[i>>6] >> (i & 63) & 1)
		out[o] |= ((f.base+f.scale*uint64(d[i]))&m | f.null&^m) << f.shift
		o += stride
	}
}

type packTableKernel func(v *vector.Vector, table []uint64, rows []uint16, to place)

var packTables = [4]packTableKernel{
	packTableOf[uint8], packTableOf[uint16], packTableOf[uint32], packTableOf[int64],
}

// packTableOf ORs the table's entry of each row's code into its word.
func packTableOf[T vector.Code](v *vector.Vector, table []uint64, rows []uint16, to place) {
	d, out, stride, o := vector.Codes[T](v), to.out, to.stride, 0
	for _, i := range rows {
		out[o] |= table[d[i]]
		o += stride
	}
}

// packNulls ORs bit into the word of each NULL row.
func packNulls(v *vector.Vector, bit uint64, rows []uint16, to place) {
	if v.Valid == nil {
		return
	}
	o := 0
	for _, i := range rows {
		to.out[o] |= bit &^ -(v.Valid[i>>6] >> (i & 63) & 1)
		o += to.stride
	}
}

// hashRows hashes the words of each row, leaving out those of mask (bit i: word i), which are references.
func hashRows(keys []uint64, stride int, words int, mask uint64, out []uint64) {
	o := 0
	if words == 1 && stride == 1 {
		vector.HashWords(keys[:len(out)], out)
		return
	}
	if words == 1 {
		for i := range out {
			out[i] = vector.Hash(keys[o])
			o += stride
		}
		return
	}
	for i := range out {
		out[i] = hashWords(keys[o:o+words], mask)
		o += stride
	}
}

func hashWords(key []uint64, mask uint64) uint64 {
	h := uint64(0)
	for w, x := range key {
		if mask>>uint(w)&1 == 0 {
			h = vector.Hash(h ^ x)
		}
	}
	return h
}
