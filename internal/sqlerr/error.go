package sqlerr

import (
	"context"
	"errors"
	"fmt"
	"syscall"
)

// Position is a place in an SQL text. Line and Column count from 1, Column in characters.
type Position struct{ Line, Column int }

// Error is a failure as a user sees it.
type Error struct {
	Code     Code
	Message  string    // what was wrong, in lower case, without a full stop
	Hint     string    // what to do; empty when the message says it
	Position *Position // where in the SQL text; nil when the text has no part in it
	cause    error     // logged, not sent
}

// New makes an error of a code; the format is fmt.Sprintf's.
func New(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// Wrap makes an error of a code with a cause that is logged and not sent.
func Wrap(cause error, code Code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...), cause: cause}
}

// NotSupported is 0A000 with the construct's name.
func NotSupported(construct string) *Error {
	return New(FeatureNotSupported, "%s is not supported", construct)
}

// WithHint returns a copy that also says what to do.
func (e *Error) WithHint(format string, args ...any) *Error {
	c := *e
	c.Hint = fmt.Sprintf(format, args...)
	return &c
}

// At returns a copy with a position in the SQL text.
func (e *Error) At(p Position) *Error {
	c := *e
	c.Position = &p
	return &c
}

// Error is the text that a client gets: message, position, hint.
func (e *Error) Error() string {
	s := e.Message
	if e.Position != nil {
		s += fmt.Sprintf(" (line %d, column %d)", e.Position.Line, e.Position.Column)
	}
	if e.Hint != "" {
		s += ": " + e.Hint
	}
	return s
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.cause }

// From returns err as an Error: itself where it wraps one, else with the code that its kind tells: context
// ends are QueryCanceled, a full disk DiskFull, anything else InternalError.
func From(err error) *Error {
	var e *Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &e):
		return e
	case errors.Is(err, context.Canceled):
		return Wrap(err, QueryCanceled, "the query was cancelled")
	case errors.Is(err, context.DeadlineExceeded):
		return Wrap(err, QueryCanceled, "the query ran into its time limit")
	case errors.Is(err, syscall.ENOSPC):
		return Wrap(err, DiskFull, "the disk is full")
	}
	return Wrap(err, InternalError, "internal error")
}

// CodeOf returns the code of an error, "" for nil.
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	return From(err).Code
}
