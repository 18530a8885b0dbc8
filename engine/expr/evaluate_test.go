package expr_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

var (
	boolean = vector.Of(vector.Boolean)
	bigint  = vector.Of(vector.Int64)
	double  = vector.Of(vector.Float64)
	text    = vector.Of(vector.Text)
	money   = vector.DecimalType(12, 2)
	wide    = vector.DecimalType(38, 4)
	types   = []vector.Type{boolean, bigint, double, text, money, wide}
)

// world makes random chunks and random expressions over them.
type world struct {
	*rand.Rand

	columns []vector.Type
}

func newWorld(seed uint64) *world {
	w := &world{Rand: rand.New(rand.NewPCG(seed, 7))}
	for range 2 {
		w.columns = append(w.columns, types...)
	}
	return w
}

func (w *world) scalar(t vector.Type) vector.Scalar {
	s := vector.Scalar{Type: t, Null: w.IntN(8) == 0}
	if s.Null {
		return s
	}
	small := w.Int64N(11) - 5
	if w.IntN(20) == 0 {
		small = []int64{math.MaxInt64, math.MinInt64, 1 << 40, -1 << 33, 999999999999}[w.IntN(5)]
	}
	switch t.Kind {
	case vector.Boolean:
		s.Int = small & 1
	case vector.Float64:
		s.Float = []float64{0, math.Copysign(0, -1), 1, -1.5, math.Inf(1), math.NaN(), 2.5, 1e300, 3}[w.IntN(9)]
	case vector.Text:
		s.Bytes = []string{"", "a", "ab", "abc", "äb", "bb", "%", "12", "-3.75", "true"}[w.IntN(10)]
	case vector.Decimal:
		if t.Precision <= 18 {
			small %= 1e12
		}
		s.Wide = vector.Int128Of(small)
		if t.Precision > 18 && w.IntN(10) == 0 {
			s.Wide.Hi = w.Int64N(1 << 40)
		}
	default:
		s.Int = small
	}
	return s
}

// chunk makes columns of every encoding.
func (w *world) chunk(n int) *vector.Chunk {
	c := &vector.Chunk{Len: n}
	for _, t := range w.columns {
		b := vector.NewBuilder(t)
		base := w.scalar(t)
		constant := w.IntN(6) == 0
		for range n {
			if constant {
				b.AppendScalar(base)
			} else {
				b.AppendScalar(w.scalar(t))
			}
		}
		v := b.Build()
		switch {
		case constant:
			v = new(vector.Buffer).Fill(base, n)
		case v.Physical == vector.Bytes && w.IntN(2) == 0:
			v = asDictionary(v)
		case v.Physical == vector.Integer && w.IntN(2) == 0:
			v = asFrame(v)
		}
		c.Columns = append(c.Columns, v)
	}
	return c
}

func asDictionary(v *vector.Vector) *vector.Vector {
	d, ids := &vector.Dictionary{}, map[string]uint16{}
	codes := make([]uint16, v.Len)
	for i := range codes {
		id, ok := ids[string(v.Bytes(i))]
		if !ok {
			id = uint16(len(d.Values))
			ids[string(v.Bytes(i))] = id
			d.Values = append(d.Values, v.Bytes(i))
		}
		codes[i] = id
	}
	for i := range codes {
		if v.IsNull(i) {
			codes[i] = uint16(len(d.Values))
		}
	}
	out := &vector.Vector{Type: v.Type, Physical: vector.Bytes, Encoding: vector.Dict, Dictionary: d, Valid: v.Valid}
	vector.SetCodes(out, codes)
	return out
}

// asFrame encodes a vector of a small range.
func asFrame(v *vector.Vector) *vector.Vector {
	if v.Lo > v.Hi || uint64(v.Hi)-uint64(v.Lo) > 250 {
		return v
	}
	codes := make([]uint8, v.Len)
	for i := range codes {
		if codes[i] = 255; !v.IsNull(i) {
			codes[i] = uint8(v.Int(i) - v.Lo)
		}
	}
	out := &vector.Vector{Type: v.Type, Encoding: vector.Frame, Valid: v.Valid, NullCode: true}
	out.Base, out.Scale, out.Lo, out.Hi = v.Lo, 1, v.Lo, v.Hi
	vector.SetCodes(out, codes)
	return out
}

func (w *world) selection(n int) []uint16 {
	if w.IntN(3) == 0 {
		return nil
	}
	s, share := []uint16{}, w.Float64()
	for i := range n {
		if w.Float64() < share {
			s = append(s, uint16(i))
		}
	}
	return s
}

