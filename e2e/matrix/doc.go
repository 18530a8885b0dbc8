// Package matrix tests that every way into the server lets in whom it should, and nobody else: the matrix of
// testdata/matrix.txt, whose rows are checked to be complete. A statement of the syntax tree, a field of one, an RPC or
// message of Flight and Flight SQL, a command of the JSON protocol that has no row fails the test.
package matrix
