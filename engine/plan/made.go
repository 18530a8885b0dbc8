package plan

import (
	"slices"

	"github.com/micodb/micodb/internal/vector"
)

// Every rule asks for the schemas of scans and joins again and again, so NewScan and NewJoin make them once. They are
// made before anybody else sees the node: plans are read by many goroutines at once. A node that was written without
// these functions, or was copied and then given other columns or inputs, makes its schema for each who asks.

// scanSchema is a schema, and what of a scan it was made of.
type scanSchema struct {
	from Scan
	out  *Schema
}

// joinSchema is a schema, and what of a join it was made of.
type joinSchema struct {
	kind        JoinKind
	nullable    bool // the mark
	left, right Node
	out         *Schema
}

// NewScan returns a scan that has its schema.
func NewScan(n Scan) *Scan {
	if !n.made.of(&n) {
		n.made = nil
		n.made = &scanSchema{from: n, out: n.schema()}
	}
	return &n
}

// NewJoin returns a join that has its schema.
func NewJoin(n Join) *Join {
	if n.Kind != SemiJoin && n.Kind != AntiJoin && !n.made.of(&n) {
		n.made = &joinSchema{n.Kind, n.markNullable(), n.Left, n.Right, n.schema()}
	}
	return &n
}

// of tells whether a schema is that of a scan as it is now.
func (s *scanSchema) of(n *Scan) bool {
	return s != nil && s.from.Table == n.Table && s.from.Alias == n.Alias && s.from.Address == n.Address &&
		sameSlice(s.from.Columns, n.Columns)
}

// sameSlice tells whether two slices are one.
func sameSlice(a, b []int) bool { return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0]) }

// of tells whether a schema is that of a join as it is now.
func (s *joinSchema) of(n *Join) bool {
	return s != nil && s.kind == n.Kind && s.left == n.Left && s.right == n.Right && s.nullable == n.markNullable()
}

func (n *Join) markNullable() bool { return n.Kind == MarkJoin && n.Mark != nil && n.Mark.Nullable() }

func (n *Scan) schema() *Schema {
	s := &Schema{Fields: make([]Field, 0, len(n.Columns)+addressColumns)}
	for _, i := range n.Columns {
		c := n.Table.Columns[i]
		s.Fields = append(s.Fields, Field{Table: n.Alias, Name: c.Name, Type: c.Type, Nullable: !c.NotNull})
	}
	if n.Address {
		big := vector.Of(vector.Int64)
		s.Fields = append(s.Fields,
			Field{Table: n.Alias, Name: "_block", Type: big, Nullable: true},
			Field{Table: n.Alias, Name: "_offset", Type: big, Nullable: true})
	}
	return s
}

// schema makes the schema of a join that is no semi or anti join.
func (n *Join) schema() *Schema {
	left := n.Left.Schema()
	if n.Kind == MarkJoin {
		mark := Field{Name: "mark", Type: vector.Of(vector.Boolean), Nullable: n.markNullable()}
		return &Schema{Fields: append(slices.Clip(left.Fields), mark)}
	}
	right := n.Right.Schema()
	s := &Schema{Fields: make([]Field, 0, len(left.Fields)+len(right.Fields))}
	for _, f := range left.Fields {
		f.Nullable = f.Nullable || n.Kind == FullJoin
		s.Fields = append(s.Fields, f)
	}
	for _, f := range right.Fields {
		f.Nullable = f.Nullable || n.Kind.Padded()
		s.Fields = append(s.Fields, f)
	}
	return s
}
