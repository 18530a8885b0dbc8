package plan

import (
	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/internal/vector"
)

// CountSchema is what statements that change rows give: one row with their number.
func CountSchema() *Schema {
	return &Schema{Fields: []Field{{Name: "count", Type: vector.Of(vector.Int64)}}}
}

// Schema returns the chosen columns, qualified by the alias.
func (n *Scan) Schema() *Schema {
	if n.made.of(n) {
		return n.made.out
	}
	return n.schema()
}

// Schema returns the rows' schema.
func (n *Values) Schema() *Schema { return n.Out }

// Schema returns the input's.
func (n *Filter) Schema() *Schema { return n.Input.Schema() }

// Schema returns the computed columns.
func (n *Project) Schema() *Schema { return n.Out }

// Schema returns the left columns and the right ones, which an outer join makes nullable, the mark, or nothing more.
func (n *Join) Schema() *Schema {
	if n.Kind == SemiJoin || n.Kind == AntiJoin {
		return n.Left.Schema()
	}
	if n.made.of(n) {
		return n.made.out
	}
	return n.schema()
}

// Schema returns the groups, then the aggregates.
func (n *Aggregate) Schema() *Schema { return n.Out }

// Schema returns the input's.
func (n *Sort) Schema() *Schema { return n.Input.Schema() }

// Schema returns the input's.
func (n *Limit) Schema() *Schema { return n.Input.Schema() }

// Schema returns the common schema.
func (n *Union) Schema() *Schema { return n.Out }

// Schema is one count, or the table's columns.
func (n *Insert) Schema() *Schema { return changedSchema(n.Table, n.Rows) }

// Schema is one count, or the columns before the addresses.
func (n *Delete) Schema() *Schema {
	if !n.Rows {
		return CountSchema()
	}
	fields := n.Input.Schema().Fields
	return &Schema{Fields: fields[:len(fields)-addressColumns]}
}

// Schema is one count, or the table's columns.
func (n *Update) Schema() *Schema { return changedSchema(n.Table, n.Rows) }

// changedSchema is what a statement gives that writes rows to a table: their number, or the rows.
func changedSchema(t *catalog.Table, rows bool) *Schema {
	if !rows {
		return CountSchema()
	}
	return TableSchema(t)
}

// TableSchema is a table's columns.
func TableSchema(t *catalog.Table) *Schema {
	s := &Schema{Fields: make([]Field, len(t.Columns))}
	for i, c := range t.Columns {
		s.Fields[i] = Field{Name: c.Name, Type: c.Type, Nullable: !c.NotNull}
	}
	return s
}

// Schema is one count with AS, and empty without.
func (n *Define) Schema() *Schema {
	if n.As != nil {
		return CountSchema()
	}
	return &Schema{}
}

// Schema returns the input's.
func (n *Shared) Schema() *Schema { return n.Input.Schema() }

// Schema is one column of text.
func (*Explain) Schema() *Schema {
	return &Schema{Fields: []Field{{Name: "plan", Type: vector.Of(vector.Text)}}}
}

// Inputs returns nothing: a leaf.
func (*Scan) Inputs() []Node { return nil }

// Inputs returns nothing: a leaf.
func (*Values) Inputs() []Node { return nil }

// Inputs returns the input.
func (n *Filter) Inputs() []Node { return []Node{n.Input} }

// Inputs returns the input.
func (n *Project) Inputs() []Node { return []Node{n.Input} }

// Inputs returns left and right.
func (n *Join) Inputs() []Node { return []Node{n.Left, n.Right} }

// Inputs returns the input.
func (n *Aggregate) Inputs() []Node { return []Node{n.Input} }

// Inputs returns the input.
func (n *Sort) Inputs() []Node { return []Node{n.Input} }

// Inputs returns the input.
func (n *Limit) Inputs() []Node { return []Node{n.Input} }

// Inputs returns all inputs.
func (n *Union) Inputs() []Node { return n.All }

// Inputs returns the input.
func (n *Insert) Inputs() []Node { return []Node{n.Input} }

// Inputs returns the input.
func (n *Delete) Inputs() []Node { return []Node{n.Input} }

// Inputs returns the input.
func (n *Update) Inputs() []Node { return []Node{n.Input} }

// Inputs returns the query of AS.
func (n *Define) Inputs() []Node {
	if n.As == nil {
		return nil
	}
	return []Node{n.As}
}

// Inputs returns the input.
func (n *Shared) Inputs() []Node { return []Node{n.Input} }

// Inputs returns the explained plan.
func (n *Explain) Inputs() []Node { return []Node{n.Input} }

// WithInputs returns the leaf.
func (n *Scan) WithInputs([]Node) Node { return n }

// WithInputs returns the leaf.
func (n *Values) WithInputs([]Node) Node { return n }

// WithInputs replaces the input.
func (n *Filter) WithInputs(in []Node) Node { c := *n; c.Input = in[0]; return &c }

// WithInputs replaces the input.
func (n *Project) WithInputs(in []Node) Node { c := *n; c.Input = in[0]; return &c }

// WithInputs replaces left and right.
func (n *Join) WithInputs(in []Node) Node { c := *n; c.Left, c.Right = in[0], in[1]; return NewJoin(c) }

// WithInputs replaces the input.
func (n *Aggregate) WithInputs(in []Node) Node { c := *n; c.Input = in[0]; return &c }

// WithInputs replaces the input.
func (n *Sort) WithInputs(in []Node) Node { c := *n; c.Input = in[0]; return &c }

// WithInputs replaces the input.
func (n *Limit) WithInputs(in []Node) Node { c := *n; c.Input = in[0]; return &c }

// WithInputs replaces all inputs.
func (n *Union) WithInputs(in []Node) Node { c := *n; c.All = in; return &c }

// WithInputs replaces the input.
func (n *Insert) WithInputs(in []Node) Node { c := *n; c.Input = in[0]; return &c }

// WithInputs replaces the input.
func (n *Delete) WithInputs(in []Node) Node { c := *n; c.Input = in[0]; return &c }

// WithInputs replaces the input.
func (n *Update) WithInputs(in []Node) Node { c := *n; c.Input = in[0]; return &c }

// WithInputs replaces the query of AS.
func (n *Define) WithInputs(in []Node) Node {
	c := *n
	if len(in) == 1 {
		c.As = in[0]
	}
	return &c
}

// WithInputs replaces the input, at one place.
func (n *Shared) WithInputs(in []Node) Node { c := *n; c.Input = in[0]; return &c }

// WithInputs replaces the explained plan.
func (n *Explain) WithInputs(in []Node) Node { c := *n; c.Input = in[0]; return &c }

func (*Scan) node()      {}
func (*Values) node()    {}
func (*Filter) node()    {}
func (*Project) node()   {}
func (*Join) node()      {}
func (*Aggregate) node() {}
func (*Sort) node()      {}
func (*Limit) node()     {}
func (*Union) node()     {}
func (*Insert) node()    {}
func (*Delete) node()    {}
func (*Update) node()    {}
func (*Define) node()    {}
func (*Shared) node()    {}
func (*Explain) node()   {}
