package exec

import (
	"context"
	"strings"

	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/internal/vector"
)

// LoopJoin joins without equal keys: the cross product, of which Residual, over the probe's columns and then the
// build's, keeps some. It keeps the build side, in scratch files where memory ends, and streams the probe side: each
// chunk of that meets block after block of the other. What it hands out is never held.
type LoopJoin struct {
	Kind         JoinKind
	Probe, Build Operator
	Residual     expr.Expr // nil: every pair matches
	Unknown      expr.Expr // see HashJoin
}

// Schema returns the probe's columns, then the build's, the mark, or nothing.
func (j *LoopJoin) Schema() Schema {
	return joined(j.Kind, j.Probe.Schema(), j.Build.Schema(), j.Unknown != nil)
}

// Inputs returns probe and build.
func (j *LoopJoin) Inputs() []Operator { return []Operator{j.Probe, j.Build} }

// String shows kind and residual.
func (j *LoopJoin) String() string {
	if j.Kind == InnerJoin && j.Residual == nil {
		return "CrossProduct"
	}
	s := "LoopJoin " + strings.ToLower(j.Kind.String())
	if j.Residual != nil {
		s += " on " + j.Residual.String()
	}
	return s
}

// Start gathers the build side, then starts the probe side.
func (j *LoopJoin) Start(ctx context.Context, q *Query) (Stream, error) {
	return q.breaker(ctx, j.Build, &loopSink{keptRows: q.keep(j.Build.Schema()), op: j})
}

// loopSink keeps the build side.
type loopSink struct {
	*keptRows

	op *LoopJoin
}

// heldSide returns what a full join must know of the build's n rows.
func (s *loopSink) heldSide(n int) (*heldSide, error) {
	if s.op.Kind != FullJoin {
		return nil, nil //nolint:nilnil // no other does
	}
	parts := make([]heldPart, len(s.blocks))
	for i, b := range s.blocks {
		parts[i] = heldPart{block: b, first: b.first}
	}
	return newHeldSide(s.query, s.op.Kind, s.op.Probe.Schema(), n, parts)
}

// Finish starts the probe side.
func (s *loopSink) Finish(ctx context.Context) (Stream, error) {
	if err := s.combine(ctx); err != nil {
		return nil, err
	}
	held, err := s.heldSide(s.number())
	if err != nil {
		return nil, err
	}
	from, err := s.query.start(ctx, s.op.Probe)
	if err != nil {
		return nil, err
	}
	return streamOf(func(worker int) (Source, error) {
		src, err := from.Open(worker)
		if err != nil {
			return nil, err
		}
		l := &looper{
			query: s.query, op: s.op, worker: worker, from: src, blocks: s.blocks, cursor: s.cursor(worker),
			probe: newGatherer(), out: newJoinOutput(s.op.Build.Schema()), numbers: make([]uint32, vector.ChunkRows),
			held: held.source(),
		}
		if l.held != nil {
			l.held.cursor = &l.cursor
		}
		if l.residual, l.unknown, err = conditions(s.op.Residual, s.op.Unknown); err != nil {
			_ = src.Close() // the compile error is what counts
			return nil, err
		}
		return l, nil
	}), nil
}

// looper joins one worker's probe chunks with all blocks of build rows. It goes over the rows of a block one by one,
// beside the whole chunk; or, where that makes larger chunks, over the probe rows one by one, beside chunks of the
// block.
type looper struct {
	query    *Query
	op       *LoopJoin
	worker   int
	from     Source
	blocks   []*keptBlock
	cursor   keptCursor
	residual expr.Predicate // nil: every pair matches
	unknown  expr.Predicate // nil: of no pair

	now     *vector.Chunk // nil: read the next
	rows    []uint16      // of now that still look for a match
	at      int           // of blocks: the last that was read
	left    int           // blocks that now has not met, with that which is joined
	build   *storeReader  // of the block that is joined; nil: open the next
	byProbe bool          // the probe rows go one by one
	row     int           // next of those that go one by one
	first   int           // byProbe: next build row
	marks   marks
	unsure  marks
	probe   gatherer
	numbers []uint32
	out     joinOutput
	held    *heldSource // nil: no full join
}

// Close closes the probe side.
func (l *looper) Close() error {
	l.cursor.close()
	return l.from.Close()
}

// Next hands out joined rows.
func (l *looper) Next(ctx context.Context) (*vector.Chunk, error) {
	for {
		if err := l.query.Checkpoint(ctx, l.worker); err != nil {
			return nil, err
		}
		if l.now == nil {
			c, err := l.from.Next(ctx)
			if c == nil && err == nil {
				return l.held.next(ctx)
			}
			if err != nil {
				return nil, err
			}
			l.now, l.rows, l.left, l.build = c, chosen(c), len(l.blocks), nil
			l.marks.clear()
			l.unsure.clear()
		}
		if err := l.open(ctx); err != nil {
			return nil, err
		}
		out, err := l.step()
		if err != nil {
			return nil, err
		}
		if out != nil && out.Count() > 0 {
			return out, nil
		}
	}
}

// open opens the block that comes next for the chunk, where there is one. It begins with the last one of the chunk
// before, which may have come from a file.
func (l *looper) open(ctx context.Context) (err error) {
	if l.build != nil || l.left == 0 || len(l.rows) == 0 {
		return nil
	}
	if l.left < len(l.blocks) {
		l.at = (l.at + 1) % len(l.blocks)
	}
	if l.build, err = l.cursor.open(ctx, l.blocks[l.at]); err != nil {
		return err
	}
	l.row, l.first = 0, 0
	l.byProbe = l.op.Kind.pairs() && l.build.n > len(l.rows)
	return nil
}

