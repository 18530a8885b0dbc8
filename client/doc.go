// Package client is the Go client of MicoDB, over Arrow Flight SQL.
//
// A [Client] is what most programs want: it is safe for concurrent use, and lends each call a connection of a bounded
// pool. A [Conn] is one connection with one session, in which USE, SET and BEGIN hold for later statements; [Open]
// makes one without a pool, [Client.Conn] lends one of the pool. Both run statements ([Client.Execute]), read rows one
// by one or as Arrow batches ([Client.Stream]), load many rows at once ([Client.Append], [Client.AppendRows],
// [AppendStructs]) and begin transactions ([Client.Begin], [Client.Retry]). A [Tx] is named in each of its calls, so it
// can't be mistaken for another one, nor for none, whatever becomes of the connection.
//
// Values are bound to the parameters of a statement, written $1 or ?, never put into its text. This is what is
// bound, and what rows hold, in Go:
//
//	BOOLEAN                  bool
//	TINYINT … BIGINT         int64; unsigned: uint64
//	FLOAT, DOUBLE            float64
//	DECIMAL                  string with every digit; *big.Rat and *big.Int are bound too
//	VARCHAR, JSON, UUID      string
//	VARBINARY                []byte
//	DATE                     time.Time at midnight UTC; bound is the day that the time shows in its own zone
//	TIMESTAMP                time.Time in UTC, with or without a time zone; bound is the instant
//	TIME, INTERVAL           string, ISO 8601; a time.Duration since midnight is bound as a TIME too
//	LIST, STRUCT             string, JSON; can't be bound
//	NULL                     nil
//
// An [Error] carries the SQLSTATE that the server told. Cancelling the context of a call stops the statement on the
// server.
//
// The package does not send a statement again by itself: only [Client.Retry] does, when the server said that the
// transaction was undone. The driver for database/sql is package sqldriver, the builder of simple statements package
// query.
package client
