package exec

import (
	"context"

	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

// noValue is the row of a value that is not there.
const noValue = ^uint32(0)

// windowValue is a function that gives a value of another row: it finds the rows, and reads them then.
type windowValue struct {
	*WindowCall

	query  *Query
	number int // of the call
	frames *windowFrames

	parts   *windowSpans
	present []uint32 // rows of the block that are not NULL, where NULLs are ignored
	before  []uint32 // how many of them are before each row, and in all

	reader *storeReader
	rows   [vector.ChunkRows]uint32
	valid  [vector.ChunkRows / 64]uint64
}

func newWindowValue(q *Query, w *Window, number int) *windowValue {
	c := &w.Calls[number]
	return &windowValue{WindowCall: c, query: q, number: number, frames: newWindowFrames(w, c)}
}

func (f *windowValue) begin(_ context.Context, b *windowBlock) (err error) {
	if f.reader == nil || f.reader.store != b.reader.store {
		f.reader = b.reader.reader()
	}
	if f.Kind.ReadsFrame() {
		if err = f.frames.prepare(b); err != nil {
			return err
		}
	}
	if f.parts, err = b.spansBy(f.Partition); err != nil || !f.IgnoreNulls {
		return err
	}
	n := len(b.rows)
	memory, err := b.words(n + 1)
	if err != nil {
		return err
	}
	all := view[uint32](memory, 2*n+1)
	f.before, f.present = all[:n+1], all[n+1:]
	k, count := &b.reader.columns[f.Value], 0
	for i, row := range b.rows {
		f.before[i] = uint32(count)
		if !k.isNull(int(row)) {
			f.present[count] = uint32(i)
			count++
		}
	}
	f.before[n], f.present = uint32(count), f.present[:count]
	return nil
}

func (f *windowValue) end() { f.parts, f.present, f.before = nil, nil, nil }

func (f *windowValue) values(b *windowBlock, lo, hi int, out []*vector.Vector) (err error) {
	rows := f.rows[:hi-lo]
	switch f.Kind {
	case expr.Lag, expr.Lead:
		f.offsets(b, lo, rows)
	case expr.FirstValue:
		f.frames.of(lo, hi)
		for i := range rows {
			rows[i] = f.nth(lo, i, 1)
		}
	case expr.LastValue:
		f.frames.of(lo, hi)
		for i := range rows {
			rows[i] = f.last(lo, i)
		}
	default:
		f.frames.of(lo, hi)
		err = f.nths(b, lo, rows)
	}
	out[f.number] = f.read(b, rows)
	return err
}

// offsets finds the rows so many before or after each.
func (f *windowValue) offsets(b *windowBlock, lo int, rows []uint32) {
	const most = 1 << 40 // more than there are rows
	sign := 1
	if f.Kind == expr.Lag {
		sign = -1
	}
	v := b.column(f.Number, lo, lo+len(rows))
	for i := range rows {
		rows[i] = noValue
		if v.IsNull(i) {
			continue
		}
		row, by := lo+i, sign*int(min(max(v.Int(i), -most), most))
		switch {
		case f.IgnoreNulls && by != 0:
			rows[i] = f.presentAt(row, by)
		case row+by >= f.parts.start(row) && row+by < f.parts.end(row):
			rows[i] = uint32(row + by)
		}
	}
}

// presentAt finds the by-th row after, or before where by is negative, that is not NULL.
func (f *windowValue) presentAt(row, by int) uint32 {
	at := int(f.before[row]) + by
	if by > 0 {
		at = int(f.before[row+1]) + by - 1
	}
	if at < int(f.before[f.parts.start(row)]) || at >= int(f.before[f.parts.end(row)]) {
		return noValue
	}
	return f.present[at]
}

// nths finds the rows whose number in the frame an argument says.
func (f *windowValue) nths(b *windowBlock, lo int, rows []uint32) error {
	v := b.column(f.Number, lo, lo+len(rows))
	for i := range rows {
		rows[i] = noValue
		if v.IsNull(i) {
			continue
		}
		n := v.Int(i)
		if n < 1 {
			return sqlerr.New(sqlerr.InvalidNthValue, "NTH_VALUE of row %d: rows count from 1", n)
		}
		rows[i] = f.nth(lo, i, n)
	}
	return nil
}

// nth returns the n-th row of the frame of row lo+i, from 1.
func (f *windowValue) nth(lo, i int, n int64) uint32 {
	for _, p := range f.frames.pieces(lo, i) {
		if f.IgnoreNulls {
			p = span{f.before[p.first], f.before[p.end]}
		}
		if n <= int64(p.end-p.first) {
			return f.counted(p.first + uint32(n-1))
		}
		n -= int64(p.end - p.first)
	}
	return noValue
}

// last returns the last row of the frame of row lo+i.
func (f *windowValue) last(lo, i int) uint32 {
	pieces := f.frames.pieces(lo, i)
	for k := len(pieces) - 1; k >= 0; k-- {
		p := pieces[k]
		if f.IgnoreNulls {
			p = span{f.before[p.first], f.before[p.end]}
		}
		if p.first < p.end {
			return f.counted(p.end - 1)
		}
	}
	return noValue
}

// counted is the row at a place among those that count.
func (f *windowValue) counted(at uint32) uint32 {
	if f.IgnoreNulls {
		return f.present[at]
	}
	return at
}

// read reads the value's column at rows of the block; noValue is NULL.
func (f *windowValue) read(b *windowBlock, rows []uint32) *vector.Vector {
	missing := false
	valid := f.valid[:(len(rows)+63)/64]
	for i := range valid {
		valid[i] = ^uint64(0)
	}
	for i, row := range rows {
		if row == noValue {
			missing, rows[i] = true, b.rows[0]
			valid[i>>6] &^= 1 << (i & 63)
			continue
		}
		rows[i] = b.rows[row]
	}
	v := f.reader.gather(f.Value, rows, nil, len(rows))
	if !missing {
		return v
	}
	k, data := &f.reader.columns[f.Value], f.reader.buffers[f.Value].data
	for i := range rows {
		switch {
		case valid[i>>6]>>(i&63)&1 == 1:
		case k.encoding == vector.View:
			data[i] = 0
		case k.nullCode:
			setCode[k.width](data, i, k.null)
		}
	}
	if v.Valid != nil {
		for i, w := range v.Valid {
			valid[i] &= w
		}
	}
	v.Valid = valid
	return v
}