func (w *world) leaf(t vector.Type) expr.Expr {
	if w.IntN(3) == 0 {
		return expr.Literal{Value: w.scalar(t)}
	}
	for {
		i := w.IntN(len(w.columns))
		if w.columns[i].Equal(t) {
			return expr.Column{Index: i, Name: fmt.Sprintf("c%d", i), Of: t, IsNull: true}
		}
	}
}

func (w *world) expr(t vector.Type, depth int) expr.Expr {
	switch {
	case depth == 0 || w.IntN(6) == 0:
		return w.leaf(t)
	case w.IntN(6) == 0:
		c := expr.Case{Else: w.expr(t, depth-1)}
		for range 1 + w.IntN(3) {
			c.Whens = append(c.Whens, expr.When{If: w.expr(boolean, depth-1), Then: w.expr(t, depth-1)})
		}
		return c
	case w.IntN(6) == 0:
		from := types[w.IntN(len(types))]
		return expr.Cast{Of: w.expr(from, depth-1), To: t, Try: w.IntN(3) > 0}
	case t.Kind == vector.Boolean:
		return w.condition(depth)
	case t.Kind == vector.Text:
		return w.leaf(t)
	}
	l, r := w.expr(t, depth-1), w.expr(t, depth-1)
	op := []expr.ArithmeticOp{expr.Add, expr.Subtract, expr.Modulo, expr.Multiply}[w.IntN(4)]
	switch {
	case t.Kind == vector.Float64 && w.IntN(3) == 0:
		op = expr.Divide
	case t.Kind == vector.Int64 && w.IntN(3) == 0:
		op = expr.IntegerDivide
	case t.Equal(wide) && op == expr.Multiply:
		l, r = w.expr(money, depth-1), w.expr(money, depth-1)
	case t.Kind == vector.Decimal && op == expr.Multiply:
		op = expr.Add
	}
	return expr.Arithmetic{Op: op, Left: l, Right: r, Of: t}
}

func (w *world) condition(depth int) expr.Expr {
	t := types[w.IntN(len(types))]
	switch w.IntN(7) {
	case 0:
		return expr.Not{Of: w.expr(boolean, depth-1)}
	case 1:
		return expr.And{Of: []expr.Expr{w.expr(boolean, depth-1), w.expr(boolean, depth-1)}}
	case 2:
		return expr.Or{Of: []expr.Expr{w.expr(boolean, depth-1), w.expr(boolean, depth-1), w.expr(boolean, depth-1)}}
	case 3:
		return expr.IsNull{Of: w.expr(t, depth-1)}
	case 4:
		in := expr.In{Of: w.expr(t, depth-1)}
		for range 1 + w.IntN(4) {
			in.List = append(in.List, expr.Literal{Value: w.scalar(t)})
		}
		if w.IntN(5) == 0 {
			in.List = append(in.List, w.expr(t, depth-1))
		}
		return in
	case 5:
		p := expr.Expr(expr.Literal{Value: vector.TextOf(
			[]string{"%", "a%", "%b", "%b%", "_b%", "a_c", "%a%b%", "ab", "_", "%_b"}[w.IntN(10)])})
		if w.IntN(5) == 0 {
			p = w.leaf(text)
		}
		return expr.Like{Of: w.expr(text, depth-1), Pattern: p}
	default:
		return expr.Compare{Op: expr.CompareOp(w.IntN(7)), Left: w.expr(t, depth-1), Right: w.expr(t, depth-1)}
	}
}

// reference returns what an expression gives for the chosen rows.
func reference(e expr.Expr, c *vector.Chunk, rows []uint16) (map[uint16]vector.Scalar, error) {
	out := map[uint16]vector.Scalar{}
	for _, i := range rows {
		row := make([]vector.Scalar, len(c.Columns))
		for k, v := range c.Columns {
			row[k] = v.ScalarAt(int(i))
		}
		s, err := interpret(e, row)
		if err != nil {
			return nil, err
		}
		out[i] = s
	}
	return out, nil
}

func sameScalar(t *testing.T, want, got vector.Scalar, message ...any) {
	t.Helper()
	require.Equal(t, want.Null, got.Null, message...)
	if want.Null {
		return
	}
	require.Zero(t, order(want, got), message...)
}

