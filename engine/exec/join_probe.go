package exec

import (
	"context"
	"slices"

	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

// prober joins one worker's probe chunks. A chunk gives several: one with the first match of each row, one with
// the second, and so on; last, where the kind asks for them, the rows without a match.
type prober struct {
	query    *Query
	op       *HashJoin
	worker   int
	from     Source
	table    *joinTable
	pack     *packer
	reader   *storeReader
	residual expr.Predicate // nil: every pair matches
	unknown  expr.Predicate // nil: of no pair

	keys, hashes []uint64
	keyed        []uint16 // buffer: rows without NULL keys
	pairs        candidates
	n            int           // pairs that wait
	now          *vector.Chunk // whose pairs are handed out; nil: read the next
	marks        marks         // rows of now that matched
	unsure       marks         // rows of now with a pair of which that is unknown
	out          joinOutput
	held         *heldSource // nil: nothing is to be known of the build's rows

	feed   *probeFeed // nil: all of the build side is in the table
	former []marks    // nil, or what marks and unsure begin with
	more   bool       // the table is a piece of a build side, and not its last
}

func (s *buildSink) open(worker int, from Stream, t *joinTable, held *heldSide) (Source, error) {
	src, err := from.Open(worker)
	if err != nil {
		return nil, err
	}
	layout := s.spill.probe.layout
	p := &prober{
		query: s.query, op: s.op, worker: worker, from: src, pack: layout.packer(),
		keys: make([]uint64, vector.ChunkRows*layout.words), hashes: make([]uint64, vector.ChunkRows),
		keyed: make([]uint16, vector.ChunkRows),
		pairs: candidates{make([]uint32, vector.ChunkRows), make([]uint16, vector.ChunkRows)},
		out:   newJoinOutput(s.spill.build.schema),
	}
	p.setTable(t, held)
	if p.residual, p.unknown, err = conditions(s.op.Residual, s.op.Unknown); err != nil {
		_ = src.Close() // the compile error is what counts
		return nil, err
	}
	if s.spill.started.Load() {
		if p.feed, err = s.spill.feed(p); err != nil {
			_ = src.Close() // as above
			return nil, err
		}
		p.from = p.feed
	}
	return p, nil
}

// setTable makes a table that which rows are looked up in.
func (p *prober) setTable(t *joinTable, held *heldSide) {
	p.table, p.reader, p.held = t, t.rows.reader(), held.source()
}

// conditions compiles what decides of pairs; nil gives nil.
func conditions(residual, unknown expr.Expr) (match, unsure expr.Predicate, err error) {
	if residual != nil {
		if match, err = expr.CompilePredicate(residual); err != nil {
			return nil, nil, err
		}
	}
	if unknown != nil {
		unsure, err = expr.CompilePredicate(unknown)
	}
	return match, unsure, err
}

// Close closes the probe side.
func (p *prober) Close() error { return p.from.Close() }

// Next hands out joined rows.
func (p *prober) Next(ctx context.Context) (*vector.Chunk, error) {
	for {
		if p.now == nil {
			out, more, err := p.read(ctx)
			if err != nil || out != nil || !more {
				return out, err
			}
			if p.now == nil {
				continue
			}
		}
		out, err := p.step()
		if err != nil {
			return nil, err
		}
		if out != nil && out.Count() > 0 {
			return out, nil
		}
		if err := p.query.Checkpoint(ctx, p.worker); err != nil {
			return nil, err
		}
	}
}

// read takes the next chunk, or at the end of a table's the next table, after rows that had no match in the one before.
// It returns false after the last.
func (p *prober) read(ctx context.Context) (out *vector.Chunk, more bool, err error) {
	c, err := p.from.Next(ctx)
	if err != nil {
		return nil, false, err
	}
	if c != nil {
		return nil, true, p.begin(c)
	}
	if out, err = p.held.next(ctx); out != nil || err != nil {
		return out, true, err
	}
	more, err = p.feed.nextTable(ctx)
	return nil, more, err
}

// begin looks up the rows of a chunk.
func (p *prober) begin(c *vector.Chunk) error {
	p.now = c
	p.marks.clear()
	p.unsure.clear()
	if p.former != nil {
		p.marks, p.unsure = p.former[0], p.former[1]
	}
	rows := selectKeyed(p.op.Probe.Schema(), p.op.ProbeKeys, c, p.keyed)
	if p.op.NullAware {
		p.compareNulls(c, rows)
	}
	keys := p.keys[:len(rows)*p.pack.words]
	if err := p.pack.pack(c, rows, keys); err != nil {
		return err
	}
	var texts textsOf
	if p.pack.refs != 0 {
		texts = rowTexts(c, rows)
	}
	p.n = p.table.find(keys, p.hashes[:len(rows)], rows, texts, p.pairs)
	return nil
}

// step hands out one round of pairs, or what remains of the chunk; nil when that is nothing.
func (p *prober) step() (*vector.Chunk, error) {
	if p.n == 0 {
		return p.rest(), nil
	}
	sel := p.pairs.probe[:p.n]
	if p.residual == nil && p.unknown == nil && !p.op.Kind.pairs() {
		if p.op.Kind.notes() {
			p.noteAll()
		} else {
			p.marks.set(sel)
			p.n = 0
		}
		return nil, nil //nolint:nilnil // no rows yet
	}
	out := p.out.pairs(p.now, p.reader, p.pairs.build[:p.n], sel)
	if err := p.match(out); err != nil {
		return nil, err
	}
	p.n = p.table.follow(p.pairs, p.n)
	if !p.op.Kind.pairs() {
		if !p.op.Kind.notes() {
			p.dropMarked()
		}
		return nil, nil //nolint:nilnil // no rows yet
	}
	return out, nil
}

// noteAll notes the build rows of all pairs, when every pair matches.
func (p *prober) noteAll() {
	for p.n > 0 {
		p.held.matchAll(p.pairs.build[:p.n])
		p.n = p.table.follow(p.pairs, p.n)
	}
}

// match keeps the pairs of one round that match, and marks their rows.
func (p *prober) match(out *vector.Chunk) error {
	if p.unknown != nil {
		unsure, err := p.unknown(out, out.Sel, p.out.hits)
		if err != nil {
			return err
		}
		p.unsure.set(unsure)
	}
	if p.residual != nil {
		hits, err := p.residual(out, out.Sel, p.out.hits)
		if err != nil {
			return err
		}
		out.Sel = hits
	}
	switch p.op.Kind {
	case InnerJoin:
		return nil
	case SingleJoin:
		if p.marks.hasAny(out.Sel) {
			return errSecondRow()
		}
	case FullJoin, BuildLeftJoin, BuildSemiJoin, BuildAntiJoin:
		p.held.matched(p.pairs.build, p.pairs.probe, out.Sel)
	default:
	}
	p.marks.set(out.Sel)
	return nil
}

// errSecondRow is what a single join fails with.
func errSecondRow() error {
	return sqlerr.New(sqlerr.CardinalityViolation, "a scalar subquery gave more than one row").
		WithHint("aggregate it, or add LIMIT 1")
}

// compareNulls marks the rows of a chunk that are compared with a NULL, or are one: keyed are those that are none.
func (p *prober) compareNulls(c *vector.Chunk, keyed []uint16) {
	switch {
	case p.table.nulls:
		p.unsure.set(chosen(c))
	case p.table.some:
		p.unsure.set(chosen(c))
		p.unsure.unset(keyed)
	}
}

// dropMarked leaves out the pairs of rows that have a match already.
func (p *prober) dropMarked() {
	k := 0
	for i, row := range p.pairs.probe[:p.n] {
		if !p.marks.has(row) {
			p.pairs.build[k], p.pairs.probe[k] = p.pairs.build[i], row
			k++
		}
	}
	p.n = k
}

// rest ends a chunk, with the rows that the kind of join gives only now.
func (p *prober) rest() *vector.Chunk {
	c := p.now
	p.now = nil
	if p.more {
		return nil
	}
	return p.out.rest(p.op.Kind, c, &p.marks, &p.unsure)
}

// marks is a set of rows of a chunk.
type marks [vector.ChunkRows / 64]uint64

func (m *marks) clear() { *m = marks{} }

func (m *marks) set(rows []uint16) {
	for _, r := range rows {
		m[r>>6] |= 1 << (r & 63)
	}
}

func (m *marks) unset(rows []uint16) {
	for _, r := range rows {
		m[r>>6] &^= 1 << (r & 63)
	}
}

func (m *marks) hasAny(rows []uint16) bool {
	return slices.ContainsFunc(rows, m.has)
}

func (m *marks) has(row uint16) bool { return m[row>>6]>>(row&63)&1 != 0 }

// split returns the rows that are in the set, or those that are not.
func (m *marks) split(rows []uint16, in bool, out []uint16) []uint16 {
	k := 0
	for _, r := range rows {
		out[k] = r
		if m.has(r) == in {
			k++
		}
	}
	return out[:k]
}

// joinOutput is the chunk that a join hands out, and its parts.
type joinOutput struct {
	chunk vector.Chunk
	sel   []uint16
	hits  []uint16
	nulls []*vector.Vector // of the build side
	mark  vector.Vector
	truth [vector.ChunkRows]uint8
	known marks
}

func newJoinOutput(build Schema) joinOutput {
	o := joinOutput{sel: make([]uint16, vector.ChunkRows), hits: make([]uint16, vector.ChunkRows)}
	for _, c := range build {
		o.nulls = append(o.nulls, nulls(c, 0))
	}
	return o
}

// pairs puts the build rows beside the probe rows sel. The probe's columns are not copied.
func (o *joinOutput) pairs(probe *vector.Chunk, from *storeReader, build []uint32, sel []uint16) *vector.Chunk {
	o.chunk.Len = probe.Len
	o.chunk.Sel = o.sel[:copy(o.sel, sel)]
	o.chunk.Columns = append(o.chunk.Columns[:0], probe.Columns...)
	for i := range from.columns {
		o.chunk.Columns = append(o.chunk.Columns, from.gather(i, build, sel, probe.Len))
	}
	return &o.chunk
}

// rest returns the rows of a chunk that a join gives when all pairs were tried; nil for none. Of the rows unsure it is
// unknown whether they match, unless they do.
func (o *joinOutput) rest(kind JoinKind, c *vector.Chunk, matched, unsure *marks) *vector.Chunk {
	o.chunk.Len = c.Len
	o.chunk.Columns = append(o.chunk.Columns[:0], c.Columns...)
	switch kind {
	case InnerJoin, BuildLeftJoin, BuildSemiJoin, BuildAntiJoin:
		return nil
	case LeftJoin, SingleJoin, FullJoin:
		for _, v := range o.nulls {
			v.Len, v.Valid = c.Len, vector.NoneValid(c.Len)
			o.chunk.Columns = append(o.chunk.Columns, v)
		}
	case SemiJoin:
		o.chunk.Sel = matched.split(chosen(c), true, o.sel)
		return &o.chunk
	case AntiJoin:
		for i, w := range unsure {
			matched[i] |= w
		}
	case MarkJoin:
		o.chunk.Sel = c.Sel
		o.chunk.Columns = append(o.chunk.Columns, o.markOf(c.Len, matched, unsure))
		return &o.chunk
	}
	o.chunk.Sel = matched.split(chosen(c), false, o.sel)
	return &o.chunk
}

// markOf makes the column of a mark join: TRUE, FALSE, or NULL where it is unknown.
func (o *joinOutput) markOf(n int, matched, unsure *marks) *vector.Vector {
	v := &o.mark
	*v = vector.Vector{Type: vector.Of(vector.Boolean), Encoding: vector.Frame, Scale: 1, Hi: 1}
	v.Physical = vector.Integer
	for i := range n {
		o.truth[i] = uint8(matched[i>>6] >> (i & 63) & 1)
	}
	vector.SetCodes(v, o.truth[:n])
	nulls := uint64(0)
	for i := range o.known {
		null := unsure[i] &^ matched[i]
		o.known[i], nulls = ^null, nulls|null
	}
	if nulls != 0 {
		v.Valid = o.known[:(n+63)/64]
	}
	return v
}
