// Package sqlerr is the one vocabulary of errors: an SQLSTATE code, what went wrong, where, and what to do.
//
// The layer that knows what the user meant sets the code; layers above wrap with %w and keep it; the two
// protocols translate the code through Lookup. Causes are logged, never sent to a client.
//
// The page docs/errors.md shows the table in codes_table.go (go test ./internal/sqlerr -update).
package sqlerr
