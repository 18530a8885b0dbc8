package txn

import (
	"slices"
	"time"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/internal/limits"
	"github.com/micodb/micodb/storage/manifest"
)

// instantsMax is about how many commits' times the manifest keeps, over the time of retention.
const instantsMax = 1000

// retain decides which versions stay readable once a state is flushed: those of the time of retention, as far as
// the times of some commits tell, and fewer when it would take too much memory to know when rows were deleted.
func (m *Manager) retain(state *published) *manifest.Retain {
	next := &manifest.Retain{Since: state.since}
	if old := m.manifest.State().Retain; old != nil {
		next.Times = slices.Clone(old.Times)
	}
	retention := catalog.Timestamp(m.options.Retention)
	if n := len(next.Times); n > 1 && next.Times[n-1].Time-next.Times[n-2].Time < retention/instantsMax {
		next.Times = next.Times[:n-1] // too close to the one before
	}
	next.Times = append(next.Times, manifest.Instant{Sequence: state.sequence, Time: state.time})
	begin := m.options.Clock() - retention
	for _, at := range next.Times {
		if at.Time <= begin || retention == 0 {
			next.Since = max(next.Since, at.Sequence)
		}
	}
	next.Since = max(next.Since, state.affordable(m.options.HistoryBytes))
	next.Times = slices.DeleteFunc(next.Times, func(at manifest.Instant) bool { return at.Sequence < next.Since })
	return next
}

// agingsPerRetention is how often, over the time of retention, a server looks whether versions have become too old.
const agingsPerRetention = 16

// aging returns how long to wait between two looks, at most an hour; never when versions are not retained.
func (m *Manager) aging() time.Duration {
	if m.options.Retention == 0 {
		return limits.Never
	}
	return min(max(m.options.Retention/agingsPerRetention, time.Millisecond), time.Hour)
}

// aged tells whether a flush would forget versions that have become too old, though nobody commits.
func (m *Manager) aged() bool {
	m.flushMu.Lock()
	defer m.flushMu.Unlock()
	state := m.snapshots.current.Load()
	return m.failure() == nil && m.retain(state).Since > state.since
}

// affordable returns the oldest version that can be read when half of limit bytes tell when rows were deleted; 0
// while all of it takes less than the limit.
func (p *published) affordable(limit int64) catalog.Sequence {
	total, bySequence := int64(0), map[catalog.Sequence]int64{}
	for _, v := range p.tables {
		v.History(func(sequence catalog.Sequence, bytes int64) {
			bySequence[sequence] += bytes
			total += bytes
		})
	}
	if total <= limit {
		return 0
	}
	sequences := make([]catalog.Sequence, 0, len(bySequence))
	for sequence := range bySequence {
		sequences = append(sequences, sequence)
	}
	slices.Sort(sequences)
	for _, sequence := range sequences {
		if total -= bySequence[sequence]; total <= limit/2 {
			return sequence
		}
	}
	return p.sequence
}
