package exec

import (
	"context"
	"math/bits"
	"slices"
	"sync/atomic"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/internal/vector"
)

const (
	filterRows  = 128 // an exact runtime filter may have so many bits a row
	filterLeast = 1 << 23
)

// filters tells whether the join tells a scan which keys there are.
func (j *HashJoin) filters() bool {
	return slices.ContainsFunc(j.Filters, func(f *catalog.RuntimeFilter) bool { return f != nil })
}

// onlyFilter is the filter of a join by one key; nil for none.
func (j *HashJoin) onlyFilter() *catalog.RuntimeFilter {
	if len(j.Filters) != 1 {
		return nil
	}
	return j.Filters[0]
}

// setFilters tells the probe's scans which keys there are, each key for itself.
func (s *buildSink) setFilters(ctx context.Context, t *joinTable) error {
	in := s.op.Probe.Schema()
	for i, f := range s.op.Filters {
		if f == nil {
			continue
		}
		if err := t.setFilter(ctx, i, f, in[s.op.ProbeKeys[i]]); err != nil {
			return err
		}
	}
	return nil
}

// setFilter tells the probe's scan which values of a key there are, unless nearly all that the probe may have are. The
// key is an integer in a bit field.
func (t *joinTable) setFilter(ctx context.Context, key int, f *catalog.RuntimeFilter, probe Column) error {
	if t.n == 0 {
		f.Set(&catalog.RuntimeValues{Lo: 1, Hi: 0})
		return nil
	}
	lo, hi, err := t.boundsOf(ctx, key)
	if err != nil {
		return err
	}
	base := t.layout.fields[key].lo
	values := &catalog.RuntimeValues{Lo: base + int64(lo), Hi: base + int64(hi)}
	exact := hi-lo < uint64(max(filterRows*t.n, filterLeast))
	if exact {
		values.Bits, err = t.query.zeroed(int((hi-lo)/64) + 1)
	} else {
		values.Bloom, err = t.query.zeroed(1 << bits.Len(uint(max(t.n/4, 1))))
	}
	if err != nil { // without memory for it there is no filter
		return unlessOutOfMemory(err)
	}
	err = t.eachValue(ctx, key, func(_ int, keys []uint64) {
		for _, k := range keys {
			if exact {
				x := k - lo
				atomic.OrUint64(&values.Bits[x>>6], 1<<(x&63))
				continue
			}
			h := vector.Hash(uint64(base) + k)
			atomic.OrUint64(&values.Bloom[h>>12&uint64(len(values.Bloom)-1)], vector.BloomMask(h))
		}
	})
	if err != nil || exact && values.Lo <= probe.Lo && values.Hi >= probe.Hi && isDense(values) {
		return err
	}
	f.Set(values)
	return nil
}

// boundsOf are the least and the greatest value of a key's bit field.
func (t *joinTable) boundsOf(ctx context.Context, key int) (lo, hi uint64, err error) {
	if t.bounded && len(t.layout.fields) == 1 {
		return t.lo, t.hi, nil
	}
	type bounds struct{ lo, hi uint64 }
	parts := make([]bounds, t.query.Workers)
	for i := range parts {
		parts[i].lo = ^uint64(0)
	}
	err = t.eachValue(ctx, key, func(worker int, keys []uint64) {
		p := &parts[worker]
		p.lo, p.hi = min(p.lo, slices.Min(keys)), max(p.hi, slices.Max(keys))
	})
	all := parts[0]
	for _, p := range parts[1:] {
		all.lo, all.hi = min(all.lo, p.lo), max(all.hi, p.hi)
	}
	return all.lo, all.hi, err
}

// eachValue calls f with all values of a key's bit field, some at a time, from several workers.
func (t *joinTable) eachValue(ctx context.Context, key int, f func(worker int, keys []uint64)) error {
	field, w := &t.layout.fields[key], t.layout.words
	mask := uint64(1)<<field.bits - 1
	return t.query.tasks(ctx, (t.n+runRows-1)/runRows, func(_ context.Context, worker, task int) error {
		first, end := task*runRows, min(t.n, (task+1)*runRows)
		if len(t.layout.fields) == 1 && w == 1 {
			f(worker, t.keys[first:end])
			return nil
		}
		var some [vector.ChunkRows]uint64
		for first < end {
			n := min(len(some), end-first)
			for i := range some[:n] {
				some[i] = t.keys[(first+i)*w+field.word] >> field.shift & mask
			}
			f(worker, some[:n])
			first += n
		}
		return nil
	})
}

// isDense tells whether a filter lets nine of ten values pass.
func isDense(v *catalog.RuntimeValues) bool {
	ones := uint64(0)
	for _, w := range v.Bits {
		ones += uint64(bits.OnesCount64(w))
	}
	return ones/9 >= (uint64(v.Hi)-uint64(v.Lo))/10
}
