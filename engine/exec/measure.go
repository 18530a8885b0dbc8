package exec

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/internal/budget"
	"github.com/micodb/micodb/internal/spill"
	"github.com/micodb/micodb/internal/vector"
)

// Measure is what one operator counts while it runs below an Analyze. Nothing of it costs when nothing is measured.
//
// Its time is that of the workers: on two of them it may be twice what a clock shows. It has three sources. The
// workers of the pipelines that Start runs; Start's own goroutine, but for what it waits for; and the calls of the
// stream's sources. The first and the last include the calls of the inputs' sources, which the inputs count, too.
type Measure struct {
	rows, chunks atomic.Int64
	started      atomic.Int64 // ns in Start
	aside        atomic.Int64 // ns of started in pipelines and in the starts of inputs
	pipelines    atomic.Int64 // ns of workers
	pulled       atomic.Int64 // ns of workers, in the sources
	spilled      atomic.Int64 // bytes
	memory       *budget.Query
}

// start starts an operator, and measures it where that is asked for.
func (q *Query) start(ctx context.Context, op Operator) (Stream, error) {
	if q.measures == nil {
		return q.split(op.Start(ctx, q))
	}
	m := q.measures[op]
	defer q.measure.elsewhere()()
	defer timed(&m.started)()
	own := *q
	own.Budget, own.measure = m.memory, m
	from, err := q.split(op.Start(ctx, &own))
	return measuredStream{from, m}, err
}

// timed adds the time until the function is called that it returns.
func timed(to *atomic.Int64) func() {
	begun := time.Now()
	return func() { to.Add(int64(time.Since(begun))) }
}

func untimed() {}

// elsewhere is called where Start begins to wait for others' work; it returns what ends that.
func (m *Measure) elsewhere() func() {
	if m == nil {
		return untimed
	}
	return timed(&m.aside)
}

// working is called where a worker begins to work in a pipeline of Start's; it returns what ends that.
func (m *Measure) working() func() {
	if m == nil {
		return untimed
	}
	return timed(&m.pipelines)
}

// own is the time of the operator without that of its inputs.
func (m *Measure) own(inputs []*Measure) time.Duration {
	ns := m.started.Load() - m.aside.Load() + m.pipelines.Load() + m.pulled.Load()
	for _, in := range inputs {
		ns -= in.pulled.Load()
	}
	return time.Duration(max(ns, 0))
}

// spill counts a block that was written to disk.
func (m *Measure) spill(e spill.Extent) {
	if m != nil {
		m.spilled.Add(int64(e.Words) * 8)
	}
}

type measuredStream struct {
	from    Stream
	measure *Measure
}

// Open opens and times a source.
func (s measuredStream) Open(worker int) (Source, error) {
	defer timed(&s.measure.pulled)()
	from, err := s.from.Open(worker)
	return measuredSource{from, s.measure}, err
}

type measuredSource struct {
	from    Source
	measure *Measure
}

// Next times the source and counts what it gives.
func (s measuredSource) Next(ctx context.Context) (*vector.Chunk, error) {
	defer timed(&s.measure.pulled)()
	c, err := s.from.Next(ctx)
	if c != nil {
		s.measure.chunks.Add(1)
		s.measure.rows.Add(int64(c.Count()))
	}
	return c, err
}

// Close times the source's end.
func (s measuredSource) Close() error {
	defer timed(&s.measure.pulled)()
	return s.from.Close()
}

// Analyze runs its input to the end, drops the rows, and gives the input's tree as lines of text, with what each
// operator did in brackets.
type Analyze struct {
	Input     Operator
	Column    string // name of the column of text
	Estimates Estimates
}

// Schema is one column of text.
func (a *Analyze) Schema() Schema { return NewText(a.Column, nil).Schema() }

// Inputs returns the input.
func (a *Analyze) Inputs() []Operator { return []Operator{a.Input} }

// String names the operator.
func (*Analyze) String() string { return "Analyze" }

// Start runs the input.
func (a *Analyze) Start(ctx context.Context, q *Query) (Stream, error) {
	measured := *q
	measured.measures = map[Operator]*Measure{}
	measured.prepare(a.Input)
	begun := time.Now()
	err := measured.run(ctx, a.Input, func(int) (Consumer, error) {
		return consumerOf(func(context.Context, *vector.Chunk) error { return nil }), nil
	})
	if err != nil {
		return nil, err
	}
	took := time.Since(begun)
	lines := []string{fmt.Sprintf("analyzed plan: [elapsed=%s workers=%d memory=%d]",
		milliseconds(took), q.Workers, q.Budget.Peak())}
	eachLine(a.Input, 1, map[Operator]bool{}, func(op Operator, depth int) {
		lines = append(lines, measured.describe(op, depth, a.Estimates))
	})
	return NewText(a.Column, lines).Start(ctx, q)
}

// prepare makes the measures of a tree.
func (q *Query) prepare(op Operator) {
	if q.measures[op] != nil {
		return // a shared one
	}
	q.measures[op] = &Measure{memory: q.Budget.Part()}
	for _, in := range op.Inputs() {
		q.prepare(in)
	}
}

// describe returns an operator's line.
func (q *Query) describe(op Operator, depth int, e Estimates) string {
	m := q.measures[op]
	inputs := make([]*Measure, len(op.Inputs()))
	for i, in := range op.Inputs() {
		inputs[i] = q.measures[in]
	}
	estimated := ""
	if rows, ok := e.of(op); ok {
		estimated = fmt.Sprintf(" estimated_rows=%.0f", rows)
	}
	line := fmt.Sprintf("%s%s [time=%s%s rows=%d chunks=%d memory=%d", strings.Repeat("  ", depth), op,
		milliseconds(m.own(inputs)), estimated, m.rows.Load(), m.chunks.Load(), m.memory.Peak())
	if spilled := m.spilled.Load(); spilled > 0 {
		line += fmt.Sprintf(" spilled=%d", spilled)
	}
	if s, ok := op.(*Scan); ok {
		line += " " + describeScan(s.From.Counts())
	}
	return line + "]"
}

// describeScan says what a scan read, what it could leave out, and what it read from files.
func describeScan(c catalog.ScanCounts) string {
	return fmt.Sprintf("segments=%d segments_pruned=%d row_groups=%d row_groups_pruned=%d bytes_read=%d",
		c.Files, c.FilesPruned, c.RowGroups, c.RowGroupsPruned, c.Bytes)
}

func milliseconds(d time.Duration) string {
	return fmt.Sprintf("%.3fms", float64(d)/float64(time.Millisecond))
}
