package segment

import (
	"context"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/internal/vector"
)

// Zones returns the bounds of the values in each run of vector.ChunkRows rows of a column in a row group, and the bytes
// that were read from the file for them. They are nil for a column that is not of the Integer family or that the
// segment is too old to have. They are computed when they are first asked for, and kept with the decoded column.
func (s *Segment) Zones(ctx context.Context, group int, id catalog.ColumnID) ([]vector.Bounds, int64, error) {
	if s.Descriptor.Find(id) < 0 {
		return nil, 0, nil
	}
	v, size, err := s.Load(ctx, group, id)
	if err != nil || v.Physical != vector.Integer {
		return nil, size, err
	}
	return s.source.Cache.zones(key{s.Descriptor.ID, group, id}, v), size, nil
}

// zones returns those of a vector that get gave for a key.
func (c *Cache) zones(k key, v *vector.Vector) []vector.Bounds {
	c.mu.Lock()
	if e := c.entries[k]; e.holds(v) && e.zones != nil {
		defer c.mu.Unlock()
		return e.zones
	}
	c.mu.Unlock()
	zones := zonesOf(v)
	c.mu.Lock()
	defer c.mu.Unlock()
	if e := c.entries[k]; e.holds(v) {
		e.zones = zones
	}
	return zones
}

// holds tells whether an entry, which may be nil, is that of a loaded vector; the caller holds the cache's mu.
func (e *entry) holds(v *vector.Vector) bool { return e != nil && e.place != nil && e.vector == v }

func zonesOf(v *vector.Vector) []vector.Bounds {
	zones := make([]vector.Bounds, zoneCount(v))
	var run vector.Vector
	for i := range zones {
		v.Slice(&run, i*vector.ChunkRows, min((i+1)*vector.ChunkRows, v.Len))
		zones[i] = vector.Extent(&run)
	}
	return zones
}

func zoneCount(v *vector.Vector) int { return (v.Len + vector.ChunkRows - 1) / vector.ChunkRows }
