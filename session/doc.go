// Package session is the one door to the database: it authenticates a principal, and authorizes, prepares,
// runs and transacts for it. Flight SQL, the JSON protocol and the console know nothing below it.
//
// Every path is authorized here and nowhere else: statements, prepared handles, tickets, metadata, ingest,
// cancel. Plans run through an Executor that the composition root hands in, the local engine's or the cluster's.
package session
