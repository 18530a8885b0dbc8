package exec

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/micodb/micodb/internal/vector"
)

// Limit keeps Count rows (-1: all) after Offset. It ends the work below it as soon as it has them.
type Limit struct {
	Input         Operator
	Count, Offset int64
}

// Schema returns the input's.
func (l *Limit) Schema() Schema { return l.Input.Schema() }

// Inputs returns the input.
func (l *Limit) Inputs() []Operator { return []Operator{l.Input} }

// String shows count and offset.
func (l *Limit) String() string {
	switch {
	case l.Count < 0:
		return fmt.Sprintf("Limit offset %d", l.Offset)
	case l.Offset == 0:
		return fmt.Sprintf("Limit %d", l.Count)
	default:
		return fmt.Sprintf("Limit %d offset %d", l.Count, l.Offset)
	}
}

// Start starts the input, unless no row is wanted.
func (l *Limit) Start(ctx context.Context, q *Query) (Stream, error) {
	if l.Count == 0 {
		return streamOf(func(int) (Source, error) { return sourceOf(nothing), nil }), nil
	}
	from, err := q.start(ctx, l.Input)
	if err != nil {
		return nil, err
	}
	quota := &quota{skip: l.Offset, left: l.Count, all: l.Count < 0}
	return streamOf(func(worker int) (Source, error) {
		src, err := from.Open(worker)
		return &limitSource{from: src, quota: quota}, err
	}), nil
}

// errEnough stops the workers below a limit that has all its rows.
var errEnough = errors.New("the limit has all its rows")

// quota is what all workers of a limit share.
type quota struct {
	mu   sync.Mutex // guards what follows
	skip int64
	left int64
	all  bool // left doesn't count
	stop []context.CancelCauseFunc
}

// take says how many of the next n rows to leave out and how many then to keep.
func (q *quota) take(n int) (skip, keep int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	skip = int(min(q.skip, int64(n)))
	q.skip -= int64(skip)
	keep = n - skip
	if q.all {
		return skip, keep
	}
	keep = int(min(q.left, int64(keep)))
	q.left -= int64(keep)
	if q.left == 0 {
		for _, stop := range q.stop {
			stop(errEnough)
		}
		q.stop = nil
	}
	return skip, keep
}

// join adds a worker to those that are stopped; it returns false when there is nothing left to do.
func (q *quota) join(stop context.CancelCauseFunc) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.left == 0 && !q.all {
		return false
	}
	q.stop = append(q.stop, stop)
	return true
}

type limitSource struct {
	from  Source
	quota *quota
	next  func() (*vector.Chunk, error) // the input under a context that the quota cancels
	full  func() bool                   // whether it has
	stop  context.CancelCauseFunc
	ended bool
	out   vector.Chunk
}

// Next passes rows on while some are wanted.
func (s *limitSource) Next(ctx context.Context) (*vector.Chunk, error) {
	if s.next == nil {
		inner, stop := context.WithCancelCause(ctx)
		s.next, s.stop = func() (*vector.Chunk, error) { return s.from.Next(inner) }, stop
		s.full = func() bool { return errors.Is(context.Cause(inner), errEnough) }
		s.ended = !s.quota.join(stop)
	}
	for !s.ended {
		c, err := s.next()
		if err != nil && s.full() { // of whatever kind: a scan that is stopped says context.Canceled
			break
		}
		if c == nil || err != nil {
			return nil, err
		}
		rows := c.Sel
		if rows == nil {
			rows = vector.All(c.Len)
		}
		skip, keep := s.quota.take(len(rows))
		if keep > 0 {
			s.out = vector.Chunk{Len: c.Len, Columns: c.Columns, Sel: rows[skip : skip+keep]}
			if skip == 0 && keep == len(rows) {
				s.out.Sel = c.Sel
			}
			return &s.out, nil
		}
		s.ended = skip < len(rows)
	}
	s.ended = true
	return nil, nil //nolint:nilnil // the contract of Source
}

// Close closes the input.
func (s *limitSource) Close() error {
	if s.stop != nil {
		s.stop(nil)
	}
	return s.from.Close()
}
