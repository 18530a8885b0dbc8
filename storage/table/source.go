package table

import (
	"context"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/internal/vector"
	"github.com/micodb/micodb/storage/memtable"
)

// wordRows is how many rows a word of a validity bitmap is about.
const wordRows = 64

// source is one worker's reading.
type source struct {
	scan    *scan
	pieces  []piece // of the morsel, from the current one on
	at      uint32  // next row of the current piece
	values  []*vector.RuntimeValues
	whole   []*vector.Vector // of the current row group, nil until loaded
	zones   runZones
	columns []vector.Vector // of the current chunk
	buffers []memtable.Buffer
	wide    [][]vector.Int128
	rows    []uint16 // selection of deletes and filters
	tables  []textTable
	chunk   vector.Chunk
}

func newSource(s *scan) *source {
	n := len(s.columns)
	r := &source{
		scan: s, values: make([]*vector.RuntimeValues, len(s.filters)), whole: make([]*vector.Vector, n),
		columns: make([]vector.Vector, n), buffers: make([]memtable.Buffer, n), wide: make([][]vector.Int128, n),
		tables: make([]textTable, len(s.tests)),
	}
	for i := range s.public {
		r.chunk.Columns = append(r.chunk.Columns, &r.columns[i])
	}
	return r
}

// Close implements catalog.ChunkSource.
func (*source) Close() error { return nil }

// Next implements catalog.ChunkSource.
func (r *source) Next(ctx context.Context) (*vector.Chunk, error) {
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if len(r.pieces) == 0 && !r.nextMorsel() {
			return nil, nil //nolint:nilnil // the contract's end
		}
		p := &r.pieces[0]
		if r.at >= p.end {
			r.pieces = r.pieces[1:]
			if len(r.pieces) > 0 {
				r.begin()
			}
			continue
		}
		ok, err := r.read(ctx, p)
		if err != nil {
			return nil, err
		}
		if ok {
			r.scan.counts.rows.Add(int64(r.chunk.Count()))
			return &r.chunk, nil
		}
	}
}

// nextMorsel takes a morsel that the runtime filters leave.
func (r *source) nextMorsel() bool {
	s := r.scan
	for {
		i := s.next.Add(1) - 1
		if i >= int64(len(s.morsels)) {
			return false
		}
		for k, f := range s.filters {
			r.values[k] = f.Values()
		}
		r.pieces = r.pieces[:0]
		for _, p := range s.morsels[i] {
			switch refused := r.refused(&p); {
			case !refused:
				r.pieces = append(r.pieces, p)
				if p.segment != nil && p.first == 0 {
					s.counts.groups.Add(1)
				}
			case p.segment != nil && p.first == 0:
				s.counts.groupsPruned.Add(1)
			}
		}
		if len(r.pieces) > 0 {
			r.begin()
			return true
		}
	}
}

// refused tells whether the bounds prove that no row passes the runtime filters.
func (r *source) refused(p *piece) bool {
	for k, f := range r.scan.filters {
		v, form := r.values[k], &p.forms[f.column]
		if v == nil || r.scan.columns[f.column].Physical != vector.Integer {
			continue
		}
		if max(v.Lo, form.Lo) > min(v.Hi, form.Hi) {
			return true
		}
	}
	return false
}

// begin enters the first of the pieces.
func (r *source) begin() {
	r.at = r.pieces[0].first
	clear(r.whole)
	r.zones = nil
}

