package ast

import (
	"strings"

	"github.com/micodb/micodb/internal/sqlerr"
)

// At is where a node begins in the original text; every node embeds it.
type At sqlerr.Position

// Position returns the place in the original text.
func (a At) Position() sqlerr.Position { return sqlerr.Position(a) }

// Node is any part of the tree.
type Node interface{ Position() sqlerr.Position }

// Statement is one SQL statement.
type Statement interface {
	Node
	statement()
}

// Query is a statement that is a table too: Select, SetOperation and Values.
type Query interface {
	Statement
	query()
}

// Expr is an expression.
type Expr interface {
	Node
	expr()
}

// TableRef is what stands in FROM: Table, TableFunction, Derived and Join.
type TableRef interface {
	Node
	tableRef()
}

// Name is an identifier as it was written.
type Name struct {
	At

	Text   string
	Quoted bool // a quoted name keeps its case, another matches without case
}

// String returns the name as SQL writes it.
func (n Name) String() string {
	if !n.Quoted {
		return n.Text
	}
	return `"` + strings.ReplaceAll(n.Text, `"`, `""`) + `"`
}

// ObjectName is a table's, function's or other object's name, its qualifiers first: one to three parts.
type ObjectName struct {
	At

	Parts []Name
}

// String joins the parts with dots.
func (n ObjectName) String() string {
	parts := make([]string, len(n.Parts))
	for i, p := range n.Parts {
		parts[i] = p.String()
	}
	return strings.Join(parts, ".")
}

// Last returns the name itself, without qualifiers.
func (n ObjectName) Last() Name { return n.Parts[len(n.Parts)-1] }

// TypeName is a type as it was written: the binder knows the types.
type TypeName struct {
	At

	Name string    // in upper case, of several words too: "DOUBLE PRECISION", "TIMESTAMP WITH TIME ZONE"
	Args []int     // VARCHAR(20), DECIMAL(12, 2), TIMESTAMP(9)
	List *TypeName // the element's type: INTEGER[]; Name is then "LIST"

	Members []MemberType // STRUCT(a INTEGER, b TEXT); Name is then "STRUCT"
}

// MemberType is a member of a STRUCT type.
type MemberType struct {
	Name Name
	Type TypeName
}
