package client

import (
	"context"
	"errors"
	"io"
	"regexp"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// Error is a failure that the server told.
type Error struct {
	SQLState string // five characters, empty when the server told none
	Message  string
	cause    error
	ended    error // of the call's context, when it has ended
}

// Error returns the message with its SQLSTATE.
func (e *Error) Error() string {
	if e.SQLState == "" {
		return e.Message
	}
	return e.SQLState + ": " + e.Message
}

// settles tells whether a commit that failed so has not happened: what the server says about a commit that was
// cancelled or ran into a defect leaves that open, and so does silence.
func (e *Error) settles() bool {
	switch {
	case len(e.SQLState) != len("40001"):
		return false
	case strings.HasPrefix(e.SQLState, "57"), strings.HasPrefix(e.SQLState, "58"), strings.HasPrefix(e.SQLState, "XX"):
		return false
	default:
		return true
	}
}

// breaks tells whether a connection that failed so had better not be used again: it is gone, or its login.
func breaks(err error) bool {
	e, ok := errors.AsType[*Error](err)
	if !ok {
		return false
	}
	code := status.Code(e.cause)
	return code == codes.Unavailable || code == codes.Unauthenticated || code == codes.Internal && e.SQLState == ""
}

// Unwrap returns the gRPC error, and what ended the context of the call, so that errors.Is finds context.Canceled.
func (e *Error) Unwrap() []error {
	if e.ended == nil {
		return []error{e.cause}
	}
	return []error{e.cause, e.ended}
}

// failed is serverError, and says that the context of the call has ended.
func failed(ctx context.Context, err error) error {
	err = serverError(err)
	if e, ok := errors.AsType[*Error](err); ok && ctx.Err() != nil {
		e.ended = ctx.Err()
	}
	return err
}

// IsRetryable tells whether a transaction failed only because of another one: run it again.
func IsRetryable(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.SQLState == "40001"
}

// stateForm is how the server writes a failure: SQLSTATE, colon, message.
func stateForm() *regexp.Regexp {
	return regexp.MustCompile(`(?s)^(?:.*?desc = )?([0-9A-Z]{5}): (.*)$`)
}

// advice returns what to do about a connection that failed, where that can be told.
func advice(message string) string {
	switch {
	case strings.Contains(message, "server preface"):
		return " (a server with TLS wants an address that starts with grpc+tls://)"
	case strings.Contains(message, "first record does not look like a TLS handshake"):
		return " (a server without TLS wants an address that starts with grpc://)"
	case strings.Contains(message, "failed to verify certificate"):
		return " (trust the certificate that signed the server's, or for a server of your own any)"
	default:
		return ""
	}
}

// serverError turns a gRPC status into an Error; nil and end of file are nil.
func serverError(err error) error {
	if err == nil || errors.Is(err, io.EOF) {
		return nil
	}
	if _, ok := errors.AsType[*Error](err); ok {
		return err
	}
	s, ok := status.FromError(err)
	if !ok {
		return err
	}
	e := &Error{Message: s.Message(), cause: err}
	if m := stateForm().FindStringSubmatch(s.Message()); m != nil {
		e.SQLState, e.Message = m[1], m[2]
	} else if s.Code() == codes.Canceled || s.Code() == codes.DeadlineExceeded {
		e.SQLState, e.Message = "57014", "the query was cancelled"
	} else if s.Code() == codes.Unavailable {
		e.Message = "the server can't be reached: " + s.Message() + advice(s.Message())
	}
	return e
}
