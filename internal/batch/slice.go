package batch

import (
	"context"
	"io"

	"github.com/apache/arrow-go/v18/arrow"
)

// slice is a Stream over batches in memory.
type slice struct {
	schema *arrow.Schema
	rest   []arrow.RecordBatch
}

// NewSlice returns a Stream that hands out batches of a schema. It owns them.
func NewSlice(schema *arrow.Schema, batches ...arrow.RecordBatch) Stream {
	return &slice{schema: schema, rest: batches}
}

// Schema returns the schema of all batches.
func (s *slice) Schema() *arrow.Schema { return s.schema }

// Next hands out the next batch.
func (s *slice) Next(ctx context.Context) (arrow.RecordBatch, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if len(s.rest) == 0 {
		return nil, io.EOF
	}
	r := s.rest[0]
	s.rest = s.rest[1:]
	return r, nil
}

// Close releases what was not handed out.
func (s *slice) Close() error {
	for _, r := range s.rest {
		r.Release()
	}
	s.rest = nil
	return nil
}

// concat is several streams one after the other.
type concat struct {
	schema  *arrow.Schema
	streams []Stream
	err     error
}

// Concat returns a Stream of all batches of streams of one schema, in order. It owns and closes them.
func Concat(schema *arrow.Schema, streams ...Stream) Stream {
	return &concat{schema: schema, streams: streams}
}

// Schema returns the common schema.
func (c *concat) Schema() *arrow.Schema { return c.schema }

// Next hands out the next batch of the first stream that has one.
func (c *concat) Next(ctx context.Context) (arrow.RecordBatch, error) {
	for c.err == nil {
		if len(c.streams) == 0 {
			c.err = io.EOF
			break
		}
		r, err := c.streams[0].Next(ctx)
		if err == nil {
			return r, nil
		}
		if err != io.EOF { //nolint:errorlint // a stream ends with io.EOF itself
			c.err = err
			break
		}
		done := c.streams[0]
		c.streams = c.streams[1:]
		if err := done.Close(); err != nil {
			c.err = err
		}
	}
	return nil, c.err
}

// Close closes the streams that are left.
func (c *concat) Close() error {
	var first error
	for _, s := range c.streams {
		if err := s.Close(); err != nil && first == nil {
			first = err
		}
	}
	c.streams = nil
	if c.err == nil {
		c.err = io.EOF
	}
	return first
}

// Collect reads a stream to its end and closes it. The batches are the caller's.
func Collect(ctx context.Context, s Stream) (all []arrow.RecordBatch, err error) {
	defer func() {
		if failed := s.Close(); err == nil {
			err = failed
		}
		if err != nil {
			for _, r := range all {
				r.Release()
			}
			all = nil
		}
	}()
	for {
		r, err := s.Next(ctx)
		if err == io.EOF { //nolint:errorlint // a stream ends with io.EOF itself
			return all, nil
		}
		if err != nil {
			return all, err
		}
		all = append(all, r)
	}
}
