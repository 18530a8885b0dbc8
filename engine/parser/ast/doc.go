// Package ast is MicoDB's own syntax tree: what a statement says, before any name is looked up.
//
// Statement, Query, Expr and TableRef are sealed: the switches over them are complete. Every node knows the
// place in the original text where it begins, so that any later error can point at it. Identifiers keep their
// spelling and whether they were quoted; nothing is folded, typed or resolved here. Text literals hold the
// value with its quotes and escapes gone; numbers keep their digits, so that no precision is lost.
//
// The tree is made by engine/parser and read by engine/bind and session. It does not change once made.
package ast
