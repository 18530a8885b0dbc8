// Package plan holds the logical plan: an immutable, sealed tree of relational operators.
//
// A plan is made by bind; the rules of optimize rewrite it, physical turns it into operators. Columns of a node's
// inputs are numbered through: those of the first input, then those of the second.
package plan
