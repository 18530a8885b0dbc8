package jsonproto

import "time"

// Limits bound what a client can make the server hold or wait for. A zero member means its default.
type Limits struct {
	LineBytes         int           // of one request
	LoginLineBytes    int           // of one request before anybody logged in on the connection
	Depth             int           // of nested arrays and objects in a request
	AnswerBytes       int           // of one answer that is no stream
	Connections       int           // open at once
	LineTimeout       time.Duration // from the first byte of a line to its end
	LoginTimeout      time.Duration // from the connection's start to a login
	WriteTimeout      time.Duration // of one write: a client that reads nothing for so long is gone
	StreamRows        int           // between flushes of a stream, when the client names no batch_size
	StreamRowsMax     int           // the largest batch_size
	StreamBufferBytes int           // of a stream before it is flushed in any case
}

// DefaultLimits returns the limits of a server that is told none.
func DefaultLimits() Limits {
	return Limits{
		LineBytes:         16 << 20,
		LoginLineBytes:    1 << 20,
		Depth:             64,
		AnswerBytes:       256 << 20,
		Connections:       1000,
		LineTimeout:       time.Minute,
		LoginTimeout:      30 * time.Second,
		WriteTimeout:      time.Minute,
		StreamRows:        1000,
		StreamRowsMax:     1 << 20,
		StreamBufferBytes: 1 << 20,
	}
}

func (l Limits) withDefaults() Limits {
	d := DefaultLimits()
	for _, p := range []struct{ value, otherwise *int }{
		{&l.LineBytes, &d.LineBytes},
		{&l.LoginLineBytes, &d.LoginLineBytes},
		{&l.Depth, &d.Depth},
		{&l.AnswerBytes, &d.AnswerBytes},
		{&l.Connections, &d.Connections},
		{&l.StreamRows, &d.StreamRows},
		{&l.StreamRowsMax, &d.StreamRowsMax},
		{&l.StreamBufferBytes, &d.StreamBufferBytes},
	} {
		if *p.value == 0 {
			*p.value = *p.otherwise
		}
	}
	for _, p := range []struct{ value, otherwise *time.Duration }{
		{&l.LineTimeout, &d.LineTimeout},
		{&l.LoginTimeout, &d.LoginTimeout},
		{&l.WriteTimeout, &d.WriteTimeout},
	} {
		if *p.value == 0 {
			*p.value = *p.otherwise
		}
	}
	return l
}
