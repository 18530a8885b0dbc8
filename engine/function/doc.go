// Package function holds the built-in scalar functions, one file per family, and the rules of their types.
//
// A Registry is a value that is passed in: NewRegistry fills one from the families' tables. Resolve chooses an
// overload from the types of the arguments; bind then casts every argument to the type the overload names, so that
// kernels see exactly those. Operators that are not in the tree of engine/expr (dates with intervals, ||, the parts
// of EXTRACT) are functions too, under the names in operators.go.
//
// Aggregates are no part of it: expr.AggregateKind lists them, AggregateType tells their results.
package function
