package exec

import "github.com/micodb/micodb/internal/vector"

// storeReader makes chunks of a store's rows for one worker; what it returns is valid until its next call.
type storeReader struct {
	*store

	buffers []readBuffer
	pages   [][]byte
	chunk   vector.Chunk
	same    []uint32 // one row, many times
}

type readBuffer struct {
	out      vector.Vector
	constant vector.Vector
	data     []uint64
	valid    [vector.ChunkRows / 64]uint64
}

func (s *store) reader() *storeReader {
	return &storeReader{
		store: s, buffers: make([]readBuffer, len(s.columns)), pages: s.texts.arena.list(),
		chunk: vector.Chunk{Columns: make([]*vector.Vector, len(s.columns))},
	}
}

// turn makes the reader one of another store of the same schema.
func (r *storeReader) turn(s *store) { r.store, r.pages = s, s.texts.arena.list() }

// head begins a vector that reads a column.
func (r *storeReader) head(column int) *vector.Vector {
	k, b := &r.columns[column], &r.buffers[column]
	b.out = vector.Vector{Type: k.known.Type, Physical: k.known.Physical, Encoding: k.encoding}
	v := &b.out
	switch k.encoding {
	case vector.Frame:
		v.Base, v.Scale, v.NullCode = k.known.Lo, 1, k.nullCode
	case vector.Dict:
		v.Dictionary = k.known.Words
	case vector.View:
		v.Pages = r.pages
	default:
	}
	v.Lo, v.Hi = k.known.Lo, k.known.Hi
	if k.encoding == vector.Flat && k.known.Physical == vector.Integer {
		v.Lo, v.Hi = vector.MinInt, vector.MaxInt
	}
	return v
}

// setData gives a vector its values of the column's width.
func (k *storeColumn) setData(v *vector.Vector, data []uint64, n int) {
	switch {
	case k.encoding == vector.View:
		v.Refs, v.Len = view[uint64](data, n), n
	case k.width == vector.W1:
		vector.SetCodes(v, view[uint8](data, n))
	case k.width == vector.W2:
		vector.SetCodes(v, view[uint16](data, n))
	case k.width == vector.W4:
		vector.SetCodes(v, view[uint32](data, n))
	case k.width == vector.W8:
		vector.SetCodes(v, view[int64](data, n))
	default:
		vector.SetCodes(v, view[vector.Int128](data, n))
	}
}

// gather reads a column's rows into the positions sel of a vector of n rows; sel nil: rows are all of it.
func (r *storeReader) gather(column int, rows []uint32, sel []uint16, n int) *vector.Vector {
	k, b := &r.columns[column], &r.buffers[column]
	v := r.head(column)
	if b.data == nil {
		b.data = make([]uint64, wordsFor(vector.ChunkRows, k.width))
	}
	gathers[k.width](k.data, r.n, rows, sel, b.data)
	k.setData(v, b.data, n)
	if !k.known.Nullable {
		return v
	}
	valid := b.valid[:(n+63)/64]
	for i := range valid {
		valid[i] = ^uint64(0)
	}
	v.Valid = valid
	if k.nullCode {
		k.nullCodes(v, b.data, sel, valid)
		return v
	}
	for i, row := range rows {
		if !k.isNull(int(row)) {
			continue
		}
		p := i
		if sel != nil {
			p = int(sel[i])
		}
		valid[p>>6] &^= 1 << (p & 63)
	}
	return v
}

// nullCodes clears the validity of the codes of NULL. A View's NULL becomes a reference that can be followed.
func (k *storeColumn) nullCodes(v *vector.Vector, data []uint64, sel []uint16, valid []uint64) {
	markNulls[k.width](data, v.Len, k.null, sel, valid)
	if k.encoding != vector.View {
		return
	}
	for i := range v.Len {
		if valid[i>>6]>>(i&63)&1 == 0 {
			data[i] = 0
		}
	}
}

// rows reads whole rows into a chunk.
func (r *storeReader) rows(rows []uint32) *vector.Chunk {
	r.chunk.Len, r.chunk.Sel = len(rows), nil
	for i := range r.columns {
		r.chunk.Columns[i] = r.gather(i, rows, nil, len(rows))
	}
	return &r.chunk
}

// all makes a chunk of all rows, at most vector.ChunkRows, which are not copied. The store is not read in another way
// after that.
func (r *storeReader) all() *vector.Chunk {
	r.chunk.Len, r.chunk.Sel = r.n, nil
	for i := range r.columns {
		k := &r.columns[i]
		v := r.head(i)
		k.setData(v, k.data, r.n)
		switch {
		case !k.known.Nullable:
		case !k.nullCode:
			v.Valid = k.valid[:(r.n+63)/64]
		default:
			v.Valid = r.buffers[i].valid[:(r.n+63)/64]
			for w := range v.Valid {
				v.Valid[w] = ^uint64(0)
			}
			k.nullCodes(v, k.data, nil, v.Valid)
		}
		r.chunk.Columns[i] = v
	}
	return &r.chunk
}

// constant makes a vector of n times one row's value. Numbers of a dictionary are repeated, so that the
// dictionary stays the column's.
func (r *storeReader) constant(column, row, n int) *vector.Vector {
	one := [1]uint32{uint32(row)}
	if r.columns[column].encoding == vector.Dict {
		rows := r.repeated(row)[:n]
		return r.gather(column, rows, nil, n)
	}
	v, out := r.gather(column, one[:], nil, 1), &r.buffers[column].constant
	repeatValue(out, v, 0, n)
	return out
}

func (r *storeReader) repeated(row int) []uint32 {
	if r.same == nil {
		r.same = make([]uint32, vector.ChunkRows)
	}
	if r.same[0] != uint32(row) {
		for i := range r.same {
			r.same[i] = uint32(row)
		}
	}
	return r.same
}

// nulls makes a vector of n NULLs of a column.
func nulls(c Column, n int) *vector.Vector {
	v := &vector.Vector{
		Type: c.Type, Physical: c.Physical, Encoding: vector.Constant, Len: n, Valid: vector.NoneValid(n),
		Lo: vector.MaxInt, Hi: vector.MinInt,
	}
	if c.Physical == vector.Bytes {
		v.Dictionary = c.Words // any value does
		if c.Words == nil || len(c.Words.Values) == 0 {
			v.Dictionary = &vector.Dictionary{Values: [][]byte{nil}}
		}
	}
	return v
}