// TestAgainstReference compares evaluators and predicates with the plain interpreter, on random expressions over
// columns of every encoding. Where the interpreter fails the evaluator must not give an answer either, and where the
// evaluator fails a row must have failed.
func TestAgainstReference(t *testing.T) {
	failures, compared := 0, 0
	for seed := range uint64(6000) {
		w := newWorld(seed)
		e := w.expr(types[w.IntN(len(types))], 1+w.IntN(3))
		value, err := expr.Compile(e)
		if sqlerr.CodeOf(err) == sqlerr.DatatypeMismatch {
			continue
		}
		require.NoError(t, err)
		for range 2 { // the second chunk meets used buffers
			n := 1 + w.IntN(100)
			c, sel := w.chunk(n), w.selection(n)
			rows := sel
			if sel == nil {
				rows = vector.All(n)
			}
			want, failed := reference(e, c, rows)
			if failed != nil { // a constant may have decided before what fails
				folded, err := expr.Fold(e)
				require.NoError(t, err)
				want, failed = reference(folded, c, rows)
			}
			got, err := value(c, sel)
			if failed != nil || err != nil {
				failures++
				if err != nil {
					require.NotEqual(t, sqlerr.InternalError, sqlerr.CodeOf(err), "%s: %v", e, err)
				}
				require.Equal(t, failed == nil, err == nil, "seed %d: %s: %v, %v", seed, e, failed, err)
				continue
			}
			compared++
			require.NoError(t, vector.Check(got, n, rows), "seed %d: %s", seed, e)
			for i, s := range want {
				v := got.ScalarAt(int(i))
				sameScalar(t, s, v, "seed %d row %d: %s = %v, not %v", seed, i, e, s, v)
			}
			checkBounds(t, e, c, got, rows)
			if e.Type().Kind == vector.Boolean {
				checkPredicate(t, e, c, sel, want)
			}
		}
	}
	require.Greater(t, compared, 4000)
	require.Greater(t, failures, 100)
}

func checkBounds(t *testing.T, e expr.Expr, c *vector.Chunk, got *vector.Vector, rows []uint16) {
	t.Helper()
	b, ok := expr.Bounds(e, func(i int) (vector.Bounds, bool) {
		return c.Columns[i].Bounds(), c.Columns[i].Physical == vector.Integer
	})
	if !ok {
		return
	}
	require.Equal(t, vector.Integer, got.Physical, "%s", e)
	for _, i := range rows {
		if !got.IsNull(int(i)) {
			x := got.Int(int(i))
			require.True(t, b.Lo <= x && x <= b.Hi, "%s: %d in %v", e, x, b)
			require.True(t, got.Lo <= x && x <= got.Hi, "%s: %d in %d..%d", e, x, got.Lo, got.Hi)
		}
	}
}

func checkPredicate(t *testing.T, e expr.Expr, c *vector.Chunk, sel []uint16, want map[uint16]vector.Scalar) {
	t.Helper()
	rows := sel
	if rows == nil {
		rows = vector.All(c.Len)
	}
	for _, negate := range []bool{false, true} {
		if negate {
			e = expr.Not{Of: e}
		}
		p, err := expr.CompilePredicate(e)
		require.NoError(t, err)
		got, err := p(c, sel, make([]uint16, c.Len))
		require.NoError(t, err)
		passing := []uint16{}
		for _, i := range rows {
			if s := want[i]; !s.Null && (s.Int != 0) != negate {
				passing = append(passing, i)
			}
		}
		require.Equal(t, passing, append([]uint16{}, got...), "%s", e)
	}
}

// TestRangesOfOneOperandAreMerged compares conjunctions of comparisons of one operand with constants.
func TestRangesOfOneOperandAreMerged(t *testing.T) {
	empty, full := 0, 0
	for seed := range uint64(1500) {
		w := newWorld(seed)
		of := []vector.Type{bigint, money, wide, boolean, double}[w.IntN(5)]
		var operand expr.Expr
		for operand = w.leaf(of); expr.IsConstant(operand); {
			operand = w.leaf(of)
		}
		var all []expr.Expr
		for range 2 + w.IntN(3) {
			c := expr.Compare{Op: expr.CompareOp(w.IntN(7)), Left: operand, Right: expr.Literal{Value: w.scalar(of)}}
			if w.IntN(3) == 0 {
				c.Left, c.Right = c.Right, c.Left
			}
			all = append(all, c)
		}
		if w.IntN(3) == 0 {
			all = []expr.Expr{expr.And{Of: all}, w.condition(1)}
		}
		e, c := expr.And{Of: all}, w.chunk(1+w.IntN(60))
		want, err := reference(e, c, vector.All(c.Len))
		if err != nil {
			continue
		}
		checkPredicate(t, e, c, w.selection(c.Len), want)
		for _, s := range want {
			if !s.Null && s.Int == 1 {
				full++
			} else {
				empty++
			}
		}
	}
	require.Greater(t, full, 1000)
	require.Greater(t, empty, 1000)
}
