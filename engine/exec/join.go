package exec

import (
	"context"
	"fmt"
	"strings"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/internal/vector"
)

// JoinKind is how unmatched rows are treated.
type JoinKind uint8

// The kinds, in plan's order. The last three are those of a smaller left side that is held: they give its rows when all
// of the probe side has been read.
const (
	InnerJoin JoinKind = iota
	LeftJoin
	SingleJoin // a left join that fails with 21000 where a probe row has two matches
	FullJoin   // all rows of both
	SemiJoin
	AntiJoin
	MarkJoin // every probe row, and whether it has a match

	BuildLeftJoin // pairs, and the build's rows without a match, beside NULLs
	BuildSemiJoin // the build's rows with a match
	BuildAntiJoin // the build's rows without one
)

// String names the kind.
func (k JoinKind) String() string {
	return [...]string{
		"Inner", "Left", "Single", "Full", "Semi", "Anti", "Mark", "Build-left", "Build-semi", "Build-anti",
	}[k]
}

// pairs tells whether a join gives the build's columns beside the probe's.
func (k JoinKind) pairs() bool { return k <= FullJoin || k == BuildLeftJoin }

// notes tells whether a join must know which of the build's rows have a match.
func (k JoinKind) notes() bool { return k == FullJoin || k >= BuildLeftJoin }

// givesUnmatched tells whether a join gives the build's rows without a match.
func (k JoinKind) givesUnmatched() bool { return k.notes() && k != BuildSemiJoin }

// padded tells whether a join gives NULLs beside a probe row without a match.
func (k JoinKind) padded() bool { return k == LeftJoin || k == SingleJoin || k == FullJoin }

// HashJoin joins by equal keys: it keeps the build side in a table and streams the probe side, whose unmatched
// rows a left join pads with NULLs. Semi and anti joins give the probe's columns only, a mark join a BOOLEAN more.
// Residual, over the probe's columns and then the build's, decides with the keys.
//
// Mark and anti joins know three truths. A pair may match, or be one of which that is unknown: it has a NULL key where
// the join is NullAware, which has one key and no Residual, or equal keys and Unknown. A probe row with such a pair and
// without a match is marked NULL by a mark join, and left out by an anti join.
type HashJoin struct {
	Kind                 JoinKind
	Probe, Build         Operator
	ProbeKeys, BuildKeys []int
	Residual             expr.Expr // nil: the keys decide
	Unknown              expr.Expr // over both sides as Residual; nil: of no pair
	NullAware            bool
	Filters              []*catalog.RuntimeFilter // of scans of the probe side: one for each key, nil for none
}

// Schema returns the probe's columns, then the build's, the mark, or nothing.
func (j *HashJoin) Schema() Schema {
	return joined(j.Kind, j.Probe.Schema(), j.Build.Schema(), j.Unknown != nil || j.NullAware)
}

// joined is what a join gives; unknown says whether its mark may be NULL.
func joined(kind JoinKind, probe, build Schema, unknown bool) Schema {
	if kind == BuildSemiJoin || kind == BuildAntiJoin {
		return append(Schema(nil), build...)
	}
	out := append(Schema(nil), probe...)
	if kind == FullJoin || kind == BuildLeftJoin {
		for i := range out {
			out[i].Nullable = true
		}
	}
	if kind == MarkJoin {
		return append(out, Column{
			Name: "mark", Type: vector.Of(vector.Boolean), Physical: vector.Integer, Hi: 1, Nullable: unknown,
		})
	}
	if !kind.pairs() {
		return out
	}
	for _, c := range build {
		c.Nullable = c.Nullable || kind.padded()
		out = append(out, c)
	}
	return out
}

// Inputs returns probe and build.
func (j *HashJoin) Inputs() []Operator { return []Operator{j.Probe, j.Build} }

// String shows kind, keys and residual.
func (j *HashJoin) String() string {
	on := make([]string, 0, len(j.ProbeKeys)+1)
	for i, k := range j.ProbeKeys {
		on = append(on, fmt.Sprintf("%s = %s", j.Probe.Schema()[k].Name, j.Build.Schema()[j.BuildKeys[i]].Name))
	}
	if j.Residual != nil {
		on = append(on, j.Residual.String())
	}
	s := fmt.Sprintf("HashJoin %s on %s", strings.ToLower(j.Kind.String()), strings.Join(on, " AND "))
	if j.NullAware {
		s += " (NULL-aware)"
	}
	if j.Unknown != nil {
		s += " unknown where " + j.Unknown.String()
	}
	if j.filters() {
		s += " (filters the scan)"
	}
	return s
}

// layouts returns how the keys of both sides are packed. Rows with a NULL among the keys match nothing and are
// never packed.
func (j *HashJoin) layouts() (build, probe *keyLayout, err error) {
	in, out := j.Build.Schema(), j.Probe.Schema()
	keys := make([]column, len(j.BuildKeys))
	for i := range keys {
		known := eitherOf(in[j.BuildKeys[i]], out[j.ProbeKeys[i]])
		keys[i] = column{index: j.BuildKeys[i], known: known}
		keys[i].known.Nullable = false
	}
	if build, err = newKeyLayout(keys); err != nil {
		return nil, nil, err
	}
	for i := range keys {
		keys[i].index = j.ProbeKeys[i]
	}
	probe, err = newKeyLayout(keys)
	return build, probe, err
}