// step makes the next candidates and keeps those that match.
func (l *looper) step() (*vector.Chunk, error) {
	var out *vector.Chunk
	switch {
	case l.build == nil:
		c := l.now
		l.now = nil
		return l.out.rest(l.op.Kind, c, &l.marks, &l.unsure), nil
	case l.byProbe && l.row < len(l.rows):
		out = l.probeRow()
	case !l.byProbe && l.row < l.build.n && len(l.rows) > 0:
		out = l.buildRow()
	default:
		l.build, l.left = nil, l.left-1
		return nil, nil //nolint:nilnil // no rows yet
	}
	if err := l.match(out); err != nil {
		return nil, err
	}
	if !l.byProbe {
		l.row++
	} else if l.first += out.Len; l.first >= l.build.n {
		l.row, l.first = l.row+1, 0
	}
	if !l.op.Kind.pairs() {
		l.rows = l.marks.split(l.rows, false, l.out.sel)
		return nil, nil //nolint:nilnil // no rows yet
	}
	return out, nil
}

// match keeps the candidates that match, and marks their probe rows.
func (l *looper) match(out *vector.Chunk) error {
	if l.unknown != nil {
		unsure, err := l.unknown(out, out.Sel, l.out.hits)
		if err != nil {
			return err
		}
		l.unsure.set(unsure)
	}
	if l.residual != nil {
		hits, err := l.residual(out, out.Sel, l.out.hits)
		if err != nil {
			return err
		}
		out.Sel = hits
	}
	if l.op.Kind == InnerJoin {
		return nil
	}
	if l.op.Kind == FullJoin {
		l.matchBuild(out)
	}
	rows, many := out.Sel, false
	if l.byProbe {
		n := out.Count()
		rows, many = l.rows[l.row:l.row+min(n, 1)], n > 1
	}
	if l.op.Kind == SingleJoin && (many || l.marks.hasAny(rows)) {
		return errSecondRow()
	}
	l.marks.set(rows)
	return nil
}

// matchBuild notes the build rows of candidates that match.
func (l *looper) matchBuild(out *vector.Chunk) {
	first := l.blocks[l.at].first
	if !l.byProbe {
		if out.Count() > 0 {
			l.held.match(first + l.row)
		}
		return
	}
	for _, r := range chosen(out) {
		l.held.match(first + l.first + int(r))
	}
}

// buildRow puts one build row beside all probe rows.
func (l *looper) buildRow() *vector.Chunk {
	o := &l.out.chunk
	o.Len, o.Sel = l.now.Len, l.rows
	o.Columns = append(o.Columns[:0], l.now.Columns...)
	for i := range l.build.columns {
		o.Columns = append(o.Columns, l.build.constant(i, l.row, l.now.Len))
	}
	return o
}

// probeRow puts one probe row beside the next build rows.
func (l *looper) probeRow() *vector.Chunk {
	n := min(l.build.n-l.first, vector.ChunkRows)
	rows := l.numbers[:n]
	for i := range rows {
		rows[i] = uint32(l.first + i)
	}
	o := &l.out.chunk
	o.Len, o.Sel = n, nil
	o.Columns = o.Columns[:0]
	for i, v := range l.now.Columns {
		o.Columns = append(o.Columns, l.probe.repeat(i, v, int(l.rows[l.row]), n))
	}
	for i := range l.build.columns {
		o.Columns = append(o.Columns, l.build.gather(i, rows, nil, n))
	}
	return o
}

// gatherer repeats values of vectors.
type gatherer struct {
	out   []*vector.Vector
	codes [][]int64
}

func newGatherer() gatherer { return gatherer{} }

// repeat makes a vector of n times the value of row row.
func (g *gatherer) repeat(i int, v *vector.Vector, row, n int) *vector.Vector {
	for len(g.out) <= i {
		g.out, g.codes = append(g.out, new(vector.Vector)), append(g.codes, nil)
	}
	o := g.out[i]
	if v.Encoding == vector.Constant {
		*o = *v
		o.Len = n
		if v.Valid != nil {
			o.Valid = repeatedValid(v.IsNull(row), n)
		}
		return o
	}
	if v.Encoding != vector.Dict {
		repeatValue(o, v, row, n)
		return o
	}
	if g.codes[i] == nil {
		g.codes[i] = make([]int64, vector.ChunkRows)
	}
	*o = *v
	codes := g.codes[i][:n]
	for k, x := 0, v.CodeAt(row); k < n; k++ {
		codes[k] = x
	}
	o.Valid = nil
	if v.IsNull(row) {
		o.Valid = repeatedValid(true, n)
	}
	vector.SetCodes(o, codes)
	return o
}

func repeatedValid(null bool, n int) []uint64 {
	if null {
		return vector.NoneValid(n)
	}
	return nil
}

// repeatValue makes out a constant of a row's value.
func repeatValue(out, v *vector.Vector, row, n int) {
	*out = vector.Vector{Type: v.Type, Physical: v.Physical, Encoding: vector.Constant, Len: n}
	out.Valid = repeatedValid(v.IsNull(row), n)
	switch {
	case v.Physical == vector.Integer:
		out.Base = v.Int(row)
		out.Lo, out.Hi = out.Base, out.Base
	case v.Physical == vector.Float:
		out.Real = v.Float(row)
	case v.Physical == vector.Wide:
		out.Big = v.Wide(row)
	case v.Physical == vector.Bytes && out.Valid == nil:
		out.Dictionary = &vector.Dictionary{Values: [][]byte{v.Bytes(row)}}
	case v.Physical == vector.Bytes:
		out.Dictionary = &vector.Dictionary{Values: [][]byte{nil}}
	}
}
