package limits

import (
	"fmt"
	"strconv"
	"time"

	"github.com/micodb/micodb/internal/sqlerr"
)

// Flag is a limit that `micodb serve` has a flag for.
type Flag struct {
	Name  string
	Value any   // *int of a number, *int64 of a size in bytes, or *time.Duration
	Min   int64 // of durations in nanoseconds
	Max   int64
	Zero  string      // what 0 means when it is below Min and still allowed
	Help  string      // what is bounded
	Above sqlerr.Code // what a client is told, none for a connection that is closed without a word
	Then  string      // what becomes of the connection or the session
}

// What becomes of a client that asked for more.
const (
	goesOn  = "the session goes on"
	ends    = "the connection is closed"
	refused = "the new connection is closed"
)

const (
	sizeMax   = 1 << 30
	memoryMax = 1 << 50
	countMax  = 1_000_000
	timeMin   = int64(time.Millisecond)
	timeMax   = int64(30 * 24 * time.Hour)
)

func count(name string, value *int, least int64, help string) Flag {
	return Flag{Name: name, Value: value, Min: least, Max: countMax, Help: help, Then: goesOn}
}

func size(name string, value *int64, least int64, help string) Flag {
	return Flag{Name: name, Value: value, Min: least, Max: sizeMax, Help: help, Then: goesOn}
}

func period(name string, value *time.Duration, help string) Flag {
	return Flag{Name: name, Value: value, Min: timeMin, Max: timeMax, Help: help, Then: goesOn}
}

func (f Flag) above(then string, code sqlerr.Code) Flag {
	f.Above, f.Then = code, then
	return f
}

// then is above for what answers without an SQLSTATE.
func (f Flag) then(then string) Flag { return f.above(then, "") }

func (f Flag) zero(means string) Flag {
	f.Zero = means
	return f
}

func (f Flag) least(d time.Duration) Flag {
	f.Min = int64(d)
	return f
}

func (f Flag) most(n int64) Flag {
	f.Max = n
	return f
}

// Flags lists the limits of l, whose members the flags point into.
func (l *Limits) Flags() []Flag {
	all := append(l.statementFlags(), l.sessionFlags()...)
	all = append(all, l.flightFlags()...)
	return append(all, l.jsonFlags()...)
}

// The deepest that texts may ever nest, which are parsed by recursion. The grammar of SQL ends at 200.
const (
	depthMax     = 150
	jsonDepthMax = 1000
)

func (l *Limits) statementFlags() []Flag {
	const tooLong = sqlerr.ProgramLimitExceeded
	return []Flag{
		size("max-statement-size", &l.Statement.Bytes, 1<<10, "size of one SQL statement").above(goesOn, tooLong),
		count("max-statement-depth", &l.Statement.Depth, 10, "nested brackets and CASEs of one SQL statement").
			most(depthMax).above(goesOn, tooLong),
		count("max-parameters", &l.Statement.Parameters, 1, "parameters of one SQL statement").above(goesOn, tooLong),
		count("max-parameter-rows", &l.ParameterRows, 1, "rows of parameters of one execution").most(1<<24).
			above(goesOn, tooLong),
		size("max-parameter-size", &l.ParameterBytes, 1<<10, "size of the parameters that a statement keeps bound").
			above(goesOn, sqlerr.LimitExceeded),
		size("max-query-memory", &l.QueryMemoryBytes, 1<<20, "memory of one query").most(memoryMax).
			zero("what all queries share").above(goesOn, sqlerr.OutOfMemory),
		size("max-returning-size", &l.ReturnedBytes, 1<<10, "size of the rows of one RETURNING").
			above(goesOn, sqlerr.LimitExceeded),
		period("statement-timeout", &l.StatementTimeout, "time that a statement may run; SET statement_timeout "+
			"shortens it for a session").zero("no limit").above(goesOn, sqlerr.QueryCanceled),
		period("statement-wait", &l.StatementWait, "time that a statement waits for another one of its transaction").
			above(goesOn, sqlerr.ObjectInUse),
	}
}

func (l *Limits) sessionFlags() []Flag {
	return []Flag{
		count("max-sessions", &l.Sessions, 1, "open sessions").above("the call is refused", sqlerr.TooManyConnections),
		count("max-statements", &l.Statements, 1, "prepared statements and unread results that one session holds").
			above(goesOn, sqlerr.LimitExceeded),
		count("max-transactions", &l.Transactions, 1, "open transactions").above(goesOn, sqlerr.LimitExceeded),
		period("transaction-idle-timeout", &l.TransactionIdle, "time after which an idle transaction is rolled back").
			above(goesOn, sqlerr.IdleTransaction),
		period("session-idle-timeout", &l.SessionIdle, "time after which an idle session of Flight SQL is closed").
			above("the next call runs nothing and the one after it opens a new session", sqlerr.SessionLost),
		period("login-timeout", &l.LoginTimeout, "time within which a connection must log in").
			then(ends + ", after an answer with 28000 on the JSON port"),
		count("max-connections-before-login", &l.ConnectionsNoUser, 1, "open connections of one port on which nobody "+
			"has logged in").above(refused, sqlerr.TooManyConnections),
		count("max-http-connections", &l.HTTPConnections, 1, "open connections of the health and metrics port").
			then(refused),
	}
}

