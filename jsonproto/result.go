package jsonproto

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"strconv"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/micodb/micodb/internal/batch"
	"github.com/micodb/micodb/internal/limits"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/session"
)

// streamingError starts the message about a stream that could not begin.
const streamingError = "Streaming error: "

// The lines of a stream that are no rows.
const (
	streamHead = `{"status":"ok","data":{"streaming":true},"auth_token":null,"token_expires_at":null}` + "\n"
	streamEnd  = `{"end":true}` + "\n"
)

// rows runs a query and answers with an array of row objects; a statement that changes rows gives their count.
func (c *conn) rows(ctx context.Context, s session.Session, tx session.Transaction, sql string) (answer, error) {
	statement, err := s.Prepare(ctx, tx, sql)
	if err != nil {
		return answer{}, err
	}
	defer statement.Close() //nolint:errcheck // it has ended
	if statement.Result() == nil {
		n, err := statement.Exec(ctx, nil)
		return ok(changed(n)), err
	}
	stream, err := statement.Query(ctx, nil)
	if err != nil {
		return answer{}, err
	}
	data, err := c.collect(ctx, stream)
	if e := stream.Close(); err == nil {
		err = e
	}
	if err != nil && statement.Once() {
		return answer{}, sqlerr.Wrap(err, sqlerr.CodeOf(err), "the change is made, but %s", sqlerr.From(err).Message)
	}
	return ok(data), err
}

// changed is the data of a statement without rows.
func changed(n int64) json.RawMessage {
	if n == 0 {
		return json.RawMessage("[]")
	}
	return json.RawMessage(`[{"count":` + strconv.FormatInt(n, 10) + `}]`)
}

// collect writes a whole result as an array, up to the limit of one answer.
func (c *conn) collect(ctx context.Context, stream batch.Stream) (json.RawMessage, error) {
	encoder, out := newRowEncoder(stream.Schema()), []byte{'['}
	err := eachRow(ctx, stream, func(b arrow.RecordBatch, i int) error {
		if len(out) > 1 {
			out = append(out, ',')
		}
		var err error
		if out, err = encoder.appendRow(out, b, i); err != nil {
			return err
		}
		if most := c.server.limits.JSONAnswerBytes; int64(len(out)+len("]")) > most {
			return sqlerr.New(sqlerr.LimitExceeded, "the answer has over %s", limits.SizeText(most)).
				WithHint(`ask for "format":"ndjson", which streams`)
		}
		return nil
	})
	return append(out, ']'), err
}

// eachRow calls f for every row of a stream.
func eachRow(ctx context.Context, stream batch.Stream, f func(b arrow.RecordBatch, i int) error) error {
	for {
		b, err := stream.Next(ctx)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		for i := range int(b.NumRows()) {
			if err := f(b, i); err != nil {
				b.Release()
				return err
			}
		}
		b.Release()
	}
}

// stream answers with a line a row. Until the first batch is there an error is an ordinary answer; after that it
// is one line in the place of the end.
func (c *conn) stream(ctx context.Context, s session.Session, tx session.Transaction, r *request, sql string) (
	a answer, streamed bool, err error,
) {
	statement, err := s.Prepare(ctx, tx, sql)
	if err != nil {
		return a, false, err
	}
	defer statement.Close() //nolint:errcheck // it has ended
	if statement.Result() == nil {
		n, err := statement.Exec(ctx, nil)
		if err != nil {
			return a, false, err
		}
		text := streamHead
		if n > 0 {
			text += `{"count":` + strconv.FormatInt(n, 10) + "}\n"
		}
		return a, true, c.write([]byte(text + streamEnd))
	}
	rows, err := statement.Query(ctx, nil)
	if err != nil {
		return a, false, err
	}
	defer rows.Close() //nolint:errcheck // Next told of what failed
	first, err := rows.Next(ctx)
	if err != nil && !errors.Is(err, io.EOF) {
		return a, false, err
	}
	w := &streamWriter{
		conn: c, out: []byte(streamHead), encoder: newRowEncoder(rows.Schema()), flushRows: c.flushRows(r),
	}
	for ; err == nil; first, err = rows.Next(ctx) {
		err := w.batch(first)
		first.Release()
		if err != nil {
			return w.fail(err)
		}
	}
	if !errors.Is(err, io.EOF) {
		return w.fail(err)
	}
	return a, true, w.end()
}

func (c *conn) flushRows(r *request) int {
	if r.BatchSize <= 0 {
		return c.server.limits.StreamRows
	}
	return min(r.BatchSize, c.server.limits.StreamRowsMax)
}

// streamWriter gathers lines until enough rows, or bytes, are worth a write.
type streamWriter struct {
	conn      *conn
	encoder   *rowEncoder
	out       []byte
	rows      int
	flushRows int
	broken    error // of the connection
}

func (w *streamWriter) batch(b arrow.RecordBatch) error {
	for i := range int(b.NumRows()) {
		var err error
		mark := len(w.out)
		if w.out, err = w.encoder.appendRow(w.out, b, i); err != nil {
			w.out = w.out[:mark]
			return err
		}
		w.out = append(w.out, '\n')
		if w.rows++; w.rows >= w.flushRows || int64(len(w.out)) >= w.conn.server.limits.StreamBufferBytes {
			if err := w.flush(); err != nil {
				return err
			}
		}
	}
	return nil
}

func (w *streamWriter) flush() error {
	w.broken = w.conn.write(w.out)
	w.out, w.rows = w.out[:0], 0
	return w.broken
}

func (w *streamWriter) end() error {
	w.out = append(w.out, streamEnd...)
	return w.flush()
}

// fail writes an error in the place of the end, unless it is the connection that broke.
func (w *streamWriter) fail(err error) (a answer, streamed bool, broken error) {
	if w.broken != nil {
		return a, true, w.broken
	}
	a = failure(err, "")
	w.out = append(w.out, a.line()...)
	return a, true, w.flush()
}
