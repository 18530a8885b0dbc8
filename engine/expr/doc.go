// Package expr holds typed expressions and their vectorized evaluators.
//
// A tree is immutable and sealed; bind makes it, optimize rewrites it, a worker compiles it once to closures
// that own their buffers (Compile for values, CompilePredicate for the rows where it is TRUE). Nothing
// evaluates row by row.
package expr
