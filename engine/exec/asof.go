package exec

import (
	"context"
	"fmt"
	"strings"

	"github.com/micodb/micodb/engine/expr"
)

// AsOfJoin gives each left row beside the nearest right row, as plan.AsOfJoin has it. The rows of both sides are
// sorted together by the keys and the comparison's sides; then the right row that a left row is beside is the last
// one before it. So all that is large is the sort's, which works on all threads and spills. No key of a right row is
// NULL, and of an inner join none of a left row is.
type AsOfJoin struct {
	Kind        JoinKind // InnerJoin or LeftJoin
	Left, Right Operator
	LeftKeys    []int // the last is the comparison's side
	RightKeys   []int
	Op          expr.CompareOp
	LeftWidth   int // columns that are given; more are there for the keys
	RightWidth  int

	sorted      *Sort
	left, right []int // of each column that is given: the sorted one
	rightMark   int64 // what the column of sides has for right rows
	out         Schema
}

// NewAsOfJoin completes an operator.
func NewAsOfJoin(j AsOfJoin) *AsOfJoin {
	inclusive := j.Op == expr.GreaterEqual || j.Op == expr.LessEqual
	marks := [2]int64{0, 1} // left rows come before right ones that are not to be theirs
	if inclusive {
		marks = [2]int64{1, 0}
	}
	in, left, right := newAsOfInput(&j, marks)
	j.sorted, j.left, j.right, j.rightMark = &Sort{Input: in}, left, right, marks[1]
	for i := range in.keys {
		backward := i == in.keys-1 && (j.Op == expr.Less || j.Op == expr.LessEqual)
		j.sorted.Keys = append(j.sorted.Keys, SortKey{Column: i, Descending: backward})
	}
	j.sorted.Keys = append(j.sorted.Keys, SortKey{Column: in.keys})
	given := func(places []int, of Schema, padded bool) {
		for i, at := range places {
			c := in.out[at]
			c.Name, c.Nullable = of[i].Name, of[i].Nullable || padded
			j.out = append(j.out, c)
		}
	}
	given(left, j.Left.Schema(), false)
	given(right, j.Right.Schema(), j.Kind == LeftJoin)
	return &j
}

// Schema returns the columns of both sides.
func (j *AsOfJoin) Schema() Schema { return j.out }

// Inputs returns the sort of both sides.
func (j *AsOfJoin) Inputs() []Operator { return []Operator{j.sorted} }

// String shows kind, keys and the comparison.
func (j *AsOfJoin) String() string {
	on := make([]string, len(j.LeftKeys))
	for i, k := range j.LeftKeys {
		op := expr.Equal
		if i == len(on)-1 {
			op = j.Op
		}
		on[i] = fmt.Sprintf("%s %s %s", j.Left.Schema()[k].Name, op, j.Right.Schema()[j.RightKeys[i]].Name)
	}
	return fmt.Sprintf("AsOfJoin %s on %s", strings.ToLower(j.Kind.String()), strings.Join(on, " AND "))
}

// Start sorts both sides.
func (j *AsOfJoin) Start(ctx context.Context, q *Query) (Stream, error) {
	from, err := q.start(ctx, j.sorted)
	if err != nil {
		return nil, err
	}
	return streamOf(func(worker int) (Source, error) {
		src, err := from.Open(worker)
		if err != nil {
			return nil, err
		}
		s := &asOfSource{op: j, from: src, at: noRow, probe: newGatherer(), before: newGatherer()}
		s.pickers = make([]picker, len(j.right)+len(j.LeftKeys)-1)
		s.same, err = j.samePrevious()
		return s, err
	}), nil
}

// samePrevious compiles the condition that a row has the keys of another: nil without keys. The other's keys are
// columns behind the row's.
func (j *AsOfJoin) samePrevious() (expr.Predicate, error) {
	n := len(j.LeftKeys) - 1
	if n == 0 {
		return nil, nil //nolint:nilnil // every row has them
	}
	var all []expr.Expr
	for i := range n {
		k := j.sorted.Schema()[i]
		now := expr.Column{Index: i, Name: k.Name, Of: k.Type, IsNull: k.Nullable}
		previous := now
		previous.Index = n + i
		all = append(all, expr.Compare{Op: expr.Equal, Left: now, Right: previous})
	}
	return expr.CompilePredicate(expr.Conjunction(all))
}
