package flightsrv

import (
	"context"
	"errors"
	"log/slog"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/micodb/micodb/internal/sqlerr"
)

// toStatus turns any error into what a client gets: the gRPC code of its SQLSTATE, and a message that begins
// with it. Causes stay behind.
func toStatus(err error) error {
	if err == nil {
		return nil
	}
	e := classify(err)
	return status.Error(sqlerr.Lookup(e.Code).GRPC, string(e.Code)+": "+e.Error())
}

// classify also gives a code to the statuses that grpc-go and arrow-go make of their own: bad messages, unknown
// commands, ended calls.
func classify(err error) *sqlerr.Error {
	if known, ok := errors.AsType[*sqlerr.Error](err); ok {
		return known
	}
	s, ok := status.FromError(err)
	if !ok || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return sqlerr.From(err)
	}
	switch s.Code() {
	case codes.InvalidArgument:
		return sqlerr.Wrap(err, sqlerr.ProtocolViolation, "%s", s.Message())
	case codes.Unimplemented:
		return sqlerr.Wrap(err, sqlerr.FeatureNotSupported, "%s", s.Message())
	case codes.Canceled, codes.DeadlineExceeded:
		return sqlerr.Wrap(err, sqlerr.QueryCanceled, "the call was cancelled")
	case codes.ResourceExhausted:
		return sqlerr.Wrap(err, sqlerr.LimitExceeded, "%s", s.Message())
	case codes.NotFound:
		return sqlerr.Wrap(err, sqlerr.UndefinedObject, "%s", s.Message())
	default:
		return sqlerr.From(err)
	}
}

// logFailure writes what the client does not get: the causes, and defects with their weight.
func (s *Server) logFailure(ctx context.Context, method string, err error) {
	e := classify(err)
	level := slog.LevelDebug
	switch e.Code {
	case sqlerr.InternalError, sqlerr.DataCorrupted, sqlerr.IOError, sqlerr.DiskFull:
		level = slog.LevelError
	default:
	}
	attrs := []slog.Attr{
		slog.String("method", method), slog.String("sqlstate", string(e.Code)), slog.String("error", e.Error()),
	}
	if cause := errors.Unwrap(e); cause != nil {
		attrs = append(attrs, slog.String("cause", cause.Error()))
	} else if e.Code == sqlerr.InternalError {
		attrs = append(attrs, slog.String("cause", err.Error()))
	}
	s.log.LogAttrs(ctx, level, "flight call failed", attrs...)
}
