package exec

import (
	"math"

	"github.com/micodb/micodb/internal/vector"
)

// loadOther writes the inputs of folds that are neither sums nor extremes.
func (r *loader) loadOther(i int, c *vector.Chunk, rows []uint16, out []uint64) error {
	f, t := &r.layout.folds[i], &r.tables[i]
	v := c.Columns[f.column]
	switch f.op {
	case foldMoments, foldHighMoments, foldProduct:
		if err := loadNullFloats(f.known, v, rows, out); err != nil {
			return err
		}
		if f.logs {
			logarithms(out)
		}
		return nil
	case foldPairs:
		return r.loadPairs(f, c, rows, out)
	case foldOr, foldXor:
		ints := view[int64](out, len(out))
		vector.Ints(v, rows, ints)
		if f.negate {
			for k, x := range ints {
				ints[k] = ^x
			}
		}
		return zeroNulls(f.known, v, rows, out, 1)
	case foldSketch:
		return r.loadHashes(f, t, v, rows, out)
	case foldBest, foldBestWide:
		return r.loadBests(i, c, rows, out)
	default:
		return r.loadKept(f, t, v, rows, out)
	}
}

// loadNullFloats writes floats, and nullFloat for NULL.
func loadNullFloats(known Column, v *vector.Vector, rows []uint16, out []uint64) error {
	if v.Physical != vector.Float {
		return physicalMismatch(known, v)
	}
	vector.Floats(v, rows, view[float64](out, len(out)))
	for k, w := range out {
		if w == nullFloat {
			out[k] = math.Float64bits(math.NaN())
		}
	}
	if v.Valid == nil || !known.Nullable {
		return nil
	}
	for k, row := range rows {
		if v.IsNull(int(row)) {
			out[k] = nullFloat
		}
	}
	return nil
}

// logarithms puts the natural logarithms of floats in their place.
func logarithms(of []uint64) {
	for k, w := range of {
		if w != nullFloat {
			of[k] = math.Float64bits(math.Log(math.Float64frombits(w)))
		}
	}
}

// room returns n words of scratch.
func (r *loader) room(n int) []uint64 {
	if r.scratch == nil {
		r.scratch = make([]uint64, 2*vector.ChunkRows)
	}
	return r.scratch[:n]
}

// loadPairs writes pairs of floats, NULL both where one is.
func (r *loader) loadPairs(f *fold, c *vector.Chunk, rows []uint16, out []uint64) error {
	one := r.room(len(rows))
	for side, column := range [2]int{f.column, f.second} {
		known := [2]Column{f.known, f.other}[side]
		if err := loadNullFloats(known, c.Columns[column], rows, one); err != nil {
			return err
		}
		interleave(out[side:], 2, one, 1, len(rows))
	}
	for k := 0; k < len(out); k += 2 {
		if out[k] == nullFloat || out[k+1] == nullFloat {
			out[k], out[k+1] = nullFloat, nullFloat
		}
	}
	return nil
}

// loadKept writes values with a word before them that is 0 for NULL, then 1.
func (r *loader) loadKept(f *fold, t *dictionaryTable, v *vector.Vector, rows []uint16, out []uint64) error {
	per := f.op.inWords()
	if err := r.loadValues(f, t, v, rows, place{out[1:], per}); err != nil {
		return err
	}
	markKept(rows, place{out, per})
	unmarkNulls(f.known, v, rows, place{out, per})
	return nil
}

// markKept sets the word before each value.
func markKept(rows []uint16, to place) {
	for k := range rows {
		to.out[k*to.stride] = 1
	}
}

// unmarkNulls clears the word before each NULL.
func unmarkNulls(known Column, v *vector.Vector, rows []uint16, to place) {
	if v.Valid == nil || !known.Nullable {
		return
	}
	for k, row := range rows {
		if v.IsNull(int(row)) {
			to.out[k*to.stride] = 0
		}
	}
}