// read makes the next chunk of a piece; false when no row of it is left.
func (r *source) read(ctx context.Context, p *piece) (bool, error) {
	start := r.at                 // the first row that counts
	lo := start &^ (wordRows - 1) // validity begins with a word
	run := start - start%vector.ChunkRows
	hi := min(start+r.scan.rows, run+vector.ChunkRows, p.end)
	r.at = hi
	if excluded, err := r.excludes(ctx, p, start); excluded || err != nil {
		return false, err
	}
	if p.segment == nil {
		lo = 0 // a memtable block is one chunk, from its first row on
	}
	r.chunk.Len, r.chunk.Sel = int(hi-lo), nil
	if start > lo || p.deleted != nil {
		r.chunk.Sel = undeleted(p.deleted, lo, extent{start, hi}, r.selection())
	}
	if err := r.selectRows(ctx, p, extent{lo, hi}); err != nil {
		return false, err
	}
	switch sel := r.chunk.Sel; {
	case sel == nil:
	case len(sel) == 0:
		return false, nil
	case len(sel) == r.chunk.Len:
		r.chunk.Sel = nil
	}
	for j := range r.scan.public {
		if err := r.column(ctx, p, j, extent{lo, hi}); err != nil {
			return false, err
		}
	}
	return true, nil
}

func (r *source) selection() []uint16 {
	if r.rows == nil {
		r.rows = make([]uint16, vector.ChunkRows)
	}
	return r.rows
}

// column makes the vector of a column for the rows of a chunk.
func (r *source) column(ctx context.Context, p *piece, j int, rows extent) error {
	c, out, form := &r.scan.columns[j], &r.columns[j], p.forms[j]
	switch {
	case c.ordinal < 0:
		addresses(c.ID, p, rows, out)
		return nil
	case p.segment == nil:
		p.block.Read(c.ordinal, form, out, &r.buffers[j])
		return nil
	case r.whole[j] == nil:
		v, read, err := p.segment.Load(ctx, p.group, c.ID)
		if err != nil {
			return err
		}
		r.whole[j] = v
		r.scan.counts.bytes.Add(read)
	}
	r.whole[j].Slice(out, int(rows.first), int(rows.end))
	out.Type = c.Type // that of the file may be a former one
	if c.Physical == vector.Wide && out.Physical == vector.Integer {
		r.widen(out, j)
	}
	return nil
}

func (r *source) widen(v *vector.Vector, j int) {
	if r.wide[j] == nil {
		r.wide[j] = make([]vector.Int128, vector.ChunkRows)
	}
	wide := r.wide[j][:v.Len]
	for i := range wide {
		wide[i] = v.Wide(i)
	}
	*v = vector.Vector{Type: v.Type, Physical: vector.Wide, Valid: v.Valid}
	vector.SetCodes(v, wide)
}

// addresses makes the pseudo-columns.
func addresses(id catalog.ColumnID, p *piece, rows extent, out *vector.Vector) {
	n := int(rows.end - rows.first)
	*out = vector.Vector{Type: vector.Of(vector.Int64), Physical: vector.Integer, Encoding: vector.Constant, Len: n}
	if id == catalog.AddressBlock {
		block := int64(p.address)
		out.Base, out.Lo, out.Hi = block, block, block
		return
	}
	base := int64(p.base)
	out.Encoding, out.Base, out.Scale = vector.Frame, base+int64(rows.first), 1
	out.Lo, out.Hi = base+int64(rows.first), base+int64(rows.end)-1
	vector.SetCodes(out, vector.All(n))
}

// undeleted returns the rows that are not deleted, counted from base.
func undeleted(deleted *roaring.Bitmap, base uint32, rows extent, out []uint16) []uint16 {
	var next uint32
	var it roaring.IntPeekable
	if deleted != nil {
		it = deleted.Iterator()
		it.AdvanceIfNeeded(rows.first)
	}
	out = out[:0]
	for at := rows.first; at < rows.end; at = next + 1 {
		if next = rows.end; it != nil && it.HasNext() {
			next = min(it.Next(), rows.end)
		}
		for row := at; row < next; row++ {
			out = append(out, uint16(row-base))
		}
	}
	return out
}

// selectWideRuntime keeps the rows of a Wide vector that may pass: those within 64 bits that the filter holds.
func selectWideRuntime(v *vector.Vector, f *vector.RuntimeValues, in, out []uint16) []uint16 {
	in = vector.SelectValid(v, in, out)
	k := 0
	for _, i := range in {
		if x, fits := v.Wide(int(i)).Int64(); fits && f.Has(x) {
			out[k] = i
			k++
		}
	}
	return out[:k]
}
