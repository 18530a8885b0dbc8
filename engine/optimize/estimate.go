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
	semiFraction    = 0.5  // rows of a semi join's left input that it lets pass
	leastFraction   = 0.01 // the same, where statistics say that it lets pass none or all
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
	case *plan.AsOfJoin:
		return est.estimateRows(n.Left)
	case *plan.Expand:
		return est.estimateRows(n.Input) * float64(len(n.Sets))
	case *plan.Working:
		return guessedRound
	case *plan.Recursive:
		return est.estimateRows(n.Base) + guessedSeries*est.estimateRows(n.Step)
	case *plan.Series:
		return est.estimateRows(n.Input) * seriesLength(n)
	case *plan.Union:
		sum := 0.0
		for _, in := range n.All {
			sum += est.estimateRows(in)
		}
		return sum
	case *plan.Project, *plan.Sort, *plan.Shared, *plan.Window:
		return est.estimateRows(n.Inputs()[0])
	default:
		return 1
	}
}

// guessedRound is how many rows one round of a recursive query gives to the next.
const guessedRound = 100

// guessedSeries is how many values a series has whose ends are not known.
const guessedSeries = 10

// seriesLength is how many values a series has.
func seriesLength(n *plan.Series) float64 {
	from, to, step := integerOf(n.From), integerOf(n.To), integerOf(n.Step)
	if from == nil || to == nil || step == nil || *step == 0 {
		return guessedSeries
	}
	return max((float64(*to)-float64(*from))/float64(*step), 0)
}

// integerOf returns the value of a literal of integers.
func integerOf(e expr.Expr) *int64 {
	l, ok := e.(expr.Literal)
	if !ok || l.Value.Null || l.Value.Type.Kind != vector.Int64 {
		return nil
	}
	return &l.Value.Int
}

func tableRows(t *catalog.Table) float64 {
	if t.Statistics == nil {
		return guessedRows
	}
	return max(float64(t.Statistics.Rows), 1)
}

// joinRows takes the values of the side with fewer to be among those of the other (containment).
func (est *estimator) joinRows(n *plan.Join) float64 {
	left, right := est.estimateRows(n.Left), est.estimateRows(n.Right)
	if n.Kind == plan.MarkJoin || n.Kind == plan.SingleJoin {
		return left
	}
	leftKeys, rightKeys := make([]expr.Expr, len(n.Keys)), make([]expr.Expr, len(n.Keys))
	for i, k := range n.Keys {
		leftKeys[i], rightKeys[i] = k.Left, k.Right
	}
	// A residual is over the columns of both inputs, which a semi join's schema has not.
	residual := 1.0
	if n.Residual != nil {
		residual = est.selectivity(&plan.Join{Kind: plan.InnerJoin, Left: n.Left, Right: n.Right},
			expr.Conjuncts(n.Residual))
	}
	if n.Kind == plan.SemiJoin || n.Kind == plan.AntiJoin {
		matched := est.matchedFraction(n, leftKeys, rightKeys, residual)
		if n.Kind == plan.AntiJoin {
			matched = 1 - matched
		}
		return left * min(max(matched, leastFraction), 1)
	}
	rows := left * right / est.keyValues(n.Left, leftKeys, n.Right, rightKeys) * residual
	switch n.Kind {
	case plan.LeftJoin:
		return max(rows, left)
	case plan.FullJoin:
		return max(rows, left, right)
	default:
		return rows
	}
}

// keyValues is how many values the keys of a join have on the side where they have more. Several keys together have
// no more than the smaller of their tables has rows: mostly they are its primary key.
func (est *estimator) keyValues(left plan.Node, leftKeys []expr.Expr, right plan.Node, rightKeys []expr.Expr) float64 {
	values := 1.0
	for i := range leftKeys {
		values *= max(est.distinctOf(left, leftKeys[i]), est.distinctOf(right, rightKeys[i]))
	}
	if len(leftKeys) > 1 {
		values = min(values, min(est.keyRows(left, leftKeys), est.keyRows(right, rightKeys)))
	}
	return max(values, 1)
}

// keyRows is how many rows the largest table has of which keys are columns.
func (est *estimator) keyRows(n plan.Node, keys []expr.Expr) float64 {
	rows := 0.0
	for _, k := range keys {
		s := statisticsOfExpr(n, k)
		if !s.known {
			return est.estimateRows(n)
		}
		rows = max(rows, s.rows)
	}
	return rows
}

// matchedFraction is the part of a semi join's left rows that have a match: the part of their key's values that the
// right side has, and one of whose matches the residual accepts.
func (est *estimator) matchedFraction(n *plan.Join, leftKeys, rightKeys []expr.Expr, residual float64) float64 {
	if len(n.Keys) == 0 && n.Residual == nil {
		return 1
	}
	if len(n.Keys) == 0 {
		return semiFraction
	}
	left, right := 1.0, 1.0
	for i := range leftKeys {
		left *= est.distinctOf(n.Left, leftKeys[i])
		right *= est.distinctOf(n.Right, rightKeys[i])
	}
	rows := est.estimateRows(n.Right)
	right = min(right, rows)
	found := min(right/min(left, max(est.keyRows(n.Left, leftKeys), 1)), 1)
	return found * (1 - math.Pow(1-residual, rows/right))
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
	case *plan.Filter, *plan.Sort, *plan.Limit, *plan.Shared:
		return statisticsOf(n.Inputs()[0], i)
	case *plan.Window:
		if i < len(n.Input.Schema().Fields) {
			return statisticsOf(n.Input, i)
		}
	case *plan.Project:
		return statisticsOfExpr(n.Input, n.Exprs[i])
	case *plan.Aggregate:
		if i < len(n.Groups) {
			return statisticsOfExpr(n.Input, n.Groups[i])
		}
	case *plan.Join:
		split := len(n.Left.Schema().Fields)
		switch {
		case i < split:
			return statisticsOf(n.Left, i)
		case n.Kind.Pairs():
			return statisticsOf(n.Right, i-split)
		}
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
