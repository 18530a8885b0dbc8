package exec

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"math/bits"

	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

// SortKey orders rows by a column of the input. NULLs come last unless NullsFirst.
type SortKey struct {
	Column     int
	Descending bool
	NullsFirst bool
}

// sortField is one key of a sortLayout.
type sortField struct {
	SortKey

	known Column
	kind  keyKind
	word  int
	shift uint // keyBits, keyCode
	null  uint64
	first uint64 // the value of the least key
	ranks *ranks

	nullWord  int
	nullShift uint
}

// sortLayout gives rows words that compare as the rows do; only texts with equal first 8 bytes must be compared
// further. It is immutable.
//
// Fields are packed first so that none lies in two words; then, but where there are texts, the bits that are left
// over in the words are closed up. That makes most rows differ in their first word, even where it begins with a key
// of few values or with the bit of NULL.
type sortLayout struct {
	fields []sortField
	packed []uint // bits of each word in use, before they are closed up
	words  int
	used   uint // bits of the last word
	texts  bool
}

func newSortLayout(in Schema, keys []SortKey) (*sortLayout, error) {
	l := &sortLayout{packed: []uint{0}}
	place := func(n uint) (word int, shift uint) {
		if l.packed[len(l.packed)-1]+n > 64 {
			l.packed = append(l.packed, 0)
		}
		last := len(l.packed) - 1
		l.packed[last] += n
		return last, 64 - l.packed[last]
	}
	for _, k := range keys {
		f := sortField{SortKey: k, known: in[k.Column]}
		n, err := f.choose()
		if err != nil {
			return nil, err
		}
		if f.kind <= keyCode {
			f.word, f.shift = place(n)
			l.fields = append(l.fields, f)
			continue
		}
		if f.known.Nullable {
			f.nullWord, f.nullShift = place(1)
		}
		f.word, _ = place(64)
		if f.kind == keyWide {
			place(64)
		}
		l.texts = l.texts || f.kind == keyText
		l.fields = append(l.fields, f)
	}
	l.words, l.used = len(l.packed), l.packed[len(l.packed)-1]
	if !l.texts {
		bits := uint(0)
		for _, n := range l.packed {
			bits += n
		}
		l.words = max(1, int(bits+63)/64)
		l.used = bits - uint(l.words-1)*64
	}
	return l, nil
}

// choose decides how a key is packed, and in how many bits if in a field.
func (f *sortField) choose() (uint, error) {
	var span uint64
	switch c := f.known; c.Physical {
	case vector.Float:
		f.kind = keyFloat
		return 0, nil
	case vector.Wide:
		f.kind = keyWide
		return 0, nil
	case vector.Bytes:
		if c.Unifier == nil {
			f.kind = keyText
			return 0, nil
		}
		f.kind, f.ranks = keyCode, newRanks(c.Words)
		span = uint64(max(len(c.Words.Values), 1) - 1)
	case vector.Integer:
		if c.Lo > c.Hi {
			f.known.Lo, f.known.Hi = 0, 0
		}
		span = uint64(f.known.Hi) - uint64(f.known.Lo)
		if span >= 1<<63 {
			f.kind = keyWord
			return 0, nil
		}
	default:
		return 0, sqlerr.NotSupported("sorting by " + c.Type.String())
	}
	if f.known.Nullable {
		f.null = span + 1
		if f.NullsFirst {
			f.null, f.first = 0, 1
		}
		span++
	}
	return uint(bits.Len64(span)), nil
}

// sortPacker is a worker's way to make sort keys.
type sortPacker struct {
	*sortLayout

	tables []dictionaryTable
}

func (l *sortLayout) packer() *sortPacker {
	return &sortPacker{sortLayout: l, tables: make([]dictionaryTable, len(l.fields))}
}

// room returns how many words pack needs for so many rows.
func (l *sortLayout) room(rows int) int { return rows * len(l.packed) }

// pack writes the words of the chosen rows, row after row, to the first of out, which has room.
func (p *sortPacker) pack(c *vector.Chunk, rows []uint16, out []uint64) error {
	clear(out)
	if len(rows) == 0 {
		return nil
	}
	for i := range p.fields {
		f := &p.fields[i]
		v := c.Columns[f.Column]
		if v.Physical != f.known.Physical && (f.kind != keyWide || v.Physical != vector.Integer) {
			return physicalMismatch(f.known, v)
		}
		to := place{out[f.word:], len(p.packed)}
		switch f.kind {
		case keyBits:
			f.packInts(v, rows, to)
		case keyCode:
			if err := p.packRanks(i, v, rows, to); err != nil {
				return err
			}
		default:
			f.packWords(v, rows, to)
			f.markNulls(v, rows, place{out[f.nullWord:], len(p.packed)})
		}
	}
	p.closeUp(out, len(rows))
	return nil
}

