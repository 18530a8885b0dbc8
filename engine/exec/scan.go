package exec

import (
	"context"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/internal/vector"
)

// Scan reads a table through an open catalog.Scan, which the plan's owner closes. It can be started once.
type Scan struct {
	Name string // as EXPLAIN shows it
	From catalog.Scan
	out  Schema
}

// NewScan makes an operator of an open scan, whose columns have the given names.
func NewScan(name string, from catalog.Scan, names []string) *Scan {
	s := &Scan{Name: name, From: from}
	columns := from.Columns()
	for i, name := range names {
		c := columns[i]
		k := Column{
			Name: name, Type: c.Type, Physical: c.Physical, Lo: c.Lo, Hi: c.Hi, Nullable: c.Nullable,
			Unifier: c.Unifier,
		}
		if c.Unifier != nil {
			k.Words = c.Unifier.Dictionary()
		}
		s.out = append(s.out, k)
	}
	return s
}

// Schema returns what the scan proved.
func (s *Scan) Schema() Schema { return s.out }

// Inputs returns nothing: a leaf.
func (*Scan) Inputs() []Operator { return nil }

// String names the table.
func (s *Scan) String() string { return "TableScan " + s.Name }

// Start opens nothing yet.
func (s *Scan) Start(_ context.Context, q *Query) (Stream, error) {
	return streamOf(func(worker int) (Source, error) {
		from, err := s.From.Open(worker)
		return &scanSource{query: q, worker: worker, from: from}, err
	}), nil
}

type scanSource struct {
	query  *Query
	worker int
	from   catalog.ChunkSource
}

// Next reads a chunk, unless the query was cancelled.
func (s *scanSource) Next(ctx context.Context) (*vector.Chunk, error) {
	if err := s.query.Checkpoint(ctx, s.worker); err != nil {
		return nil, err
	}
	return s.from.Next(ctx)
}

// Close closes the worker's part of the scan.
func (s *scanSource) Close() error { return s.from.Close() }
