// Package sqllogic runs files of SQL statements with their expected answers against any door to the database.
//
// A file holds records between empty lines; lines that begin with # are comments. The forms are DuckDB's:
//
//	statement ok
//	INSERT INTO t VALUES (1)
//
//	statement error 42P01 nearest name
//	SELECT * FROM tt
//
//	query ITR rowsort
//	SELECT a, b, c FROM t
//	----
//	1	x	1.5
//	2	NULL	(empty)
//
// The code of an error is an SQLSTATE; the words after it stand somewhere in the message. A query names the kind
// of each column: I for exact text (integers, booleans), T for text, R for numbers that are compared to 12 digits,
// D for dates, S for timestamps, B for binary. The order of rows matters (nosort, the default), or rows are sorted
// (rowsort), or all values are (valuesort). A line "connection name" before a record runs it on another session,
// which stays open to the end of the file; "connection name user password" says who opens it. Columns are separated
// by tabs; NULL and (empty) stand for what has no text.
//
// The pages of docs/sql are run too. Their examples are blocks fenced as sql, run in order on one session a page; a
// block fenced as text after one is the answer of its last statement, which -update writes: a table, or the line
// "error CODE: message".
package sqllogic
