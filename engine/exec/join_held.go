package exec

import (
	"context"
	"sync/atomic"

	"github.com/micodb/micodb/internal/vector"
)

// heldSide is the build side of a join that must know which of its rows have a match. The worker that is the last to
// end its probe hands out the rows that the kind of join gives then: those with a match, or those without one.
type heldSide struct {
	kind    JoinKind
	probe   Schema // of the NULLs beside them; nil: they come alone
	parts   []heldPart
	bits    []uint64 // of all rows that are probed: whether one matched
	probing atomic.Int64
}

// heldPart is some rows, in a store or in a block of kept rows.
type heldPart struct {
	rows  *store
	block *keptBlock
	first int // number of the first row among those that are probed; unkeyed: they match nothing
}

const unkeyed = -1

// heldStores are the rows of a join's table, and of those with a NULL key.
func heldStores(rows *store, keyless ...*store) []heldPart {
	parts := []heldPart{{rows: rows}}
	for _, s := range keyless {
		parts = append(parts, heldPart{rows: s, first: unkeyed})
	}
	return parts
}

// newHeldSide makes one for a join whose probe side every worker of the query will read to its end; n rows are probed.
func newHeldSide(q *Query, kind JoinKind, probe Schema, n int, parts []heldPart) (*heldSide, error) {
	u := &heldSide{kind: kind, parts: parts}
	if kind.pairs() {
		u.probe = probe
	}
	u.probing.Store(int64(q.readers()))
	var err error
	u.bits, err = q.zeroed((n + 63) / 64)
	return u, err
}

// source returns one worker's part; nil of nil.
func (u *heldSide) source() *heldSource {
	if u == nil {
		return nil
	}
	s := &heldSource{heldSide: u, rows: make([]uint32, 0, vector.ChunkRows)}
	for _, c := range u.probe {
		s.nulls = append(s.nulls, nulls(c, 0))
	}
	return s
}

// heldSource notes one worker's matches, and may hand out the rows that the join gives at its end.
type heldSource struct {
	*heldSide

	ended  bool // the worker's probe
	chosen bool // it was the last
	part   int
	row    int         // next of the part
	cursor *keptCursor // nil: no part is a block
	reader *storeReader
	rows   []uint32
	nulls  []*vector.Vector
	out    vector.Chunk
}

// match notes that a build row has a match.
func (s *heldSource) match(row int) {
	bit := uint64(1) << (row & 63)
	if w := &s.bits[row>>6]; atomic.LoadUint64(w)&bit == 0 {
		atomic.OrUint64(w, bit)
	}
}

// matchAll notes that build rows have a match.
func (s *heldSource) matchAll(rows []uint32) {
	for _, r := range rows {
		s.match(int(r))
	}
}

// matched notes the build rows of the pairs whose probe rows are among hits, which are in the pairs' order.
func (s *heldSource) matched(build []uint32, probe, hits []uint16) {
	i := 0
	for _, h := range hits {
		for probe[i] != h {
			i++
		}
		s.match(int(build[i]))
	}
}

// next returns the next rows to give when the worker's probe has ended; nil when there is no more to do.
func (s *heldSource) next(ctx context.Context) (*vector.Chunk, error) {
	if s == nil {
		return nil, nil //nolint:nilnil // the contract of Source
	}
	if !s.ended {
		s.ended = true
		s.chosen = s.probing.Add(-1) == 0
	}
	for ; s.chosen && s.part < len(s.parts); s.part, s.row, s.reader = s.part+1, 0, nil {
		if err := s.open(ctx, &s.parts[s.part]); err != nil {
			return nil, err
		}
		if s.collect(s.parts[s.part].first); len(s.rows) > 0 {
			return s.chunk(), nil
		}
	}
	return nil, nil //nolint:nilnil // the contract of Source
}

func (s *heldSource) open(ctx context.Context, p *heldPart) (err error) {
	switch {
	case s.reader != nil:
	case p.rows != nil:
		s.reader = p.rows.reader()
	default:
		s.reader, err = s.cursor.open(ctx, p.block)
	}
	return err
}

// collect numbers the next rows of the part that are given; first is that of the part.
func (s *heldSource) collect(first int) {
	s.rows = s.rows[:0]
	wanted := uint64(0)
	if s.kind == BuildSemiJoin {
		wanted = 1
	}
	for ; s.row < s.reader.n && len(s.rows) < vector.ChunkRows; s.row++ {
		at := first + s.row
		if first == unkeyed || s.bits[at>>6]>>(at&63)&1 == wanted {
			s.rows = append(s.rows, uint32(s.row))
		}
	}
}

func (s *heldSource) chunk() *vector.Chunk {
	n := len(s.rows)
	s.out.Len, s.out.Columns = n, s.out.Columns[:0]
	for _, v := range s.nulls {
		v.Len, v.Valid = n, vector.NoneValid(n)
		s.out.Columns = append(s.out.Columns, v)
	}
	for i := range s.reader.columns {
		s.out.Columns = append(s.out.Columns, s.reader.gather(i, s.rows, nil, n))
	}
	return &s.out
}
