package exec

import (
	"bytes"
	"math/bits"

	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

// keyKind is how one key lies in a row's words.
type keyKind uint8

const (
	keyBits  keyKind = iota // a bit field by proven bounds; NULL is the value above
	keyCode                 // a bit field of the number in the column's dictionary
	keyWord                 // a word of its own, for integers without bounds; NULL in a bit elsewhere
	keyFloat                // a word of its own: vector.FloatKey
	keyWide                 // two words of their own
	keyText                 // two words of their own: hash, and reference
)

// keyField is one key of a keyLayout.
type keyField struct {
	column

	kind  keyKind
	word  int
	shift uint
	bits  uint
	lo    int64
	null  uint64 // keyBits, keyCode: the value of NULL

	nullWord  int // others: where the bit of NULL is
	nullShift uint
}

// column is a key's column in the input, and what is known of it.
type column struct {
	index int
	known Column
}

// keyLayout packs the keys of a row into words: equal keys give equal words, except that the references of
// equal texts differ. It is immutable.
type keyLayout struct {
	fields []keyField
	words  int
	bits   uint   // of the last word that holds bit fields; all bits when words is at most 1
	refs   uint64 // bit i: word i is a reference
	single bool   // all keys are bit fields of one word
}

func newKeyLayout(keys []column) (*keyLayout, error) {
	l := &keyLayout{}
	place := func(n uint) (word int, shift uint) {
		if l.words == 0 || l.bits+n > 64 {
			l.words, l.bits = l.words+1, 0
		}
		word, shift = l.words-1, l.bits
		l.bits += n
		return word, shift
	}
	for _, k := range keys {
		f, err := newKeyField(k)
		if err != nil {
			return nil, err
		}
		if f.kind <= keyCode {
			f.word, f.shift = place(f.bits)
		} else if k.known.Nullable {
			f.nullWord, f.nullShift = place(1)
		}
		l.fields = append(l.fields, f)
	}
	l.single = l.words <= 1
	for i := range l.fields {
		f := &l.fields[i]
		if f.kind <= keyCode {
			continue
		}
		l.single = false
		f.word = l.words
		l.words++
		if f.kind == keyWide {
			l.words++
		}
		if f.kind == keyText {
			l.refs |= 1 << uint(l.words)
			l.words++
		}
	}
	l.words = max(l.words, 1)
	if l.words > 64 {
		return nil, sqlerr.New(sqlerr.ProgramLimitExceeded, "%d keys are too many to group or join by", len(keys))
	}
	return l, nil
}

func newKeyField(k column) (keyField, error) {
	f := keyField{column: k}
	var span uint64
	switch c := k.known; {
	case c.Physical == vector.Float:
		f.kind = keyFloat
		return f, nil
	case c.Physical == vector.Wide:
		f.kind = keyWide
		return f, nil
	case c.Physical == vector.Bytes && c.Unifier == nil:
		f.kind = keyText
		return f, nil
	case c.Physical == vector.Bytes:
		f.kind = keyCode
		span = uint64(max(len(c.Words.Values), 1) - 1)
	case c.Physical == vector.Integer:
		if c.Lo <= c.Hi {
			f.lo, span = c.Lo, uint64(c.Hi)-uint64(c.Lo)
		}
		if span >= 1<<63 && c.Nullable {
			f.kind, f.lo = keyWord, 0
			return f, nil
		}
	default:
		return f, sqlerr.NotSupported("grouping, joining or sorting by " + c.Type.String())
	}
	f.null = span + 1
	if k.known.Nullable {
		span++
	}
	f.bits = uint(bits.Len64(span))
	return f, nil
}

// packer is a worker's way to make key words. Texts are not copied: the reference of a text is the position of
// its row among the chosen ones until resolve replaces it.
type packer struct {
	*keyLayout

	tables  []dictionaryTable
	touched byte // what packViews touched, so that it is not left out
}

// dictionaryTable is what a field makes of each code of the last dictionary that it met.
type dictionaryTable struct {
	of    *vector.Dictionary
	table []uint64
	bytes [256]uint8 // of the codes that a byte has, where the keys fit one
}

func (l *keyLayout) packer() *packer {
	return &packer{keyLayout: l, tables: make([]dictionaryTable, len(l.fields))}
}

// pack writes the words of the chosen rows, row after row, to out, which holds that many.
func (p *packer) pack(c *vector.Chunk, rows []uint16, out []uint64) error {
	clear(out)
	if len(rows) == 0 {
		return nil
	}
	for i := range p.fields {
		f := &p.fields[i]
		v := c.Columns[f.index]
		to := place{out[f.word:], p.words}
		var err error
		switch f.kind {
		case keyBits:
			err = f.packInts(v, rows, to)
		case keyCode:
			err = p.packCodes(i, v, rows, to)
		default:
			if f.known.Nullable {
				packNulls(v, 1<<f.nullShift, rows, place{out[f.nullWord:], p.words})
			}
			err = p.packWords(i, v, rows, to)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (f *keyField) packInts(v *vector.Vector, rows []uint16, to place) error {
	if v.Physical != vector.Integer {
		return physicalMismatch(f.known, v)
	}
	base, scale := v.Affine()
	b := bitField{base: uint64(base) - uint64(f.lo), scale: uint64(scale), shift: f.shift, null: f.null}
	if v.Encoding == vector.Constant {
		packConstant(v, b, rows, to)
		return nil
	}
	packCodes[v.Width](v, b, rows, to)
	return nil
}

func packConstant(v *vector.Vector, f bitField, rows []uint16, to place) {
	o := 0
	for _, i := range rows {
		x := f.base
		if v.IsNull(int(i)) {
			x = f.null
		}
		to.out[o] |= x << f.shift
		o += to.stride
	}
}

// packBytes is pack for keys that fit a byte, where all columns have codes of a byte; false where they have not.
func (p *packer) packBytes(c *vector.Chunk, rows []uint16, out []uint8) bool {
	for i := range p.fields {
		f := &p.fields[i]
		v := c.Columns[f.index]
		if f.kind != keyCode || v.Dictionary == nil || v.Encoding != vector.Dict || v.Width != vector.W1 {
			return false
		}
	}
	for i := range p.fields {
		v := c.Columns[p.fields[i].index]
		p.learn(i, v.Dictionary)
		if i == 0 {
			packFirst(vector.Codes[uint8](v), &p.tables[i].bytes, rows, out)
		} else {
			packNext(vector.Codes[uint8](v), &p.tables[i].bytes, rows, out)
		}
	}
	return true
}

// learn makes a field's table for a dictionary.
func (p *packer) learn(field int, d *vector.Dictionary) {
	f, t := &p.fields[field], &p.tables[field]
	if t.of == d {
		return
	}
	ids := f.known.Unifier.Remap(d)
	t.of, t.table = d, make([]uint64, len(ids))
	for i, id := range ids {
		t.table[i] = uint64(id) << f.shift
		if id == vector.NullID {
			t.table[i] = f.null << f.shift
		}
		if i < len(t.bytes) {
			t.bytes[i] = uint8(t.table[i])
		}
	}
}

func (p *packer) packCodes(field int, v *vector.Vector, rows []uint16, to place) error {
	f, t := &p.fields[field], &p.tables[field]
	if v.Dictionary == nil {
		return physicalMismatch(f.known, v)
	}
	p.learn(field, v.Dictionary)
	if v.Encoding == vector.Constant {
		packConstant(v, bitField{base: t.table[0] >> f.shift, shift: f.shift, null: f.null}, rows, to)
		return nil
	}
	packTables[v.Width](v, t.table, rows, to)
	return nil
}

// packWords writes the keys that have words of their own. NULL is zeros.
func (p *packer) packWords(field int, v *vector.Vector, rows []uint16, to place) error {
	f := &p.fields[field]
	if v.Physical != f.known.Physical && (f.kind != keyWide || v.Physical != vector.Integer) {
		return physicalMismatch(f.known, v)
	}
	if f.kind == keyText {
		p.packTexts(field, v, rows, to)
		return nil
	}
	o := 0
	for _, r := range rows {
		i := int(r)
		if !v.IsNull(i) {
			switch f.kind {
			case keyFloat:
				to.out[o] = uint64(vector.FloatKey(v.Float(i)))
			case keyWide:
				w := v.Wide(i)
				to.out[o], to.out[o+1] = w.Lo, uint64(w.Hi)
			default:
				to.out[o] = uint64(v.Int(i))
			}
		}
		o += to.stride
	}
	return nil
}

func (p *packer) packTexts(field int, v *vector.Vector, rows []uint16, to place) {
	t := &p.tables[field]
	if d := v.Dictionary; d != nil && (v.Encoding == vector.Constant || len(d.Values) < 4*len(rows)) && t.of != d {
		t.of, t.table = d, make([]uint64, len(d.Values))
		for i, b := range d.Values {
			t.table[i] = vector.HashBytes(b)
		}
	}
	if v.Encoding == vector.View {
		p.packViews(v, rows, to)
		return
	}
	known := v.Dictionary != nil && t.of == v.Dictionary
	o := 0
	for k, r := range rows {
		i := int(r)
		switch {
		case v.IsNull(i):
		case known && v.Encoding == vector.Constant:
			to.out[o], to.out[o+1] = t.table[0], uint64(k)
		case known:
			to.out[o], to.out[o+1] = t.table[v.CodeAt(i)], uint64(k)
		default:
			to.out[o], to.out[o+1] = vector.HashBytes(v.Bytes(i)), uint64(k)
		}
		o += to.stride
	}
}

// touchAhead is how many texts are touched before they are hashed, so that their ways from memory overlap.
const touchAhead = 32

// packViews is packTexts for references. Rows that follow each other often refer to one row of a join's build side.
func (p *packer) packViews(v *vector.Vector, rows []uint16, to place) {
	o, last, hash := 0, ^v.Refs[rows[0]], uint64(0)
	for first := 0; first < len(rows); first += touchAhead {
		piece := rows[first:min(first+touchAhead, len(rows))]
		for _, r := range piece {
			if b := v.Bytes(int(r)); len(b) > 0 {
				p.touched ^= b[0] ^ b[len(b)-1]
			}
		}
		for k, r := range piece {
			if v.IsNull(int(r)) {
				o += to.stride
				continue
			}
			if ref := v.Refs[r]; ref != last {
				last, hash = ref, vector.HashBytes(v.Bytes(int(r)))
			}
			to.out[o], to.out[o+1] = hash, uint64(first+k)
			o += to.stride
		}
	}
}

func physicalMismatch(c Column, v *vector.Vector) error {
	return sqlerr.New(sqlerr.InternalError, "column %s of type %s came in the physical form %d, not %d",
		c.Name, c.Type, v.Physical, c.Physical)
}

// textsOf returns the text of a field's reference.
type textsOf func(field *keyField, ref uint64) []byte

// rowTexts resolves the positions that pack leaves as references.
func rowTexts(c *vector.Chunk, rows []uint16) textsOf {
	return func(f *keyField, ref uint64) []byte { return c.Columns[f.index].Bytes(int(rows[ref])) }
}

func (a *arena) texts(_ *keyField, ref uint64) []byte { return a.get(ref) }

// isNull tells whether a field of a row is NULL.
func (f *keyField) isNull(row []uint64) bool {
	switch {
	case !f.known.Nullable:
		return false
	case f.kind <= keyCode:
		return row[f.word]>>f.shift&mask(f.bits) == f.null
	default:
		return row[f.nullWord]>>f.nullShift&1 != 0
	}
}

func mask(bits uint) uint64 {
	if bits >= 64 {
		return ^uint64(0)
	}
	return 1<<bits - 1
}

// equal compares two rows, whose references as and bs resolve.
func (l *keyLayout) equal(a []uint64, as textsOf, b []uint64, bs textsOf) bool {
	for w := range l.words {
		if l.refs>>uint(w)&1 == 0 && a[w] != b[w] {
			return false
		}
	}
	if l.refs == 0 {
		return true
	}
	for i := range l.fields {
		f := &l.fields[i]
		if f.kind == keyText && !f.isNull(a) && !bytes.Equal(as(f, a[f.word+1]), bs(f, b[f.word+1])) {
			return false
		}
	}
	return true
}

// keep copies the texts of a row to an arena and sets its references. To is nil when they are there already.
func (l *keyLayout) keep(row []uint64, from textsOf, to *arenaWriter) error {
	if l.refs == 0 || to == nil {
		return nil
	}
	for i := range l.fields {
		f := &l.fields[i]
		if f.kind != keyText || f.isNull(row) {
			continue
		}
		ref, err := to.put(from(f, row[f.word+1]))
		if err != nil {
			return err
		}
		row[f.word+1] = ref
	}
	return nil
}
