package expr

import (
	"slices"

	"github.com/micodb/micodb/internal/vector"
)

// compileIn tests membership. A NULL in the list makes what is not in it NULL, so that NOT IN is never TRUE then.
// Members that are no constants are compared one by one.
func compileIn(e In, negate bool) (Predicate, error) {
	list, hasNull := make([]vector.Scalar, 0, len(e.List)), false
	for _, m := range e.List {
		k, ok := m.(Literal)
		if !ok || e.Of.Type().Kind == vector.Interval {
			return compilePredicate(inAsOr(e), negate)
		}
		if k.Value.Null {
			hasNull = true
			continue
		}
		list = append(list, k.Value)
	}
	value, err := compile(e.Of)
	if err != nil {
		return nil, err
	}
	if negate && hasNull || !negate && len(list) == 0 {
		return nothing(value), nil
	}
	var member Predicate
	switch t := e.Of.Type(); {
	case t.Physical() == vector.Bytes:
		return selectTexts(value, textIn(list, negate)), nil
	case t.Physical() == vector.Float:
		member = inFloats(value, list)
	case t.Kind == vector.Decimal || t.Kind == vector.UInt64:
		member = inWides(value, list)
	default:
		ints := make([]int64, len(list))
		for i, k := range list {
			ints[i] = k.Int
		}
		set := newIntSet(ints)
		member = func(c *vector.Chunk, in, out []uint16) ([]uint16, error) {
			v, err := value(c, in)
			if err != nil {
				return nil, err
			}
			return set.selectFrom(v, in, out), nil
		}
	}
	if negate {
		return except(value, member), nil
	}
	return member, nil
}

// textIn tells whether a text is in a list, or with negate is not.
func textIn(list []vector.Scalar, negate bool) func([]byte) bool {
	set := make(map[string]struct{}, len(list))
	for _, k := range list {
		set[k.Bytes] = struct{}{}
	}
	return func(b []byte) bool { _, ok := set[string(b)]; return ok != negate }
}

func inAsOr(e In) Expr {
	of := make([]Expr, len(e.List))
	for i, m := range e.List {
		of[i] = Compare{Op: Equal, Left: e.Of, Right: m}
	}
	return Disjunction(of)
}

// except gives the rows of value that are not NULL and not what the predicate selects.
func except(value Evaluator, p Predicate) Predicate {
	hits := newRows()
	return func(c *vector.Chunk, in, out []uint16) ([]uint16, error) {
		got, err := p(c, in, hits)
		if err != nil {
			return nil, err
		}
		v, err := value(c, in)
		if err != nil {
			return nil, err
		}
		return vector.Difference(vector.SelectValid(v, in, out), got, out), nil
	}
}

// intSet is a set of integers: a bitmap where they lie close together, else a hash table.
type intSet struct {
	dense  *vector.RuntimeValues
	sparse map[int64]struct{}
	values []int64
}

func newIntSet(values []int64) *intSet {
	const most = 1 << 16 // bits
	s := &intSet{}
	if len(values) == 0 {
		s.dense = &vector.RuntimeValues{Lo: 1}
		return s
	}
	lo, hi := slices.Min(values), slices.Max(values)
	if uint64(hi)-uint64(lo) < most {
		s.dense = &vector.RuntimeValues{Lo: lo, Hi: hi, Bits: make([]uint64, (hi-lo)/64+1)}
		for _, x := range values {
			s.dense.Bits[(x-lo)>>6] |= 1 << ((x - lo) & 63)
		}
		return s
	}
	s.sparse, s.values = make(map[int64]struct{}, len(values)), make([]int64, vector.ChunkRows)
	for _, x := range values {
		s.sparse[x] = struct{}{}
	}
	return s
}

func (s *intSet) selectFrom(v *vector.Vector, in, out []uint16) []uint16 {
	if s.dense != nil {
		return vector.SelectRuntime(v, s.dense, in, out)
	}
	in = vector.SelectValid(v, in, out)
	values, k := vector.Ints(v, in, s.values), 0
	out = out[:len(in)]
	for j, i := range in {
		out[k] = i
		if _, ok := s.sparse[values[j]]; ok {
			k++
		}
	}
	return out[:k]
}

func inFloats(value Evaluator, list []vector.Scalar) Predicate {
	set := make(map[int64]struct{}, len(list))
	for _, k := range list {
		set[vector.FloatKey(k.Float)] = struct{}{}
	}
	return func(c *vector.Chunk, in, out []uint16) ([]uint16, error) {
		v, err := value(c, in)
		if err != nil {
			return nil, err
		}
		in, k := vector.SelectValid(v, in, out), 0
		out = out[:len(in)]
		for _, i := range in {
			out[k] = i
			if _, ok := set[vector.FloatKey(v.Float(int(i)))]; ok {
				k++
			}
		}
		return out[:k], nil
	}
}

func inWides(value Evaluator, list []vector.Scalar) Predicate {
	wide := make(map[vector.Int128]struct{}, len(list))
	var ints []int64
	for _, k := range list {
		wide[k.Wide] = struct{}{}
		if x, ok := k.Wide.Int64(); ok {
			ints = append(ints, x)
		}
	}
	narrow := newIntSet(ints)
	return func(c *vector.Chunk, in, out []uint16) ([]uint16, error) {
		v, err := value(c, in)
		if err != nil {
			return nil, err
		}
		if v.Physical == vector.Integer {
			return narrow.selectFrom(v, in, out), nil
		}
		in, k := vector.SelectValid(v, in, out), 0
		out = out[:len(in)]
		for _, i := range in {
			out[k] = i
			if _, ok := wide[v.Wide(int(i))]; ok {
				k++
			}
		}
		return out[:k], nil
	}
}
