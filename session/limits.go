package session

import "time"

// Limits bound what clients may ask for. A zero member is replaced by the default's.
type Limits struct {
	Sessions             int           // open at once
	TransactionsOpen     int           // open at once, begun by clients
	StatementsPerSession int           // prepared at once
	StatementBytes       int           // of one SQL text
	ParameterRows        int           // of one execution
	StatementTimeout     time.Duration // of one execution, reading its result included
	StatementWait        time.Duration // for another statement of the same transaction
	TransactionIdle      time.Duration // between two statements
	QueryMemoryBytes     int64         // of one query; 0: the server's own
	TicketBytes          int           // of a payload
	ReturnedBytes        int64         // of the rows of one RETURNING
}

// DefaultLimits are the limits of a server that is not told others.
func DefaultLimits() Limits {
	return Limits{
		Sessions:             4096,
		TransactionsOpen:     4096,
		StatementsPerSession: 1024,
		StatementBytes:       16 << 20,
		ParameterRows:        1 << 20,
		StatementTimeout:     time.Hour, // a snapshot is not kept longer
		StatementWait:        10 * time.Second,
		TransactionIdle:      5 * time.Minute,
		TicketBytes:          64 << 10,
		ReturnedBytes:        64 << 20,
	}
}

func or[T comparable](v, otherwise T) T {
	var zero T
	if v == zero {
		return otherwise
	}
	return v
}

// withDefaults fills in what is zero.
func (l Limits) withDefaults() Limits {
	d := DefaultLimits()
	l.Sessions = or(l.Sessions, d.Sessions)
	l.TransactionsOpen = or(l.TransactionsOpen, d.TransactionsOpen)
	l.StatementsPerSession = or(l.StatementsPerSession, d.StatementsPerSession)
	l.StatementBytes = or(l.StatementBytes, d.StatementBytes)
	l.ParameterRows = or(l.ParameterRows, d.ParameterRows)
	l.StatementTimeout = or(l.StatementTimeout, d.StatementTimeout)
	l.StatementWait = or(l.StatementWait, d.StatementWait)
	l.TransactionIdle = or(l.TransactionIdle, d.TransactionIdle)
	l.TicketBytes = or(l.TicketBytes, d.TicketBytes)
	l.ReturnedBytes = or(l.ReturnedBytes, d.ReturnedBytes)
	return l
}
