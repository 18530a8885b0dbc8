package exec

import (
	"context"
	"fmt"

	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

// Series gives each row once for each value of a series, as plan.Series has it. The column of the values is the last.
type Series struct {
	Input          Operator
	From, To, Step expr.Expr
	Inclusive      bool
	out            Schema
}

// NewSeries completes an operator; name is that of the values' column.
func NewSeries(s Series, name string) *Series {
	in := s.Input.Schema()
	s.From, s.To, s.Step = known(s.From, in), known(s.To, in), known(s.Step, in)
	k := eitherOf(in.describe(s.From, name), in.describe(s.To, name)) // no value lies outside of the two
	k.Nullable = false
	s.out = append(append(Schema(nil), in...), k)
	return &s
}

// Schema returns the input's columns and the value.
func (s *Series) Schema() Schema { return s.out }

// Inputs returns the input.
func (s *Series) Inputs() []Operator { return []Operator{s.Input} }

// String shows the ends and the step.
func (s *Series) String() string {
	to := "below"
	if s.Inclusive {
		to = "to"
	}
	return fmt.Sprintf("Series from %s %s %s by %s", s.From, to, s.To, s.Step)
}

// Start starts the input.
func (s *Series) Start(ctx context.Context, q *Query) (Stream, error) {
	from, err := q.start(ctx, s.Input)
	if err != nil {
		return nil, err
	}
	most := vector.ChunkRows
	if q.Debug.ChunkRows > 0 {
		most = min(most, q.Debug.ChunkRows)
	}
	return streamOf(func(worker int) (Source, error) {
		values, err := expr.CompileAll([]expr.Expr{s.From, s.To, s.Step})
		if err != nil {
			return nil, err
		}
		src, err := from.Open(worker)
		return &seriesSource{
			query: q, worker: worker, op: s, from: src, values: values, probe: newGatherer(),
			buffer: make([]int64, vector.ChunkRows), sel: make([]uint16, 0, vector.ChunkRows), most: most,
		}, err
	}), nil
}

// seriesSource gives the chunks of its input in rounds, the n-th with the n-th value of each row that has one, without
// copying a column. Rows that are left when few have more values go one by one, each beside a chunk of its values.
type seriesSource struct {
	query  *Query
	worker int
	op     *Series
	from   Source
	values []expr.Evaluator

	now   *vector.Chunk // nil: read the next
	rows  []series      // of now, those that have values left
	probe gatherer

	most   int
	buffer []int64
	sel    []uint16
	value  vector.Vector
	out    vector.Chunk
}

// series is what is left of one row's.
type series struct {
	row      uint16
	next, to int64
	step     int64
	interval vector.Months // in the place of step, of timestamps
	of       vector.Type
	down     bool
}

// seriesFew is with how many rows left a chunk is not gone through in rounds any more.
const seriesFew = 64

// Next hands out rows beside their values.
func (s *seriesSource) Next(ctx context.Context) (*vector.Chunk, error) {
	for len(s.rows) == 0 {
		c, err := s.from.Next(ctx)
		if c == nil || err != nil {
			return nil, err
		}
		if err := s.begin(c); err != nil {
			return nil, err
		}
	}
	if err := s.query.Checkpoint(ctx, s.worker); err != nil {
		return nil, err
	}
	if len(s.rows) > seriesFew {
		return s.round(), nil
	}
	return s.run(), nil
}

// Close closes the input.
func (s *seriesSource) Close() error { return s.from.Close() }

// begin computes the series of a chunk's rows.
func (s *seriesSource) begin(c *vector.Chunk) error {
	s.now, s.rows = c, s.rows[:0]
	var of [3]*vector.Vector
	for i, value := range s.values {
		var err error
		if of[i], err = value(c, c.Sel); err != nil {
			return err
		}
	}
	from, to, step := of[0], of[1], of[2]
	for _, r := range chosen(c) {
		i := int(r)
		if from.IsNull(i) || to.IsNull(i) || step.IsNull(i) {
			continue
		}
		one := series{row: r, next: from.Int(i), to: to.Int(i), of: s.op.From.Type()}
		if step.Physical == vector.Integer {
			one.step = step.Int(i)
		} else {
			one.interval = step.Interval(i)
		}
		if err := one.direct(); err != nil {
			return err
		}
		if one.has(s.op.Inclusive) {
			s.rows = append(s.rows, one)
		}
	}
	return nil
}

// direct finds out whether the series goes up or down.
func (x *series) direct() error {
	m := x.interval
	up := x.step > 0 || m.Months > 0 || m.Days > 0 || m.Nanos > 0
	x.down = x.step < 0 || m.Months < 0 || m.Days < 0 || m.Nanos < 0
	switch {
	case !up && !x.down:
		return sqlerr.New(sqlerr.InvalidParameterValue, "the step of a series is zero")
	case up && x.down:
		return sqlerr.New(sqlerr.InvalidParameterValue, "the step of a series has parts above and below zero")
	}
	return nil
}

// has tells whether the next value is one of the series.
func (x *series) has(inclusive bool) bool {
	switch {
	case x.next == x.to:
		return inclusive
	case x.down:
		return x.next > x.to
	default:
		return x.next < x.to
	}
}

// advance takes a step; false at the end of the type's values.
func (x *series) advance() bool {
	before := x.next
	if x.of.Kind == vector.Timestamp {
		next, err := expr.AddToScalar(vector.IntOf(x.of, x.next), x.interval)
		x.next = next.Int
		return err == nil && x.next != before && (x.next < before) == x.down
	}
	x.next += x.step
	return x.next < before == x.down // else it went over the edge
}

// round gives the next value of all rows that have one.
func (s *seriesSource) round() *vector.Chunk {
	values, sel, left := s.buffer[:s.now.Len], s.sel[:0], s.rows[:0]
	for _, x := range s.rows {
		values[x.row] = x.next
		sel = append(sel, x.row)
		if x.advance() && x.has(s.op.Inclusive) {
			left = append(left, x)
		}
	}
	s.rows = left
	s.out.Len, s.out.Sel = s.now.Len, sel
	s.out.Columns = append(s.out.Columns[:0], s.now.Columns...)
	s.out.Columns = append(s.out.Columns, s.column(values))
	return &s.out
}

// run gives the next values of the first row that has some.
func (s *seriesSource) run() *vector.Chunk {
	x, n, more := &s.rows[0], 0, true
	row := int(x.row)
	for ; more && n < s.most; n++ {
		s.buffer[n] = x.next
		more = x.advance() && x.has(s.op.Inclusive)
	}
	if !more {
		s.rows = s.rows[1:]
	}
	s.out.Len, s.out.Sel, s.out.Columns = n, nil, s.out.Columns[:0]
	for i, v := range s.now.Columns {
		s.out.Columns = append(s.out.Columns, s.probe.repeat(i, v, row, n))
	}
	s.out.Columns = append(s.out.Columns, s.column(s.buffer[:n]))
	return &s.out
}

func (s *seriesSource) column(values []int64) *vector.Vector {
	k := s.op.out[len(s.op.out)-1]
	s.value = vector.Vector{Type: k.Type, Physical: vector.Integer, Lo: k.Lo, Hi: k.Hi}
	vector.SetCodes(&s.value, values)
	return &s.value
}
