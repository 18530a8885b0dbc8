package plan

import (
	"fmt"
	"slices"

	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

// Series gives each row of its input once for each value of a series, which is one column more: From, then Step
// further each time, up to To, or below it where it is not Inclusive. With a Step below zero it goes down. A row has
// none where one of the three is NULL or To lies behind From. From and To are BIGINT, as Step is, or TIMESTAMP, and
// Step an INTERVAL. A Step of nothing, or an INTERVAL whose members point both ways, is 22023.
type Series struct {
	Input          Node
	From, To, Step expr.Expr // over the input
	Inclusive      bool
	Field          Field // of the values
}

// Schema returns the input's columns and the value.
func (n *Series) Schema() *Schema {
	in := n.Input.Schema().Fields
	return &Schema{Fields: append(slices.Clip(in), n.Field)}
}

// Inputs returns the input.
func (n *Series) Inputs() []Node { return []Node{n.Input} }

// WithInputs replaces the input.
func (n *Series) WithInputs(in []Node) Node { c := *n; c.Input = in[0]; return &c }

// String shows the ends and the step.
func (n *Series) String() string {
	to := "below"
	if n.Inclusive {
		to = "to"
	}
	return fmt.Sprintf("Series from %s %s %s by %s", n.From, to, n.To, n.Step)
}

func (*Series) node() {}

// mapSeries applies f to the three expressions of a series.
func mapSeries(n *Series, f func(expr.Expr) expr.Expr) Node {
	c := *n
	c.From, c.To, c.Step = f(n.From), f(n.To), f(n.Step)
	return &c
}

func checkSeries(n *Series) error {
	step := vector.Interval
	if n.Field.Type.Kind == vector.Int64 {
		step = vector.Int64
	}
	if !n.From.Type().Equal(n.Field.Type) || !n.To.Type().Equal(n.Field.Type) || n.Step.Type().Kind != step {
		return sqlerr.New(sqlerr.InternalError, "a series of %s from %s to %s by %s", n.Field.Type, n.From.Type(),
			n.To.Type(), n.Step.Type())
	}
	for _, e := range []expr.Expr{n.From, n.To, n.Step} {
		if err := checkColumns(e, n.Input.Schema()); err != nil {
			return err
		}
	}
	return nil
}
