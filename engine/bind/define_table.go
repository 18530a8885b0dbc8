package bind

import "github.com/micodb/micodb/engine/parser/ast"

// constraintNames are for messages.
var constraintNames = map[ast.ConstraintKind]string{
	ast.PrimaryKey: "PRIMARY KEY", ast.Unique: "UNIQUE", ast.Check: "CHECK", ast.ForeignKey: "FOREIGN KEY",
}
