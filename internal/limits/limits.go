// Package limits is where every limit of the server has its name, its default and its range.
//
// The rooms are given Limits and read what is theirs. Those that a flag sets are listed by All, from which
// `micodb serve` makes its flags and docs/limits.md is made; the constants below are limits that no flag moves.
package limits

import (
	"math"
	"reflect"
	"time"
)

// Limits bound what clients may ask for and hold. In the rooms a zero member means its default.
type Limits struct {
	Statement Statement // of one SQL text

	// Of statements and sessions, whichever door they came by.
	StatementTimeout  time.Duration // of one execution, reading its result included
	StatementWait     time.Duration // for another statement of the same transaction
	ParameterRows     int           // of one execution
	ParameterBytes    int64         // of the parameters that one statement keeps bound
	QueryMemoryBytes  int64         // of one query; 0: what all queries share
	ReturnedBytes     int64         // of the rows of one RETURNING
	Sessions          int           // open at once
	Statements        int           // prepared statements and tickets that one session holds
	Transactions      int           // begun by clients and open at once
	TransactionIdle   time.Duration // between two statements
	LoginTimeout      time.Duration // from a connection's start to a login
	ConnectionsNoUser int           // of one door, open at once on which nobody has logged in

	// Of Flight SQL.
	FlightConnections int           // open at once
	MessageBytes      int64         // of one message from a client, a record batch being one; 0: a share of memory
	AnswerBytes       int64         // of one message to a client, unless a single row is larger
	IngestBytes       int64         // of memory for one call's decoded batches
	BatchRows         int           // of one batch from a client
	Calls             int           // at once on one connection
	HeaderBytes       int64         // of the headers of one call
	ConnectTimeout    time.Duration // until TLS and HTTP/2 have shaken hands
	SessionIdle       time.Duration // a session without a call is closed
	TicketLife        time.Duration // a ticket that is not read or renewed is void
	KeepAliveTime     time.Duration // a silent connection is pinged
	KeepAliveTimeout  time.Duration // and closed without an answer
	KeepAliveMinimum  time.Duration // a client that pings oftener is refused

	// Of the JSON port.
	JSONConnections   int           // open at once
	LineBytes         int64         // of one request
	LoginLineBytes    int64         // of one request before a login
	JSONDepth         int           // of arrays and objects in a request
	JSONAnswerBytes   int64         // of one answer that is no stream
	LineTimeout       time.Duration // from the first byte of a line to its end
	WriteTimeout      time.Duration // of one write: a client that reads nothing for so long is gone
	StreamRows        int           // between flushes of a stream, when the client names no batch_size
	StreamRowsMax     int           // the largest batch_size
	StreamBufferBytes int64         // of a stream before it is flushed in any case

	// Of health and metrics.
	HTTPConnections int // open at once
}

// Statement bounds one SQL text.
type Statement struct {
	Bytes      int64
	Depth      int // of brackets, CASEs and prefixes
	Parameters int
}

// Never is a time that does not pass.
const Never = time.Duration(math.MaxInt64)

// MessageBytesMax is what MessageBytes is where memory is no matter.
const MessageBytesMax = 128 << 20

// The windows of HTTP/2, beyond which a client of Flight SQL waits until its server has read. They stay as they are: a
// server that finds out by itself which size a connection needs pings its clients with nearly every call that they
// make, and may be led to take sixteen times as much for each. A message above the window is let in whole once it is
// asked for.
const (
	StreamWindowBytes     = 1 << 20 // of a call, not read yet
	ConnectionWindowBytes = 4 << 20 // of all calls of a connection, on their way
)

// The limits of an Arrow IPC message that no flag moves.
const (
	MessageHeaderBytes = 16 << 20 // without the body
	SchemaFields       = 100_000  // nested ones too
	SchemaDepth        = 64
	SchemaPairs        = 100_000  // of metadata
	SchemaNameBytes    = 16 << 20 // of all names, time zones and metadata
	SharedTextBytes    = 16 << 20 // of the texts of a chunk of rows that share them, written out
	ZstdWindowBytes    = 8 << 20  // what RFC 8878 asks decoders to take, and encoders to stay within
)

// The limits of statements and tickets that no flag moves.
const (
	GroupingSets       = 1 << 12  // of one GROUP BY
	ExpressionNodes    = 1 << 17  // of one expression, after what COALESCE, BETWEEN and their like repeat
	StatementTokens    = 1 << 20  // words and signs of one SQL text: each takes some hundred bytes
	ViewDepth          = 32       // of views that read views
	RecursionRounds    = 1 << 20  // of a recursive query: each takes some ten microseconds at least
	StatementTreeDepth = 5000     // of a syntax tree: a chain of operators is as deep as it is long
	PlanCacheBytes     = 16 << 20 // of all plans that are kept for the next statement with the same text
	PlanTextBytes      = 16 << 10 // of a text whose plan is kept
	TicketBytes        = 64 << 10
	NamesExpected      = 1 << 16  // of clients that have logged in and not come yet
	TicketQueryBytes   = 60 << 10 // of the SQL text that a ticket of the JSON port carries
)

// Defaults are the limits of a server that is told none.
func Defaults() Limits {
	return Limits{
		Statement:         Statement{Bytes: 16 << 20, Depth: 100, Parameters: 1<<16 - 1},
		StatementTimeout:  time.Hour, // a snapshot is not kept longer
		StatementWait:     10 * time.Second,
		ParameterRows:     1 << 20,
		ParameterBytes:    16 << 20,
		ReturnedBytes:     64 << 20,
		Sessions:          4096,
		Statements:        1000,
		Transactions:      4096,
		TransactionIdle:   5 * time.Minute,
		LoginTimeout:      30 * time.Second,
		ConnectionsNoUser: 256,

		FlightConnections: 2000,
		AnswerBytes:       4 << 20,
		IngestBytes:       512 << 20,
		BatchRows:         16 << 20,
		Calls:             256,
		HeaderBytes:       64 << 10,
		ConnectTimeout:    20 * time.Second,
		SessionIdle:       30 * time.Minute,
		TicketLife:        10 * time.Minute,
		KeepAliveTime:     2 * time.Minute,
		KeepAliveTimeout:  20 * time.Second,
		KeepAliveMinimum:  10 * time.Second,

		JSONConnections:   1000,
		LineBytes:         16 << 20,
		LoginLineBytes:    1 << 20,
		JSONDepth:         64,
		JSONAnswerBytes:   256 << 20,
		LineTimeout:       time.Minute,
		WriteTimeout:      time.Minute,
		StreamRows:        1000,
		StreamRowsMax:     1 << 20,
		StreamBufferBytes: 1 << 20,

		HTTPConnections: 256,
	}
}

// Complete returns the limits with the default of every member that is zero.
func Complete(l Limits) Limits {
	d := Defaults()
	d.MessageBytes = MessageBytesMax
	fill(reflect.ValueOf(&l).Elem(), reflect.ValueOf(d))
	return l
}

func fill(to, from reflect.Value) {
	for i := range to.NumField() {
		switch member := to.Field(i); {
		case member.Kind() == reflect.Struct:
			fill(member, from.Field(i))
		case member.IsZero():
			member.Set(from.Field(i))
		}
	}
}