// closeUp moves the used bits of each row's words together.
func (l *sortLayout) closeUp(words []uint64, rows int) {
	if l.texts || len(l.packed) == 1 {
		return
	}
	to := 0
	for row := range rows {
		word, free := uint64(0), uint(64)
		for w, x := range words[row*len(l.packed):][:len(l.packed)] {
			word |= x >> (64 - free)
			used := l.packed[w]
			if used < free {
				free -= used
				continue
			}
			words[to] = word
			to++
			word, free = x<<free, 64+free-used
		}
		if free < 64 {
			words[to] = word
			to++
		}
	}
}

func (f *sortField) packInts(v *vector.Vector, rows []uint16, to place) {
	base, scale := v.Affine()
	b := bitField{base: uint64(base) - uint64(f.known.Lo), scale: uint64(scale), shift: f.shift, null: f.null}
	if f.Descending {
		b.base, b.scale = uint64(f.known.Hi)-uint64(base), -b.scale
	}
	b.base += f.first
	if v.Encoding == vector.Constant {
		packConstant(v, b, rows, to)
		return
	}
	packCodes[v.Width](v, b, rows, to)
}

func (p *sortPacker) packRanks(field int, v *vector.Vector, rows []uint16, to place) error {
	f, t := &p.fields[field], &p.tables[field]
	if v.Dictionary == nil {
		return physicalMismatch(f.known, v)
	}
	if t.of != v.Dictionary {
		ids := f.known.Unifier.Remap(v.Dictionary)
		t.of, t.table = v.Dictionary, make([]uint64, len(ids))
		for i, id := range ids {
			x := f.null
			if rank, ok := f.ranks.at(id); ok {
				x = rank
				if f.Descending {
					x = uint64(len(f.ranks.of)-1) - x
				}
				x += f.first
			}
			t.table[i] = x << f.shift
		}
	}
	if v.Encoding == vector.Constant {
		packConstant(v, bitField{base: t.table[0] >> f.shift, shift: f.shift, null: f.null}, rows, to)
		return nil
	}
	packTables[v.Width](v, t.table, rows, to)
	return nil
}

// packWords writes the keys that have words of their own. NULL is zeros.
func (f *sortField) packWords(v *vector.Vector, rows []uint16, to place) {
	flip := uint64(0)
	if f.Descending {
		flip = ^flip
	}
	o := 0
	for _, r := range rows {
		i := int(r)
		if !v.IsNull(i) {
			switch f.kind {
			case keyFloat:
				to.out[o] = uint64(vector.FloatKey(v.Float(i))) ^ 1<<63 ^ flip
			case keyWide:
				w := v.Wide(i)
				to.out[o], to.out[o+1] = uint64(w.Hi)^1<<63^flip, w.Lo^flip
			case keyText:
				to.out[o] = prefix(v.Bytes(i)) ^ flip
			default:
				to.out[o] = uint64(v.Int(i)) ^ 1<<63 ^ flip
			}
		}
		o += to.stride
	}
}

// markNulls sets the bit that puts NULLs after values, or values after NULLs.
func (f *sortField) markNulls(v *vector.Vector, rows []uint16, to place) {
	if !f.known.Nullable {
		return
	}
	o := 0
	for _, i := range rows {
		if v.IsNull(int(i)) != f.NullsFirst {
			to.out[o] |= 1 << f.nullShift
		}
		o += to.stride
	}
}

// prefix returns the first 8 bytes of a text, zeros after its end, in an order of their own.
func prefix(b []byte) uint64 {
	if len(b) >= 8 {
		return binary.BigEndian.Uint64(b)
	}
	var p [8]byte
	copy(p[:], b)
	return binary.BigEndian.Uint64(p[:])
}

// comparer compares rows of a store by their keys.
type comparer struct {
	*sortLayout

	keys  []uint64 // words of each row
	store *store
	text  []*sortField // by word: the text that begins there
}

func (l *sortLayout) comparer(keys []uint64, s *store) *comparer {
	c := &comparer{sortLayout: l, keys: keys, store: s, text: make([]*sortField, l.words)}
	for i := range l.fields {
		if f := &l.fields[i]; f.kind == keyText {
			c.text[f.word] = f
		}
	}
	return c
}

// compare orders two rows by their keys alone.
func (c *comparer) compare(a, b uint32) int {
	x, y := c.keys[int(a)*c.words:][:c.words], c.keys[int(b)*c.words:][:c.words]
	for w := range x {
		if x[w] != y[w] {
			return cmp.Compare(x[w], y[w])
		}
		f := c.text[w]
		if f == nil {
			continue
		}
		k := &c.store.columns[f.Column]
		if k.isNull(int(a)) || k.isNull(int(b)) {
			continue // both are
		}
		if d := bytes.Compare(c.store.text(k, int(a)), c.store.text(k, int(b))); d != 0 {
			if f.Descending {
				return -d
			}
			return d
		}
	}
	return 0
}
