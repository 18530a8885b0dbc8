package flightsrv

import "time"

// externalBytesMax is the longest query that a ticket carries; session.Limits.TicketBytes is above it.
const externalBytesMax = 60 << 10

// Limits bound what clients may ask for. A zero field means its default.
type Limits struct {
	ReceiveMessageBytes int           // one message from a client, a record batch being one message
	SendMessageBytes    int           // one message to a client, unless a single row is larger
	IngestBytes         int64         // memory of one DoPut's decoded batches
	BatchRows           int64         // rows of one batch from a client
	ParameterBytes      int64         // parameters that one prepared statement keeps bound
	Connections         int           // that are open at once
	Sessions            int           // sessions that are open at once
	Statements          int           // statements and tickets that one client holds
	ConcurrentStreams   uint32        // calls at once on one connection
	HeaderBytes         uint32        // headers of one call
	ConnectTimeout      time.Duration // until TLS and HTTP/2 have shaken hands
	SessionIdle         time.Duration // a session without a call is closed
	TicketLife          time.Duration // a ticket that is not read or renewed is void
	KeepAliveTime       time.Duration // a silent connection is pinged
	KeepAliveTimeout    time.Duration // and closed without an answer
	KeepAliveMinimum    time.Duration // a client that pings oftener is refused
}

// DefaultLimits are the limits of a server that sets none.
func DefaultLimits() Limits {
	return Limits{
		ReceiveMessageBytes: 128 << 20,
		SendMessageBytes:    4 << 20,
		IngestBytes:         512 << 20,
		BatchRows:           16 << 20,
		ParameterBytes:      16 << 20,
		Connections:         2000,
		Sessions:            1000,
		Statements:          1000,
		ConcurrentStreams:   256,
		HeaderBytes:         64 << 10,
		ConnectTimeout:      20 * time.Second,
		SessionIdle:         30 * time.Minute,
		TicketLife:          10 * time.Minute,
		KeepAliveTime:       2 * time.Minute,
		KeepAliveTimeout:    20 * time.Second,
		KeepAliveMinimum:    10 * time.Second,
	}
}

// withDefaults fills the fields that are zero.
func (l Limits) withDefaults() Limits {
	d := DefaultLimits()
	fill(&l.ReceiveMessageBytes, d.ReceiveMessageBytes)
	fill(&l.SendMessageBytes, d.SendMessageBytes)
	fill(&l.IngestBytes, d.IngestBytes)
	fill(&l.BatchRows, d.BatchRows)
	fill(&l.ParameterBytes, d.ParameterBytes)
	fill(&l.Connections, d.Connections)
	fill(&l.Sessions, d.Sessions)
	fill(&l.Statements, d.Statements)
	fill(&l.ConcurrentStreams, d.ConcurrentStreams)
	fill(&l.HeaderBytes, d.HeaderBytes)
	fill(&l.ConnectTimeout, d.ConnectTimeout)
	fill(&l.SessionIdle, d.SessionIdle)
	fill(&l.TicketLife, d.TicketLife)
	fill(&l.KeepAliveTime, d.KeepAliveTime)
	fill(&l.KeepAliveTimeout, d.KeepAliveTimeout)
	fill(&l.KeepAliveMinimum, d.KeepAliveMinimum)
	return l
}

func fill[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}
