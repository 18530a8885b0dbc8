// Package mutated changes statements of the corpus and of the TPC queries at random, token by token, and holds the
// server to it that whatever comes out is answered: with rows or an error that is the user's, within the time and the
// memory that a query has, and without the process's end.
package mutated
