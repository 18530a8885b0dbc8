package node

import (
	"io"
	"log/slog"

	"github.com/micodb/micodb/internal/sqlerr"
)

// LevelTrace is below slog's debug: every request.
const LevelTrace = slog.LevelDebug - 4

// NewLogger returns a logger of a level (trace, debug, info, warn, error) and a format (text, json).
func NewLogger(w io.Writer, level, format string) (*slog.Logger, error) {
	levels := map[string]slog.Level{
		"trace": LevelTrace, "debug": slog.LevelDebug, "info": slog.LevelInfo,
		"warn": slog.LevelWarn, "error": slog.LevelError,
	}
	l, ok := levels[level]
	if !ok {
		return nil, sqlerr.New(sqlerr.InvalidParameterValue,
			"--log-level %s is not one of trace, debug, info, warn, error", level)
	}
	options := &slog.HandlerOptions{Level: l}
	switch format {
	case "text":
		return slog.New(slog.NewTextHandler(w, options)), nil
	case "json":
		return slog.New(slog.NewJSONHandler(w, options)), nil
	default:
		return nil, sqlerr.New(sqlerr.InvalidParameterValue, "--log-format %s is neither text nor json", format)
	}
}
