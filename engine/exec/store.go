package exec

import (
	"context"

	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

// store keeps rows in columns as narrow as the proven bounds allow: integers as codes from the lower bound up,
// texts with a common numbering as its numbers, other texts as references into an arena. One writer at a time.
type store struct {
	query   *Query
	columns []storeColumn
	n       int
	texts   *arenaWriter
}

// storeColumn is a column of a store. Data holds n values of the width.
type storeColumn struct {
	known    Column
	encoding vector.Encoding
	width    vector.Width
	nullCode bool     // NULL has the code null
	null     int64    // Frame, Dict, View
	valid    []uint64 // a bit a row, where NULL may come and has no code
	data     []uint64
	last     *vector.Dictionary
	numbers  []uint32 // of last's codes
}

func newStore(q *Query, schema Schema, texts *arena) (*store, error) {
	s := &store{query: q, columns: make([]storeColumn, len(schema)), texts: &arenaWriter{arena: texts}}
	for i, c := range schema {
		k := &s.columns[i]
		k.known = c
		var span uint64
		switch c.Physical {
		case vector.Integer:
			if c.Lo <= c.Hi {
				span = uint64(c.Hi) - uint64(c.Lo)
			} else {
				k.known.Lo, k.known.Hi = 0, 0
			}
			k.encoding, k.nullCode, k.width = vector.Frame, span < 1<<62, widthOf(span+1)
			k.null = int64(span + 1)
			if span >= 1<<62 { // plain values: codes would not be above zero
				k.encoding, k.width, k.known.Lo = vector.Flat, vector.W8, 0
			}
		case vector.Float:
			k.width = vector.W8
		case vector.Wide:
			k.width = vector.W16
		case vector.Bytes:
			k.encoding, k.width, k.nullCode, k.null = vector.View, vector.W8, true, -1
			if c.Unifier != nil {
				k.encoding, k.null = vector.Dict, int64(len(c.Words.Values))
				k.width = widthOf(uint64(k.null))
			}
		default:
			return nil, sqlerr.New(sqlerr.InternalError, "rows of %s can't be kept", c.Type)
		}
	}
	return s, nil
}

// widthOf returns the narrowest width whose codes reach top.
func widthOf(top uint64) vector.Width {
	switch {
	case top < 1<<8:
		return vector.W1
	case top < 1<<16:
		return vector.W2
	case top < 1<<32:
		return vector.W4
	default:
		return vector.W8
	}
}

// wordsFor returns how many words hold n values of a width.
func wordsFor(n int, w vector.Width) int { return (n<<w + 7) / 8 }

// append copies the chosen rows of a chunk.
func (s *store) append(c *vector.Chunk) error {
	rows := c.Sel
	if rows == nil {
		rows = vector.All(c.Len)
	}
	if len(rows) == 0 {
		return nil
	}
	for i := range s.columns {
		k := &s.columns[i]
		if err := k.reserve(s.query, s.n+len(rows)); err != nil {
			return err
		}
		if err := s.put(k, c.Columns[i], rows); err != nil {
			return err
		}
	}
	s.n += len(rows)
	return nil
}

func (k *storeColumn) reserve(q *Query, n int) (err error) {
	if k.data, err = q.grow(k.data, wordsFor(n, k.width)); err != nil {
		return err
	}
	if k.known.Nullable && !k.nullCode {
		k.valid, err = q.grow(k.valid, (n+63)/64)
	}
	return err
}

func (s *store) put(k *storeColumn, v *vector.Vector, rows []uint16) error {
	if v.Physical != k.known.Physical && (k.known.Physical != vector.Wide || v.Physical != vector.Integer) {
		return physicalMismatch(k.known, v)
	}
	at := s.n
	switch {
	case k.known.Physical == vector.Integer && v.Encoding == vector.Constant:
		for i := range rows {
			setCode[k.width](k.data, at+i, v.Base-k.known.Lo)
		}
	case k.known.Physical == vector.Integer:
		base, scale := v.Affine()
		recodes[v.Width][k.width](v, frameOf{base - k.known.Lo, scale}, rows, k.data, at)
	case k.known.Physical == vector.Float:
		vector.Floats(v, rows, view[float64](k.data, at+len(rows))[at:])
	case k.known.Physical == vector.Wide:
		vector.Wides(v, rows, view[vector.Int128](k.data, at+len(rows))[at:])
	case k.encoding == vector.Dict:
		if err := k.putNumbers(v, rows, at); err != nil {
			return err
		}
	default:
		if err := s.putTexts(k, v, rows); err != nil {
			return err
		}
	}
	if k.known.Nullable {
		k.putNulls(v, rows, at)
	}
	return nil
}

func (k *storeColumn) putNumbers(v *vector.Vector, rows []uint16, at int) error {
	if v.Dictionary == nil {
		return physicalMismatch(k.known, v)
	}
	if k.last != v.Dictionary {
		k.last = v.Dictionary
		ids := k.known.Unifier.Remap(v.Dictionary)
		k.numbers = append(k.numbers[:0], ids...)
		for i, id := range k.numbers {
			if id == vector.NullID {
				k.numbers[i] = uint32(k.null)
			}
		}
	}
	if v.Encoding == vector.Constant {
		for i := range rows {
			setCode[k.width](k.data, at+i, int64(k.numbers[0]))
		}
		return nil
	}
	translates[v.Width][k.width](v, k.numbers, rows, k.data, at)
	return nil
}

func (s *store) putTexts(k *storeColumn, v *vector.Vector, rows []uint16) error {
	refs := view[uint64](k.data, s.n+len(rows))[s.n:]
	ours := v.Encoding == vector.View && s.texts.arena.owns(v.Pages)
	var constant uint64
	for i, r := range rows {
		switch {
		case v.IsNull(int(r)):
			refs[i] = noText
		case ours:
			refs[i] = v.Refs[r]
		case v.Encoding == vector.Constant && constant != 0:
			refs[i] = constant
		default:
			ref, err := s.texts.put(v.Bytes(int(r)))
			if err != nil {
				return err
			}
			refs[i], constant = ref, ref
		}
	}
	return nil
}

// putNulls marks the NULLs among rows that lie from row at on.
func (k *storeColumn) putNulls(v *vector.Vector, rows []uint16, at int) {
	if k.nullCode {
		if v.Valid == nil {
			return
		}
		for i, r := range rows {
			if v.IsNull(int(r)) {
				setCode[k.width](k.data, at+i, k.null)
			}
		}
		return
	}
	for i, r := range rows {
		p := at + i
		bit := uint64(1) << (p & 63)
		if v.IsNull(int(r)) {
			k.valid[p>>6] &^= bit
		} else {
			k.valid[p>>6] |= bit
		}
	}
}

// isNull tells whether a row is NULL.
func (k *storeColumn) isNull(row int) bool {
	switch {
	case !k.known.Nullable:
		return false
	case !k.nullCode:
		return k.valid[row>>6]>>(row&63)&1 == 0
	default:
		return k.code(row) == k.null
	}
}

func (k *storeColumn) code(row int) int64 {
	switch k.width {
	case vector.W1:
		return int64(view[uint8](k.data, row+1)[row])
	case vector.W2:
		return int64(view[uint16](k.data, row+1)[row])
	case vector.W4:
		return int64(view[uint32](k.data, row+1)[row])
	default:
		return int64(k.data[row])
	}
}

// text returns the text of a row of a View column.
func (s *store) text(k *storeColumn, row int) []byte { return s.texts.arena.get(k.data[row]) }

// merged joins the workers' stores into one, and returns their memory. Their texts, which may be in arenas of their
// own, are in texts then; but a single store is returned as it is.
func merged(ctx context.Context, q *Query, stores []*store, schema Schema, texts *arena) (*store, error) {
	var some []*store
	for _, s := range stores {
		if s != nil && s.n > 0 {
			some = append(some, s)
		}
	}
	if len(some) == 1 {
		return some[0], nil
	}
	out, err := newStore(q, schema, texts)
	if err != nil || len(some) == 0 {
		return out, err
	}
	starts, pages := make([]int, len(some)), make([]int, len(some))
	for i, s := range some {
		starts[i], pages[i] = out.n, texts.adopt(s.texts.arena)
		out.n += s.n
	}
	err = q.tasks(ctx, len(out.columns), func(_ context.Context, _, column int) error {
		k := &out.columns[column]
		if err := k.reserve(q, out.n); err != nil {
			return err
		}
		for i, s := range some {
			from := &s.columns[column]
			k.copyFrom(from, starts[i], s.n)
			if k.encoding == vector.View && pages[i] > 0 {
				moveRefs(k.data[starts[i]:out.n][:s.n], 1, pages[i])
			}
			q.giveBack(from.data)
			q.giveBack(from.valid)
		}
		return nil
	})
	return out, err
}

func (k *storeColumn) copyFrom(from *storeColumn, at, n int) {
	copy(view[byte](k.data, (at+n)<<k.width)[at<<k.width:], view[byte](from.data, n<<k.width))
	if !k.known.Nullable || k.nullCode {
		return
	}
	for i := range n {
		p := at + i
		bit := from.valid[i>>6] >> (i & 63) & 1
		k.valid[p>>6] = k.valid[p>>6]&^(1<<(p&63)) | bit<<(p&63)
	}
}

// bytes is the store's memory with its texts'.
func (s *store) bytes() int64 {
	words := s.texts.arena.words
	for i := range s.columns {
		words += cap(s.columns[i].data) + cap(s.columns[i].valid)
	}
	return int64(words) * 8
}

// free returns the store's memory with its texts'.
func (s *store) free() {
	s.texts.reset()
	s.release()
}

// release returns the store's memory, but its texts'.
func (s *store) release() {
	for i := range s.columns {
		k := &s.columns[i]
		s.query.giveBack(k.data)
		s.query.giveBack(k.valid)
		k.data, k.valid = nil, nil
	}
	s.n = 0
}
