package session

import (
	"context"
	"log/slog"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/micodb/micodb/engine/parser/lex"
	"github.com/micodb/micodb/internal/limits"
)

// slowTextBytes is how much of a slow statement's text goes into the log.
const slowTextBytes = 1 << 10

// finished counts a statement that ended, and writes a line about a slow one.
func (s *Server) finished(ctx context.Context, q RunningQuery, outcome string) {
	m := s.config.Metrics.Queries
	took := time.Since(q.Started)
	m.Finished.WithLabelValues(q.Kind, outcome).Inc()
	m.Seconds.WithLabelValues(q.Kind).Observe(took.Seconds())
	if s.config.SlowQuery <= 0 || took < s.config.SlowQuery {
		return
	}
	m.Slow.Inc()
	s.log.LogAttrs(ctx, slog.LevelWarn, "slow statement",
		slog.Int64("duration_ms", took.Milliseconds()), slog.Int64("rows", q.Rows), slog.String("outcome", outcome),
		slog.Uint64("query", q.ID), slog.Uint64("session", q.Session), slog.String("user", q.User),
		slog.String("door", string(q.Door)), slog.String("address", q.Address), slog.String("kind", q.Kind),
		slog.String("sql", clip(q.SQL, slowTextBytes)))
}

// clip shortens a text to at most some bytes, and says so.
func clip(text string, most int) string {
	if len(text) <= most {
		return text
	}
	cut := most
	for cut > 0 && !utf8.RuneStart(text[cut]) {
		cut--
	}
	return text[:cut] + "…"
}

// shown is a statement as views and logs show it: what stands in quotes in one about users may be a password.
func shown(sql, kind string, most limits.Statement) string {
	if kind != kindUser {
		return sql
	}
	text, err := lex.Tokenize(sql, most)
	if err != nil {
		return "" // it was parsed: this can't be
	}
	var b strings.Builder
	at := 0
	for _, t := range text.Tokens {
		if t.Kind == lex.String {
			b.WriteString(sql[at:t.Start])
			b.WriteString("'***'")
			at = t.Stop
		}
	}
	b.WriteString(sql[at:])
	return b.String()
}
