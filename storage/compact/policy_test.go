package compact_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/storage/compact"
)

func policy() compact.Policy {
	return compact.Policy{FanIn: 4, SmallBytes: 100, LargeBytes: 2000}.Complete()
}

func segments(sizes ...int64) []compact.Segment {
	all := make([]compact.Segment, len(sizes))
	for i, size := range sizes {
		all[i] = compact.Segment{ID: uint64(i + 1), Bytes: size, Rows: 100}
	}
	return all
}

func TestPickMergesAFullTier(t *testing.T) {
	p := policy()
	require.Empty(t, p.Pick(nil))
	require.Empty(t, p.Pick(segments(10, 20, 30)))
	require.Equal(t, []uint64{1, 2, 3, 4}, p.Pick(segments(10, 20, 30, 40)))
	require.Equal(t, []uint64{1, 3, 4, 6, 7}, p.Pick(segments(10, 500, 30, 40, 500, 1, 1)), "one tier, in order")
	require.Empty(t, p.Pick(segments(10, 500, 30, 40, 500, 500)), "two tiers that are not full")
	require.Equal(t, []uint64{2, 3}, p.Pick(segments(10, 900, 900, 900, 900)), "not more than a large one")
	require.Empty(t, p.Pick(segments(2000, 2000, 2000, 5000)), "large ones are left alone")
}

func TestPickRewritesWhatIsMostlyGone(t *testing.T) {
	all := segments(10, 5000, 300)
	all[1].Gone = 24
	require.Empty(t, policy().Pick(all))
	all[1].Gone = 25
	require.Equal(t, []uint64{2}, policy().Pick(all))
	require.Equal(t, []uint64{1}, policy().Pick([]compact.Segment{{ID: 1, Bytes: 9000, Rows: 5, Gone: 5}}))
}

// Whatever comes, picking comes to an end, and no row is written anew more often than there are tiers.
func TestMergesSettle(t *testing.T) {
	p := policy()
	var all []compact.Segment
	written, id := int64(0), uint64(0)
	const flushes, size = 1000, 10
	for range flushes {
		id++
		all = append(all, compact.Segment{ID: id, Bytes: size, Rows: 1})
		for ids := p.Pick(all); ids != nil; ids = p.Pick(all) {
			var rest []compact.Segment
			id++
			merged := compact.Segment{ID: id}
			for _, s := range all {
				if len(ids) > 0 && s.ID == ids[0] {
					ids = ids[1:]
					merged.Bytes += s.Bytes
					merged.Rows += s.Rows
				} else {
					rest = append(rest, s)
				}
			}
			require.Empty(t, ids)
			written += merged.Bytes
			all = append(rest, merged)
		}
	}
	require.Less(t, len(all), 30)
	require.LessOrEqual(t, written, int64(6*flushes*size))
}
