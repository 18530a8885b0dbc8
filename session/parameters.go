package session

import (
	"context"
	"errors"
	"io"
	"slices"
	"strconv"
	"unsafe"

	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/engine/plan"
	"github.com/micodb/micodb/internal/batch"
	"github.com/micodb/micodb/internal/budget"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

// mergedRows is how many rows of parameters go into one INSERT at most.
const mergedRows = vector.ChunkRows

// parameterName is what parameter i is called in schemas and messages.
func parameterName(i int) string { return "$" + strconv.Itoa(i+1) }

// What a row of parameters takes beside its texts: a slice, and a scalar for each.
const (
	rowBytes    = int64(unsafe.Sizeof([]vector.Scalar{}))
	scalarBytes = int64(unsafe.Sizeof(vector.Scalar{}))
)

// parameterRows reads the rows of parameters, and reserves their memory in held; without a stream there is one row of
// none.
func (st *statement) parameterRows(ctx context.Context, params batch.Stream, held *budget.Query) (
	[][]vector.Scalar, error,
) {
	want := st.parameters.NumFields()
	if params == nil {
		if want > 0 {
			return nil, sqlerr.New(sqlerr.UndefinedParameter, "the statement has %d parameters, none were given", want)
		}
		return [][]vector.Scalar{nil}, nil
	}
	if have := params.Schema().NumFields(); have != want {
		return nil, sqlerr.New(sqlerr.UndefinedParameter, "the statement has %d parameters, %d were given", want, have)
	}
	var rows [][]vector.Scalar
	for {
		b, err := params.Next(ctx)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		if err := held.Reserve(b.NumRows() * (rowBytes + int64(want)*scalarBytes)); err != nil {
			b.Release()
			return nil, err
		}
		rows, err = batch.AppendRows(rows, b, st.session.server.limits.ParameterRows)
		b.Release()
		if err != nil {
			return nil, err
		}
	}
	if want == 0 && len(rows) == 0 {
		return [][]vector.Scalar{nil}, nil
	}
	return rows, nil
}

// mergedInsert returns one INSERT of VALUES for many rows of parameters, and for how many; 0 when the statement
// is something else. A row at a time would plan and run each.
func mergedInsert(n plan.Node, rows [][]vector.Scalar) (merged plan.Node, used int, err error) {
	values := insertedValues(n)
	if values == nil || len(rows) < 2 {
		return nil, 0, nil
	}
	used = min(len(rows), max(1, mergedRows/len(values.Rows)))
	all := &plan.Values{Out: values.Out}
	for _, row := range rows[:used] {
		one, err := plan.Substitute(values, row)
		if err != nil {
			return nil, 0, err
		}
		if v, ok := one.(*plan.Values); ok {
			all.Rows = append(all.Rows, v.Rows...)
		}
	}
	merged, err = plan.Transform(n, func(n plan.Node) (plan.Node, error) {
		if n == plan.Node(values) {
			return all, nil
		}
		return n, nil
	})
	return merged, used, err
}

// insertedValues returns the VALUES of an INSERT whose parameters all stand there, else nil.
func insertedValues(n plan.Node) *plan.Values {
	if returning, ok := n.(*plan.Project); ok && !slices.ContainsFunc(returning.Exprs, hasParameter) {
		n = returning.Input
	}
	insert, ok := n.(*plan.Insert)
	if !ok {
		return nil
	}
	n = insert.Input
	for {
		switch x := n.(type) {
		case *plan.Values:
			return x
		case *plan.Project:
			if slices.ContainsFunc(x.Exprs, hasParameter) {
				return nil
			}
			n = x.Input
		default:
			return nil
		}
	}
}

func hasParameter(e expr.Expr) bool {
	found := false
	expr.Walk(e, func(e expr.Expr) bool {
		_, is := e.(expr.Parameter)
		found = found || is
		return !found
	})
	return found
}