func (l *Limits) flightFlags() []Flag {
	return []Flag{
		count("max-flight-connections", &l.FlightConnections, 1, "open connections of Flight SQL").then(refused),
		size("max-message-size", &l.MessageBytes, 1<<10, "size of one message from a client, such as a record batch").
			zero("a share of --memory-limit").then("gRPC answers ResourceExhausted; " + goesOn),
		size("flight-answer-size", &l.AnswerBytes, 1<<10, "size of one message to a client: larger batches are cut").
			then("a single larger row is sent as it is"),
		size("max-ingest-memory", &l.IngestBytes, 1<<20, "memory for the decoded batches of one call").most(memoryMax).
			above(goesOn, sqlerr.OutOfMemory),
		count("max-batch-rows", &l.BatchRows, 1, "rows of one batch from a client").most(1<<30).
			above(goesOn, sqlerr.LimitExceeded),
		count("max-calls", &l.Calls, 1, "calls at once on one connection of Flight SQL").then("further calls wait"),
		size("max-header-size", &l.HeaderBytes, 1<<10, "size of the headers of one call").then("the call fails"),
		period("connect-timeout", &l.ConnectTimeout, "time within which TLS and HTTP/2 must have shaken hands").
			then(ends),
		period("ticket-life", &l.TicketLife, "time after which an unread ticket is void").
			above(goesOn, sqlerr.UndefinedObject),
		period("keepalive-time", &l.KeepAliveTime, "time after which a silent connection is pinged").
			least(time.Second).then("it is pinged"),
		period("keepalive-timeout", &l.KeepAliveTimeout, "time within which a ping must be answered").then(ends),
		period("keepalive-minimum", &l.KeepAliveMinimum, "time that a client must leave between its own pings").
			then(ends),
	}
}

func (l *Limits) jsonFlags() []Flag {
	return []Flag{
		count("max-json-connections", &l.JSONConnections, 1, "open connections of the JSON port").
			above(refused, sqlerr.TooManyConnections),
		size("max-line-size", &l.LineBytes, 1<<10, "size of one request of the JSON port").
			above("the line is dropped; "+goesOn, sqlerr.ProgramLimitExceeded),
		size("max-login-line-size", &l.LoginLineBytes, 1<<10, "size of one request of the JSON port before a login").
			above("the line is dropped; "+goesOn, sqlerr.ProgramLimitExceeded),
		count("max-json-depth", &l.JSONDepth, 4, "nested arrays and objects of one request of the JSON port").
			most(jsonDepthMax).above(goesOn, sqlerr.ProgramLimitExceeded),
		size("max-json-answer-size", &l.JSONAnswerBytes, 1<<10, "size of the rows of one answer of the JSON port, "+
			"but a stream").above(goesOn, sqlerr.LimitExceeded),
		period("line-timeout", &l.LineTimeout, "time from the first byte of a request to its end").
			above("then "+ends, sqlerr.ProtocolViolation),
		period("write-timeout", &l.WriteTimeout, "time that a client of the JSON port may take to read").then(ends),
		count("stream-rows", &l.StreamRows, 1, "rows between flushes of a stream of the JSON port").
			then("they are sent"),
		count("max-stream-rows", &l.StreamRowsMax, 1, "the largest batch_size of the JSON port").most(1 << 30).
			then("it counts as the largest"),
		size("stream-buffer-size", &l.StreamBufferBytes, 1<<10, "size of a stream's rows that are flushed at once").
			then("they are sent"),
	}
}

// Number returns the value: of durations in nanoseconds.
func (f Flag) Number() int64 {
	switch v := f.Value.(type) {
	case *int:
		return int64(*v)
	case *int64:
		return *v
	case *time.Duration:
		return int64(*v)
	}
	return 0
}

// Text writes a number as the flag's value is written.
func (f Flag) Text(n int64) string {
	switch f.Value.(type) {
	case *time.Duration:
		return time.Duration(n).String()
	case *int64:
		return SizeText(n)
	}
	return strconv.FormatInt(n, 10)
}

// Validate returns 22023 for the first limit that is out of its range.
func (l *Limits) Validate() error {
	for _, f := range l.Flags() {
		n := f.Number()
		if n >= f.Min && n <= f.Max || n == 0 && f.Zero != "" {
			continue
		}
		hint := fmt.Sprintf("it goes from %s to %s", f.Text(f.Min), f.Text(f.Max))
		if f.Zero != "" {
			hint += "; 0: " + f.Zero
		}
		return sqlerr.New(sqlerr.InvalidParameterValue, "--%s %s is out of range", f.Name, f.Text(n)).
			WithHint("%s", hint)
	}
	return nil
}
