package expr_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

func integer(x int64) expr.Expr { return expr.Literal{Value: vector.IntOf(bigint, x)} }

func TestFold(t *testing.T) {
	truth, falsehood := expr.Literal{Value: vector.BoolOf(true)}, expr.Literal{Value: vector.BoolOf(false)}
	x := expr.Column{Name: "x", Of: bigint}
	positive := expr.Compare{Op: expr.Greater, Left: x, Right: integer(0)}
	bad := expr.Cast{Of: expr.Literal{Value: vector.TextOf("a")}, To: bigint}
	sum := expr.Arithmetic{Op: expr.Add, Left: integer(2), Right: integer(3), Of: bigint}
	for _, c := range []struct {
		in   expr.Expr
		want string
	}{
		{sum, "5"},
		{expr.Arithmetic{Op: expr.Multiply, Left: x, Right: sum, Of: bigint}, "(x * 5)"},
		{expr.And{Of: []expr.Expr{truth, positive, truth}}, "x > 0"},
		{expr.And{Of: []expr.Expr{positive, falsehood}}, "false"},
		{expr.Or{Of: []expr.Expr{positive, truth}}, "true"},
		{expr.Or{Of: []expr.Expr{falsehood, falsehood}}, "false"},
		{expr.Not{Of: expr.Compare{Op: expr.Less, Left: integer(1), Right: integer(2)}}, "false"},
		{expr.Case{Whens: []expr.When{{If: falsehood, Then: bad}}, Else: x}, "x"},
		{
			expr.Case{Whens: []expr.When{{If: positive, Then: x}, {If: truth, Then: sum}}, Else: bad},
			"CASE WHEN x > 0 THEN x ELSE 5 END",
		},
		{bad, "CAST('a' AS BIGINT)"},
		{expr.Arithmetic{Op: expr.Modulo, Left: integer(1), Right: integer(0), Of: bigint}, "NULL"},
		{expr.In{Of: integer(2), List: []expr.Expr{integer(1), integer(2)}}, "true"},
	} {
		got, err := expr.Fold(c.in)
		require.NoError(t, err)
		require.Equal(t, c.want, got.String())
		require.True(t, got.Type().Equal(c.in.Type()))
	}
}

func TestErrorsCarryTheirCodes(t *testing.T) {
	c := &vector.Chunk{Len: 2, Columns: []*vector.Vector{vector.Ints64(bigint, vector.MaxInt, 1)}}
	x := expr.Column{Name: "x", Of: bigint}
	for code, e := range map[sqlerr.Code]expr.Expr{
		sqlerr.NumericOutOfRange: expr.Arithmetic{Op: expr.Add, Left: x, Right: x, Of: bigint},
		sqlerr.InvalidText:       expr.Cast{Of: expr.Literal{Value: vector.TextOf("a")}, To: bigint},
		sqlerr.InvalidDatetime: expr.Cast{
			Of: expr.Literal{Value: vector.TextOf("a")},
			To: vector.Of(vector.Date),
		},
	} {
		value, err := expr.Compile(e)
		require.NoError(t, err)
		_, err = value(c, nil)
		require.Equal(t, code, sqlerr.CodeOf(err))
		if code == sqlerr.NumericOutOfRange { // rows that are not chosen don't fail
			_, err = value(c, []uint16{1})
			require.NoError(t, err)
		}
	}
	_, err := expr.Compile(expr.Parameter{Of: bigint})
	require.Equal(t, sqlerr.UndefinedParameter, sqlerr.CodeOf(err))
	_, err = expr.LikeMatcher("a!", '!', false)
	require.Equal(t, sqlerr.InvalidParameterValue, sqlerr.CodeOf(err))
}

func TestLikeMatcher(t *testing.T) {
	for _, c := range []struct {
		pattern, text string
		escape        rune
		fold, want    bool
	}{
		{"a!%b", "a%b", '!', false, true},
		{"a!%b", "axb", '!', false, false},
		{"a!!%", "a!bc", '!', false, true},
		{`a\%`, `a\x`, 0, false, true},
		{"ÄB%", "äbc", 0, true, true},
		{"ÄB%", "äbc", 0, false, false},
		{"aX__", "AXX", 'X', true, false},
		{"aXX_", "AXY", 'X', true, true},
		{"_", "ä", 0, false, true},
		{"__", "ä", 0, false, false},
		{"%a_c%d", "zzabcabd", 0, false, true},
		{"%a_c%d", "zzabdabd", 0, false, false},
		{"a%a", "a", 0, false, false},
		{"%", "", 0, false, true},
		{"", "", 0, false, true},
		{"", "a", 0, false, false},
		{"%ab%ab", "ab", 0, false, false},
		{"%_ab", "ab", 0, false, false},
	} {
		match, err := expr.LikeMatcher(c.pattern, c.escape, c.fold)
		require.NoError(t, err)
		require.Equal(t, c.want, match([]byte(c.text)), "%q LIKE %q", c.text, c.pattern)
	}
}

func TestCallMergesNulls(t *testing.T) {
	double := func(null expr.NullRule) expr.Call {
		b := &vector.Buffer{}
		return expr.Call{
			Name: "twice", Args: []expr.Expr{expr.Column{Of: bigint, IsNull: true}},
			Bound: expr.Overload{Args: []vector.Type{bigint}, Result: bigint, Null: null, New: func() expr.Kernel {
				return func(args []*vector.Vector, n int, sel []uint16) (*vector.Vector, error) {
					out := b.Ints(n)
					if sel == nil {
						sel = vector.All(n)
					}
					for _, i := range sel {
						if args[0].IsNull(int(i)) {
							out[i] = -1
							continue
						}
						out[i] = 2 * args[0].Int(int(i))
					}
					return b.IntVector(bigint, out, nil, vector.MinInt, vector.MaxInt), nil
				}
			}},
		}
	}
	c := &vector.Chunk{Len: 2}
	c.Columns = []*vector.Vector{vector.ScalarsOf(bigint, vector.IntOf(bigint, 4), vector.NullOf(bigint))}
	strict, err := expr.Compile(double(expr.NullIfAny))
	require.NoError(t, err)
	v, err := strict(c, nil)
	require.NoError(t, err)
	require.False(t, v.IsNull(0))
	require.Equal(t, int64(8), v.Int(0))
	require.True(t, v.IsNull(1))
	own, err := expr.Compile(double(expr.NullNever))
	require.NoError(t, err)
	v, err = own(c, nil)
	require.NoError(t, err)
	require.False(t, v.IsNull(1))
	require.Equal(t, int64(-1), v.Int(1))
}
