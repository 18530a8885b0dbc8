// Package compact decides which segments of a table are worth writing anew.
//
// Segments stand in tiers by their size: the first has those below Policy.SmallBytes, each further one those up to
// FanIn times larger, and what reaches LargeBytes is left alone. When a tier has FanIn segments they are merged into
// one of a higher tier, so a row is written anew about once a tier: log(LargeBytes / SmallBytes) to the base FanIn
// times. In the first tier that may happen more often, where it costs little. A segment is written anew on its own
// when the share GoneShare of its rows is gone.
//
// It only decides: storage/table reads and writes, txn makes the result durable and visible.
package compact

// The defaults of a Policy.
const (
	DefaultFanIn      = 8
	DefaultSmallBytes = 4 << 20
	DefaultLargeBytes = 256 << 20
	DefaultGoneShare  = 0.25
)

// Policy says when to compact. A zero is the default.
type Policy struct {
	FanIn      int     // segments of a tier that are merged, at least 2
	SmallBytes int64   // below it a segment is in the first tier
	LargeBytes int64   // from it on a segment is never merged, and a merge does not take more in all
	GoneShare  float64 // of a segment's rows, from which on it is written anew
}

// Segment is what the policy looks at.
type Segment struct {
	ID    uint64
	Bytes int64
	Rows  int64
	Gone  int64 // deleted rows that a rewrite leaves out
}

// size returns the bytes that the rows take that are not gone, about.
func (s *Segment) size() int64 {
	if s.Rows == 0 {
		return 0
	}
	return s.Bytes - int64(float64(s.Bytes)*float64(s.Gone)/float64(s.Rows))
}

// Complete fills in the defaults.
func (p Policy) Complete() Policy {
	if p.FanIn == 0 {
		p.FanIn = DefaultFanIn
	}
	if p.SmallBytes == 0 {
		p.SmallBytes = DefaultSmallBytes
	}
	if p.LargeBytes == 0 {
		p.LargeBytes = DefaultLargeBytes
	}
	if p.GoneShare == 0 {
		p.GoneShare = DefaultGoneShare
	}
	p.FanIn = max(p.FanIn, 2)
	return p
}

// Pick returns the ids of the segments that are to be written anew as one, of a table's segments in their order;
// none when all is well. The policy is complete.
func (p Policy) Pick(segments []Segment) []uint64 {
	tiers := map[int][]Segment{}
	highest := 0
	for _, s := range segments {
		if size := s.size(); size < p.LargeBytes {
			t := p.Tier(size)
			tiers[t] = append(tiers[t], s)
			highest = max(highest, t)
		}
	}
	for t := range highest + 1 {
		if ids := p.merge(tiers[t]); ids != nil {
			return ids
		}
	}
	for _, s := range segments {
		if s.Gone > 0 && float64(s.Gone) >= p.GoneShare*float64(s.Rows) {
			return []uint64{s.ID}
		}
	}
	return nil
}

// Tier returns the tier of a segment, from 0.
func (p Policy) Tier(size int64) int {
	t := 0
	for top := p.SmallBytes; size >= top; top *= int64(p.FanIn) {
		t++
	}
	return t
}

// merge takes from a full tier as many of the oldest segments as make one that is not too large.
func (p Policy) merge(tier []Segment) []uint64 {
	if len(tier) < p.FanIn {
		return nil
	}
	var ids []uint64
	total := int64(0)
	for i := range tier {
		total += tier[i].size()
		if total > p.LargeBytes && len(ids) > 1 {
			break
		}
		ids = append(ids, tier[i].ID)
	}
	return ids
}
