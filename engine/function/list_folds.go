package function

import (
	"bytes"

	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

// listFolds make one value of a list's elements, as the aggregates do of rows.
func listFolds() []Entry {
	return []Entry{
		listEntry("list_sum array_sum", "(list) → as sum",
			shown("The sum of the elements but NULL; NULL of none.", "list_sum([1, 2, 3])", "6"), listFold(expr.Sum)),
		listEntry("list_avg array_avg", "(list) → DOUBLE",
			shown("The mean of the elements but NULL; NULL of none.", "list_avg([1, 2])", "1.5"), listFold(expr.Avg)),
		listEntry("list_min array_min", "(list) → its element",
			shown("The least element but NULL; NULL of none.", "list_min([3, 1, 2])", "1"), listExtreme(-1)),
		listEntry("list_max array_max", "(list) → its element",
			shown("The greatest element but NULL; NULL of none.", "list_max([3, 1, 2])", "3"), listExtreme(1)),
		listEntry("list_count array_count", "(list) → BIGINT",
			shown("Counts the elements but NULL.", "list_count([1, NULL])", "1"), listCount),
	}
}

func listExtreme(sign int) listOverload {
	return func(args []vector.Type) (expr.Overload, bool) {
		if len(args) != 1 || args[0].Kind != vector.List {
			return expr.Overload{}, false
		}
		t := args[0]
		return Fixed(t.Element(), expr.NullResult, func() expr.Kernel {
			var all members
			return elementKernel(t.Element(), func(list []byte, _ []*vector.Vector, _ int) vector.Member {
				all, _ = vector.Members(all[:0], t, list)
				var best vector.Member
				for _, m := range all {
					if !m.IsNull() && (best == nil || bytes.Compare(m, best) == sign) {
						best = m
					}
				}
				return best
			})
		}, t), true
	}
}

func listCount(args []vector.Type) (expr.Overload, bool) {
	if len(args) != 1 || args[0].Kind != vector.List {
		return expr.Overload{}, false
	}
	big := vector.Of(vector.Int64)
	return Fixed(big, expr.NullIfAny, func() expr.Kernel {
		return listInts(big, 1, func(in []members, _ vector.Member) (int64, bool) {
			return int64(len(in[0]) - countNulls(in[0])), true
		})
	}, args[0]), true
}

// listFold is SUM or AVG over the elements, with the types that those have.
func listFold(kind expr.AggregateKind) listOverload {
	return func(args []vector.Type) (expr.Overload, bool) {
		if len(args) != 1 || args[0].Kind != vector.List {
			return expr.Overload{}, false
		}
		of, result, ok := AggregateType(kind, args[0].Element())
		if !ok {
			return expr.Overload{}, false
		}
		t := vector.ListOf(of)
		return Fixed(result, expr.NullResult, func() expr.Kernel { return foldKernel(t, kind, result) }, t), true
	}
}

// foldKernel runs over the offsets and the elements of nested vectors.
func foldKernel(t vector.Type, kind expr.AggregateKind, result vector.Type) expr.Kernel {
	var u vector.Unpacked
	out := vector.NewBuilder(result)
	return func(args []*vector.Vector, n int, sel []uint16) (*vector.Vector, error) {
		if !u.Unpack(args[0], sel) {
			return nil, expr.DamagedNested(t)
		}
		elements := u.Children[0]
		for i := range n {
			var err error
			from, to := int(u.Offsets[i]), int(u.Offsets[i+1])
			if elements.Physical == vector.Float {
				foldFloats(out, elements, from, to, kind)
			} else {
				err = foldExact(out, elements, [2]int{from, to}, kind, result)
			}
			if err != nil {
				out.Build()
				return nil, err
			}
		}
		return out.Build(), nil
	}
}

func foldFloats(out *vector.Builder, elements *vector.Vector, from, to int, kind expr.AggregateKind) {
	sum, n := 0.0, 0
	for k := from; k < to; k++ {
		if !elements.IsNull(k) {
			sum += elements.Float(k)
			n++
		}
	}
	switch {
	case n == 0:
		out.AppendNull()
	case kind == expr.Avg:
		out.AppendFloat(sum / float64(n))
	default:
		out.AppendFloat(sum)
	}
}

// foldExact adds integers and decimals in 128 bits.
func foldExact(
	out *vector.Builder, elements *vector.Vector, ends [2]int, kind expr.AggregateKind, result vector.Type,
) error {
	sum, n, fits := vector.Int128{}, 0, true
	for k := ends[0]; k < ends[1]; k++ {
		if !elements.IsNull(k) {
			var ok bool
			sum, ok = sum.Add(elements.Wide(k))
			fits = fits && ok
			n++
		}
	}
	if n == 0 {
		out.AppendNull()
		return nil
	}
	tooLarge := sqlerr.New(sqlerr.NumericOutOfRange, "the sum of a list does not fit %s", result)
	if kind == expr.Avg {
		if !fits {
			return tooLarge
		}
		scale := vector.PowerOfTen(int(elements.Type.Scale)).Float64()
		out.AppendFloat(sum.Float64() / scale / float64(n))
		return nil
	}
	if result.Kind == vector.Decimal {
		limit := vector.PowerOfTen(int(result.Precision))
		if !fits || sum.Cmp(limit) >= 0 || sum.Cmp(limit.Neg()) <= 0 {
			return tooLarge
		}
		out.AppendWide(sum)
		return nil
	}
	x, ok := sum.Int64()
	if !fits || !ok {
		return tooLarge
	}
	out.AppendInt(x)
	return nil
}

// listRange is range and generate_series as a list.
func listRange(inclusive bool) listOverload {
	big := vector.Of(vector.Int64)
	t := vector.ListOf(big)
	return func(args []vector.Type) (expr.Overload, bool) {
		if len(args) == 0 || len(args) > 3 {
			return expr.Overload{}, false
		}
		for _, a := range args {
			if !Implicit(a, big) {
				return expr.Overload{}, false
			}
		}
		return Fixed(t, expr.NullIfAny, func() expr.Kernel {
			var b vector.Buffer
			return func(args []*vector.Vector, n int, sel []uint16) (*vector.Vector, error) {
				return packedRows(&b, t, n, sel, func(dst []byte, i int) ([]byte, error) {
					from, step, to := int64(0), int64(1), args[min(len(args)-1, 1)].Int(i)
					if len(args) > 1 {
						from = args[0].Int(i)
					}
					if len(args) > 2 {
						step = args[2].Int(i)
					}
					return appendRange(dst, from, to, step, inclusive)
				})
			}
		}, Repeat(big, len(args))...), true
	}
}

func appendRange(dst []byte, from, to, step int64, inclusive bool) ([]byte, error) {
	if step == 0 {
		return dst, sqlerr.New(sqlerr.InvalidParameterValue, "the step of a series is zero")
	}
	for x := from; step > 0 && x < to || step < 0 && x > to || inclusive && x == to; {
		dst = vector.AppendIntMember(dst, x)
		if err := checkLength(0, len(dst)); err != nil {
			return dst, err
		}
		next := x + step
		if next < x != (step < 0) { // over the edge
			break
		}
		x = next
	}
	return vector.EndList(dst), nil
}
