package exec

import (
	"context"

	"github.com/micodb/micodb/internal/vector"
)

// split makes a stream hand out chunks of at most Debug.ChunkRows rows. It takes what Start returns.
func (q *Query) split(from Stream, err error) (Stream, error) {
	if most := q.Debug.ChunkRows; most > 0 && most < vector.ChunkRows && err == nil {
		return splitStream{from, most}, nil
	}
	return from, err
}

type splitStream struct {
	from Stream
	most int // rows of a chunk
}

// Open opens a source.
func (s splitStream) Open(worker int) (Source, error) {
	from, err := s.from.Open(worker)
	return &splitSource{from: from, most: s.most}, err
}

type splitSource struct {
	from Source
	most int
	rest []uint16 // the chosen rows of the source's chunk that are not handed out yet
	out  vector.Chunk
}

// Next hands out the next rows of the source's chunk, or of its next one.
func (s *splitSource) Next(ctx context.Context) (*vector.Chunk, error) {
	if len(s.rest) == 0 {
		c, err := s.from.Next(ctx)
		if err != nil || c == nil || c.Count() <= s.most {
			return c, err
		}
		s.out, s.rest = *c, c.Sel
		if c.Sel == nil {
			s.rest = vector.All(c.Len)
		}
	}
	n := min(s.most, len(s.rest))
	s.out.Sel, s.rest = s.rest[:n:n], s.rest[n:]
	return &s.out, nil
}

// Close closes the source.
func (s *splitSource) Close() error { return s.from.Close() }
