// Package flightsrv serves Arrow Flight SQL over gRPC on the sessions of package session.
//
// The way of a call: an interceptor authenticates it, finds the client's session, and recovers panics; the
// handler speaks session's interfaces only; an error leaves as a gRPC status whose message begins with its
// SQLSTATE. Nothing is authorized here.
//
// A client is told apart by its cookie, else by the token that its handshake returned, else by its connection;
// never by its user. Its session holds SQL BEGIN, USE and its statements, and is closed when the client says so,
// idles too long, or its connection ends. A client that comes by cookie or token is told once when its session is lost.
//
// What a client is handed (tickets, prepared handles, transaction ids, savepoints) is signed and bound to its
// principal. Statements behind handles live in this process and end with their session.
//
// Bytes of clients are untrusted: IPC is decoded with an allocator that ends at a budget, and each array is
// checked before anybody reads it.
package flightsrv
