package bind

import (
	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/engine/function"
	"github.com/micodb/micodb/engine/parser/ast"
)

// comparisons are the comparing operators; IS DISTINCT FROM is the negation of its own.
var comparisons = map[ast.BinaryOp]expr.CompareOp{
	ast.Equal: expr.Equal, ast.NotEqual: expr.NotEqual,
	ast.Less: expr.Less, ast.LessEqual: expr.LessEqual,
	ast.Greater: expr.Greater, ast.GreaterEqual: expr.GreaterEqual,
	ast.IsDistinct: expr.NotDistinct, ast.IsNotDistinct: expr.NotDistinct,
}

// arithmetics are the operators of numbers.
var arithmetics = map[ast.BinaryOp]expr.ArithmeticOp{
	ast.Add: expr.Add, ast.Subtract: expr.Subtract, ast.Multiply: expr.Multiply,
	ast.Divide: expr.Divide, ast.IntegerDivide: expr.IntegerDivide, ast.Modulo: expr.Modulo,
}

// operatorFunctions are the operators that are functions.
var operatorFunctions = map[ast.BinaryOp]string{
	ast.Concat: function.Concat, ast.Power: "power",
	ast.BitAnd: function.BitAnd, ast.BitOr: function.BitOr,
	ast.ShiftLeft: function.ShiftLeft, ast.ShiftRight: function.ShiftRight,
	ast.JSONGet: function.JSONGet, ast.JSONGetText: function.JSONGetText,
}

// operatorNames are for messages.
var operatorNames = map[ast.BinaryOp]string{
	ast.And: "AND", ast.Or: "OR",
}