// Start builds the table, then starts the probe side, so that the filter stands before the probe's scan opens.
func (j *HashJoin) Start(ctx context.Context, q *Query) (Stream, error) {
	build, probe, err := j.layouts()
	if err != nil {
		return nil, err
	}
	s := &buildSink{query: q, op: j, workers: make([]*builder, q.Workers)}
	s.spill = &joinSpill{
		query: q, soft: q.spillable(), op: j, probing: q.readers(), probed: make(chan struct{}),
		build: &joinSide{layout: build}, probe: &joinSide{layout: probe, schema: j.Probe.Schema(), hashes: true},
	}
	if j.Kind.pairs() || j.Kind.notes() || j.Residual != nil || j.Unknown != nil {
		s.spill.build.schema = j.Build.Schema()
	}
	return q.breaker(ctx, j.Build, s)
}

// buildSink gathers the build side.
type buildSink struct {
	unspillable // but by the workers themselves

	query   *Query
	op      *HashJoin
	spill   *joinSpill
	workers []*builder
}

// Worker returns a consumer with rows of its own.
func (s *buildSink) Worker(i int) (Consumer, error) {
	b := &builder{sink: s, buffer: make([]uint16, vector.ChunkRows)}
	var err error
	if b.rows, err = newJoinRows(s.spill.soft, s.spill.build, i, &s.spill.builds); err != nil {
		return nil, err
	}
	if s.op.Kind.givesUnmatched() {
		side := &joinSide{layout: s.spill.build.layout, schema: s.spill.build.schema, hashes: true}
		if b.unkeyed, err = newJoinRows(s.spill.soft, side, i, &s.spill.unkeyed); err != nil {
			return nil, err
		}
	}
	s.workers[i] = b
	return b, nil
}

// builder gathers one worker's part of the build side.
type builder struct {
	sink    *buildSink
	rows    *joinRows
	unkeyed *joinRows // the rows with a NULL key, if the join gives those without a match; else nil
	buffer  []uint16
	nulls   bool // some row had a NULL key
}

// Consume keeps the rows without a NULL among the keys.
func (b *builder) Consume(ctx context.Context, c *vector.Chunk) error {
	rows := selectKeyed(b.sink.op.Build.Schema(), b.sink.op.BuildKeys, c, b.buffer)
	if len(rows) < c.Count() {
		b.nulls = true
		if err := b.keepUnkeyed(ctx, c, rows); err != nil {
			return err
		}
	}
	if len(rows) == 0 {
		return nil
	}
	return b.sink.spill.keep(ctx, b, b.rows, func() error { return b.rows.add(c, rows) })
}

// Close leaves the rows to other workers that need memory.
func (b *builder) Close() error {
	b.sink.spill.leave(b)
	return nil
}

// keepUnkeyed keeps the rows of a chunk that are not among the keyed ones, if the join gives them.
func (b *builder) keepUnkeyed(ctx context.Context, c *vector.Chunk, keyed []uint16) error {
	if b.unkeyed == nil {
		return nil
	}
	var with marks
	with.set(keyed)
	rows := with.split(chosen(c), false, make([]uint16, c.Count()+1))
	zeros := make([]uint64, len(rows)) // they match nothing: any partition will do
	return b.sink.spill.keep(ctx, b, b.unkeyed, func() error { return b.unkeyed.addHashed(c, rows, zeros) })
}

// selectKeyed keeps the chosen rows of a chunk none of whose keys is NULL.
func selectKeyed(in Schema, keys []int, c *vector.Chunk, buffer []uint16) []uint16 {
	rows := chosen(c)
	for _, k := range keys {
		if in[k].Nullable {
			rows = vector.SelectValid(c.Columns[k], rows, buffer)
		}
	}
	return rows
}

// Finish indexes the build side and starts the probe.
func (s *buildSink) Finish(ctx context.Context) (Stream, error) {
	t, err := s.table(ctx)
	if err != nil {
		return nil, err
	}
	waiting, err := s.wait(t)
	if err != nil {
		return nil, err
	}
	from, err := s.query.start(ctx, s.op.Probe)
	if err != nil {
		return nil, err
	}
	if waiting != nil {
		if t, err = waiting.back(ctx); err != nil {
			return nil, err
		}
	}
	var held *heldSide
	if s.op.Kind.notes() {
		if held, err = s.heldSide(t); err != nil {
			return nil, err
		}
	}
	return streamOf(func(worker int) (Source, error) { return s.open(worker, from, t, held) }), nil
}

// heldSide returns what the join must know of a table's rows.
func (s *buildSink) heldSide(t *joinTable) (*heldSide, error) {
	return newHeldSide(s.query, s.op.Kind, s.op.Probe.Schema(), t.rows.n, heldStores(t.rows, s.unkeyed()...))
}

// unkeyed returns the rows with a NULL key that are in memory.
func (s *buildSink) unkeyed() (parts []*store) {
	for _, b := range s.workers {
		if b != nil && b.unkeyed != nil && b.unkeyed.n > 0 {
			parts = append(parts, b.unkeyed.store)
		}
	}
	return parts
}

// table brings the workers' rows together, and tells the probe's scan of their keys.
func (s *buildSink) table(ctx context.Context) (*joinTable, error) {
	for _, b := range s.workers {
		s.spill.nulls = s.spill.nulls || b != nil && b.nulls
	}
	if !s.spill.started.Load() {
		t, err := s.gather(ctx)
		if err == nil {
			return t, s.setFilters(ctx, t)
		}
		if !outOfMemory(err) || !s.query.Spill.Usable() {
			return t, err
		}
	}
	err := s.query.parallel(ctx, func(ctx context.Context, worker int) error {
		if b := s.workers[worker]; b != nil {
			return s.spill.putAll(ctx, worker, b)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return s.spill.settle(ctx)
}
