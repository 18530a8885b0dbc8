package plan

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/engine/expr"
)

// Format returns the tree as indented lines, the root first.
func Format(n Node) string {
	var b strings.Builder
	format(&b, n, 0, map[Node]bool{})
	return b.String()
}

// format shows what is below a shared subplan where it stands first.
func format(b *strings.Builder, n Node, depth int, shown map[Node]bool) {
	fmt.Fprintf(b, "%s%s\n", strings.Repeat("  ", depth), n)
	if _, shared := n.(*Shared); shared {
		if shown[n] {
			return
		}
		shown[n] = true
	}
	for _, in := range n.Inputs() {
		format(b, in, depth+1, shown)
	}
}

func list[T fmt.Stringer](xs []T) string {
	parts := make([]string, len(xs))
	for i, x := range xs {
		parts[i] = x.String()
	}
	return strings.Join(parts, ", ")
}

// String names the table, its columns and the pushed predicates.
func (n *Scan) String() string {
	cols := make([]string, len(n.Columns))
	for i, c := range n.Columns {
		cols[i] = n.Table.Columns[c].Name
	}
	s := "Scan " + n.Table.Name.String()
	if n.Alias != "" && catalog.FoldName(n.Alias) != catalog.FoldName(n.Table.Name.Table) {
		s += " AS " + n.Alias
	}
	if n.AsOf > 0 {
		s += " as of version " + strconv.FormatUint(uint64(n.AsOf), 10)
	}
	s += " [" + strings.Join(cols, ", ") + "]"
	if len(n.Where) > 0 {
		s += " where " + strings.Join(exprs(n.Where), " AND ")
	}
	return s
}

func exprs(es []expr.Expr) []string {
	parts := make([]string, len(es))
	for i, e := range es {
		parts[i] = e.String()
	}
	return parts
}

func tableOrView(k catalog.TableKind) string {
	if k == catalog.View {
		return "View"
	}
	return "Table"
}

// String tells the number of rows.
func (n *Values) String() string { return fmt.Sprintf("Values (%d rows)", len(n.Rows)) }

// String shows the predicate.
func (n *Filter) String() string { return "Filter " + n.Predicate.String() }

// String shows the expressions.
func (n *Project) String() string { return "Project " + list(n.Exprs) }

// String names the kind.
func (k JoinKind) String() string {
	return [...]string{"Inner", "Left", "Single", "Full", "Semi", "Anti", "Mark"}[k]
}

// String shows kind, keys, residual, mark and variables.
func (n *Join) String() string {
	s := n.Kind.String() + "Join"
	if n.Kind == InnerJoin && len(n.Keys) == 0 && n.Residual == nil {
		s = "CrossJoin"
	}
	if len(n.Variables) > 0 {
		s = "Dependent" + s
	}
	var on []string
	for _, k := range n.Keys {
		on = append(on, fmt.Sprintf("%s = %s", k.Left, k.Right))
	}
	if n.Residual != nil {
		on = append(on, n.Residual.String())
	}
	if len(on) > 0 {
		s += " on " + strings.Join(on, " AND ")
	}
	if n.Mark != nil {
		s += " comparing " + n.Mark.String()
	}
	if n.HoldLeft {
		s += " holding the left side"
	}
	for i, v := range n.Variables {
		s += map[bool]string{true: " for ", false: ", "}[i == 0] + v.Of.String()
	}
	return s
}

// String shows groups and aggregates.
func (n *Aggregate) String() string {
	s := "Aggregate"
	if len(n.Groups) > 0 {
		s += " by " + list(n.Groups)
	}
	if len(n.Aggregates) > 0 {
		s += ": " + list(n.Aggregates)
	}
	return s
}

// String shows the keys.
func (n *Sort) String() string { return "Sort " + list(n.Keys) }

// String shows count and offset.
func (n *Limit) String() string {
	s := "Limit"
	switch {
	case n.CountFrom != nil:
		s += " " + n.CountFrom.String()
	case n.Count >= 0:
		s += fmt.Sprintf(" %d", n.Count)
	}
	switch {
	case n.OffsetFrom != nil:
		s += " offset " + n.OffsetFrom.String()
	case n.Offset > 0:
		s += fmt.Sprintf(" offset %d", n.Offset)
	}
	return s
}

// String names the operator.
func (*Union) String() string { return "UnionAll" }

// String names the table.
func (n *Insert) String() string { return "Insert " + n.Table.Name.String() + returning(n.Rows) }

// String names the table.
func (n *Delete) String() string { return "Delete " + n.Table.Name.String() + returning(n.Rows) }

// String names the table.
func (n *Update) String() string { return "Update " + n.Table.Name.String() + returning(n.Rows) }

// returning says that a change gives its rows.
func returning(rows bool) string {
	if rows {
		return " returning rows"
	}
	return ""
}

// String names the changes.
func (n *Define) String() string {
	all := []string{change(n.Change)}
	for _, d := range n.Also {
		all = append(all, change(d))
	}
	return strings.Join(all, ", ")
}

func change(d catalog.Definition) string {
	switch d := d.(type) {
	case catalog.CreateDatabase:
		return "CreateDatabase " + d.Name
	case catalog.DropDatabase:
		return "DropDatabase " + d.Name
	case catalog.CreateTable:
		return "Create" + tableOrView(d.Kind) + " " + d.Name.String()
	case catalog.AlterTable:
		return "AlterTable " + d.Name.String()
	case catalog.DropTable:
		return "Drop" + tableOrView(d.Kind) + " " + d.Name.String()
	default:
		return fmt.Sprintf("Define %T", d)
	}
}

// String tells the number by which its places are known.
func (n *Shared) String() string { return fmt.Sprintf("Shared %d", n.Number) }

// String names the statement.
func (*Explain) String() string { return "Explain" }
