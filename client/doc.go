// Package client is the Go client of MicoDB: a connection over Arrow Flight SQL that logs in once, runs
// statements, and streams rows as Arrow record batches.
//
// A Client is safe for concurrent use and holds one session: BEGIN, USE and SET hold for its later statements.
// Cancelling the context of a call stops the statement on the server.
package client
