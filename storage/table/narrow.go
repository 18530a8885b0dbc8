package table

import (
	"context"
	"slices"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/internal/vector"
)

// A row group's zone map says which row groups a query needs. Within one, each run of vector.ChunkRows rows has bounds
// of its own: of a column that grows with the rows, as keys and times do, a lookup reads one run.

// runZones are the bounds of the runs of the current row group, by the columns of predicates; nil until they are looked
// at.
type runZones map[catalog.ColumnID][]vector.Bounds

// excludes tells whether no row of the run that begins at a row can satisfy the scan's predicates. Pieces begin where
// runs do.
func (r *source) excludes(ctx context.Context, p *piece, row uint32) (bool, error) {
	if p.segment == nil || len(r.scan.where) == 0 {
		return false, nil
	}
	if r.zones == nil {
		if err := r.loadZones(ctx, p); err != nil {
			return false, err
		}
	}
	run := int(row / vector.ChunkRows)
	return excluded(r.scan.where, func(id catalog.ColumnID) zone {
		all := r.zones[id]
		if all == nil {
			return zone{}
		}
		b := all[run]
		return zone{
			noValue: b.Lo > b.Hi,
			bounds:  wideBounds{vector.Int128Of(b.Lo), vector.Int128Of(b.Hi)},
		}
	}), nil
}

// loadZones finds the bounds for the columns of predicates that the scan reads anyway.
func (r *source) loadZones(ctx context.Context, p *piece) error {
	r.zones = runZones{}
	for _, id := range r.scan.narrowing {
		zones, read, err := p.segment.Zones(ctx, p.group, id)
		if err != nil {
			return err
		}
		r.scan.counts.bytes.Add(read)
		r.zones[id] = zones
	}
	return nil
}

// narrow notes the predicates by which runs can be left out: those with a column of integers that the scan reads.
func (s *scan) narrow(where []catalog.Predicate) {
	for i := range where {
		s.narrowBy(&where[i])
	}
	if len(s.narrowing) > 0 {
		s.where = where
	}
}

func (s *scan) narrowBy(p *catalog.Predicate) {
	if p.Kind == catalog.AnyOf {
		for i := range p.Any {
			s.narrowBy(&p.Any[i])
		}
		return
	}
	k := s.find(p.Column)
	if k < 0 || s.columns[k].ordinal < 0 || s.columns[k].Physical != vector.Integer {
		return
	}
	if !slices.Contains(s.narrowing, p.Column) {
		s.narrowing = append(s.narrowing, p.Column)
	}
}