// loadValues writes the words of values into rows that lie stride words apart.
func (r *loader) loadValues(f *fold, t *dictionaryTable, v *vector.Vector, rows []uint16, to place) error {
	n, known, out, stride := len(rows), f.known, to.out, to.stride
	switch {
	case known.Unifier != nil:
		return loadNumbers(known, t, v, rows, to)
	case known.Physical == vector.Wide:
		one := r.room(2 * n)
		for k, x := range vector.Wides(v, rows, view[vector.Int128](one, n)) {
			out[k*stride], out[k*stride+1] = x.Lo, uint64(x.Hi)
		}
	case v.Physical != known.Physical:
		return physicalMismatch(known, v)
	case known.Physical == vector.Float:
		one := r.room(n)
		vector.Floats(v, rows, view[float64](one, n))
		interleave(out, stride, one, 1, n)
	default:
		one := r.room(n)
		vector.Ints(v, rows, view[int64](one, n))
		interleave(out, stride, one, 1, n)
	}
	return nil
}

// loadNumbers writes the numbers that texts have in their column's dictionary.
func loadNumbers(known Column, t *dictionaryTable, v *vector.Vector, rows []uint16, to place) error {
	if v.Dictionary == nil {
		return physicalMismatch(known, v)
	}
	if t.of != v.Dictionary {
		ids := known.Unifier.Remap(v.Dictionary)
		t.of, t.table = v.Dictionary, make([]uint64, len(ids))
		for c, id := range ids {
			t.table[c] = uint64(id)
		}
	}
	for k := range rows {
		to.out[k*to.stride] = 0
		if v.Encoding == vector.Constant {
			to.out[k*to.stride] = t.table[0]
		}
	}
	if v.Encoding != vector.Constant {
		packTables[v.Width](v, t.table, rows, to)
	}
	return nil
}

// loadBests writes values with their keys before them, and before these a word that is 0 where one of them is NULL.
func (r *loader) loadBests(i int, c *vector.Chunk, rows []uint16, out []uint64) error {
	f := &r.layout.folds[i]
	v, key, per := c.Columns[f.column], c.Columns[f.second], f.op.inWords()
	if err := r.loadValues(f, &r.tables[i], v, rows, place{out[2:], per}); err != nil {
		return err
	}
	one := r.room(len(rows))
	if err := r.loadOne(f.key, &r.tables[len(r.layout.folds)+i], key, rows, one); err != nil {
		return err
	}
	interleave(out[1:], per, one, 1, len(rows))
	markKept(rows, place{out, per})
	unmarkNulls(f.known, v, rows, place{out, per})
	unmarkNulls(f.key.known, key, rows, place{out, per})
	return nil
}

// loadHashes writes the values' hashes; 0 for NULL alone.
func (r *loader) loadHashes(f *fold, t *dictionaryTable, v *vector.Vector, rows []uint16, out []uint64) error {
	switch {
	case f.known.Physical == vector.Bytes && v.Dictionary != nil && v.Encoding == vector.Dict:
		if t.of != v.Dictionary {
			t.of, t.table = v.Dictionary, make([]uint64, len(v.Dictionary.Values))
			for c, b := range v.Dictionary.Values {
				t.table[c] = vector.HashBytes(b)
			}
		}
		for k, row := range rows {
			if out[k] = 0; !v.IsNull(int(row)) {
				out[k] = t.table[v.CodeAt(int(row))]
			}
		}
	case f.known.Physical == vector.Bytes:
		for k, row := range rows {
			if out[k] = 0; !v.IsNull(int(row)) {
				out[k] = vector.HashBytes(v.Bytes(int(row)))
			}
		}
	case f.known.Physical == vector.Float:
		floats := view[float64](out, len(out))
		vector.Floats(v, rows, floats)
		for k, x := range floats {
			out[k] = uint64(vector.FloatKey(x))
		}
		vector.HashWords(out, out)
	default:
		for k, x := range vector.Wides(v, rows, view[vector.Int128](r.room(2*len(rows)), len(rows))) {
			out[k] = vector.Hash(x.Lo ^ vector.Hash(uint64(x.Hi)))
		}
	}
	for k := range out {
		out[k] |= 1
	}
	return zeroNulls(f.known, v, rows, out, 1)
}
