// Package sqldriver is the driver of MicoDB for database/sql, under the name "micodb":
//
//	import _ "github.com/micodb/micodb/client/sqldriver"
//
//	db, err := sql.Open("micodb", "grpc://user:password@127.0.0.1:8815/database")
//
// The data source name is the URL of package client's Options, which says what else may stand there; [NewConnector]
// takes the Options themselves, with a TLS configuration for example. Go types are mapped as package client maps them:
// a DECIMAL is a string with every digit, which Scan turns into whatever is asked for.
//
// Each connection of the pool of database/sql is a session of its own. What USE, SET and BEGIN as statements change
// there holds for a sql.Conn, and ends when it goes back to the pool. A sql.Tx is named in each of its calls.
// Transactions have snapshot isolation, which serves every level up to repeatable read and snapshot; a higher one is
// refused. Parameters are written $1 or ?, without names. There is no LastInsertId. Cancelling the context of a call
// stops the statement on the server.
package sqldriver
