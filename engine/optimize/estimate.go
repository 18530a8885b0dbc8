package optimize

import (
	"math"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/engine/plan"
	"github.com/micodb/micodb/internal/vector"
)

// What is guessed where statistics say nothing.
const (
	guessedRows     = 1000 // of a table
	guessedDistinct = 0.1  // distinct values a row
	semiFraction    = 0.5  // rows of a semi or anti join's left input that it lets pass
)

// estimator estimates sizes, each node's once: an estimate asks for those below again and again.
type estimator struct{ known map[plan.Node]float64 }

func newEstimator() *estimator { return &estimator{known: map[plan.Node]float64{}} }

// estimateRows is how many rows a node may give; never 0, so that products stay comparable.
func (est *estimator) estimateRows(n plan.Node) float64 {
	rows, ok := est.known[n]
	if !ok {
		rows = max(est.countRows(n), 1)
		est.known[n] = rows
	}
	return rows
}

func (est *estimator) countRows(n plan.Node) float64 {
	switch n := n.(type) {
	case *plan.Scan:
		return tableRows(n.Table) * est.selectivity(n, n.Where)
	case *plan.Values:
		return float64(len(n.Rows))
	case *plan.Filter:
		return est.estimateRows(n.Input) * est.selectivity(n.Input, expr.Conjuncts(n.Predicate))
	case *plan.Join:
		return est.joinRows(n)
	case *plan.Aggregate:
		groups := 1.0
		for _, g := range n.Groups {
			groups *= est.distinctOf(n.Input, g)
		}
		return min(groups, est.estimateRows(n.Input))
	case *plan.Limit:
		if n.Count >= 0 && n.CountFrom == nil {
			return min(float64(n.Count), est.estimateRows(n.Input))
		}
		return est.estimateRows(n.Input)
	case *plan.Union:
		sum := 0.0
		for _, in := range n.All {
			sum += est.estimateRows(in)
		}
		return sum
	case *plan.Project, *plan.Sort:
		return est.estimateRows(n.Inputs()[0])
	default:
		return 1
	}
}

func tableRows(t *catalog.Table) float64 {
	if t.Statistics == nil {
		return guessedRows
	}
	return max(float64(t.Statistics.Rows), 1)
}

func (est *estimator) joinRows(n *plan.Join) float64 {
	left, right := est.estimateRows(n.Left), est.estimateRows(n.Right)
	switch n.Kind {
	case plan.SemiJoin, plan.AntiJoin:
		return left * semiFraction
	case plan.InnerJoin, plan.LeftJoin:
	}
	distinct := 1.0
	for _, k := range n.Keys {
		distinct *= max(est.distinctOf(n.Left, k.Left), est.distinctOf(n.Right, k.Right))
	}
	// The keys together have no more values than the larger side has rows.
	rows := left * right / max(min(distinct, max(left, right)), 1)
	rows *= est.selectivity(n, expr.Conjuncts(n.Residual))
	if n.Kind == plan.LeftJoin {
		return max(rows, left)
	}
	return rows
}

// columnStatistics are what the base table knows of a column of a node, if it is one's.
type columnStatistics struct {
	catalog.ColumnStatistics

	rows  float64 // of the table
	known bool
}

// statisticsOf follows a column down to its table.
func statisticsOf(n plan.Node, i int) columnStatistics {
	switch n := n.(type) {
	case *plan.Scan:
		if n.Table.Statistics == nil || i >= len(n.Columns) {
			return columnStatistics{rows: tableRows(n.Table)}
		}
		s, ok := n.Table.Statistics.Columns[n.Table.Columns[n.Columns[i]].ID]
		return columnStatistics{ColumnStatistics: s, rows: tableRows(n.Table), known: ok}
	case *plan.Filter, *plan.Sort, *plan.Limit:
		return statisticsOf(n.Inputs()[0], i)
	case *plan.Project:
		return statisticsOfExpr(n.Input, n.Exprs[i])
	case *plan.Aggregate:
		if i < len(n.Groups) {
			return statisticsOfExpr(n.Input, n.Groups[i])
		}
	case *plan.Join:
		if split := len(n.Left.Schema().Fields); i >= split {
			return statisticsOf(n.Right, i-split)
		}
		return statisticsOf(n.Left, i)
	}
	return columnStatistics{}
}

func statisticsOfExpr(n plan.Node, e expr.Expr) columnStatistics {
	switch e := e.(type) {
	case expr.Column:
		return statisticsOf(n, e.Index)
	case expr.Cast:
		s := statisticsOfExpr(n, e.Of)
		s.Min, s.Max = vector.NullOf(s.Min.Type), vector.NullOf(s.Max.Type) // of another type
		return s
	default:
		return columnStatistics{}
	}
}

// distinctOf estimates how many values an expression has among the rows of a node.
func (est *estimator) distinctOf(n plan.Node, e expr.Expr) float64 {
	rows := est.estimateRows(n)
	if expr.IsConstant(e) {
		return 1
	}
	s := statisticsOfExpr(n, e)
	switch {
	case s.known && s.Distinct > 0:
		return max(min(float64(s.Distinct), rows), 1)
	case e.Type().Kind == vector.Boolean:
		return 2
	}
	if width := span(s); width > 0 && width < math.MaxInt32 && e.Type().Physical() == vector.Integer {
		return max(min(width+1, rows), 1)
	}
	return max(rows*guessedDistinct, 1)
}

// span is the distance of the greatest from the least value, -1 when it is not known.
func span(s columnStatistics) float64 {
	lo, okLo := number(s.Min)
	hi, okHi := number(s.Max)
	if !s.known || !okLo || !okHi || hi < lo {
		return -1
	}
	return hi - lo
}

// number places a value on the line of its type: false for NULL and for what has no distance.
func number(s vector.Scalar) (float64, bool) {
	switch {
	case s.Null || s.Type.Kind == vector.Unknown:
		return 0, false
	case s.Type.Kind == vector.Decimal || s.Type.Kind == vector.UInt64:
		return float64(s.Wide.Hi)*(1<<64) + float64(s.Wide.Lo), true
	}
	switch s.Type.Physical() {
	case vector.Integer:
		return float64(s.Int), true
	case vector.Float:
		return s.Float, !math.IsNaN(s.Float)
	default:
		return 0, false
	}
}
