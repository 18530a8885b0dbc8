// Package jsonproto is the line-based JSON/NDJSON protocol on TCP, for clients that exist and can't change: an
// adapter on the same sessions and record-batch streams as Flight SQL.
//
// One request is one JSON object on one line; requests of a connection are answered strictly in order; a
// connection outlives errors. An answer that is no stream is one line, sent as one write, because old clients
// do a single recv. A stream holds one batch in memory, never the result.
package jsonproto
