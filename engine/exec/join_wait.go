package exec

import "context"

// waitingTable is a join's table in memory while the pipelines of the probe side run that must end before it is asked
// for: when one of these needs the memory, the rows go into partitions in a scratch file, as those of a build side that
// outgrows its memory.
type waitingTable struct {
	sink  *buildSink
	table *joinTable
	out   scatterer
	open  bool  // it may be reclaimed; guarded by query.waiting.turn
	lost  error // why that has failed; guarded so
}

// wait makes others able to have a table's memory; nil where the table is not worth it, or can't be spilled.
func (s *buildSink) wait(t *joinTable) (*waitingTable, error) {
	w := &waitingTable{sink: s, table: t, open: true}
	if !s.query.Spill.Usable() || s.spill.started.Load() || t.bytes() < heldBytes {
		return nil, nil //nolint:nilnil // there is none
	}
	longest := 0
	for _, b := range s.workers {
		if b != nil {
			longest = max(longest, b.rows.texts.longest, b.rows.store.texts.longest)
		}
	}
	if err := w.out.prepare(s.query, s.spill.build, t.n, longest/8+1); err != nil {
		w.out.release(s.query)
		return nil, unlessOutOfMemory(err)
	}
	w.out.block.texts.arena = t.held
	s.query.waiting.add(w)
	return w, nil
}

// back ends the waiting, and returns what the join probes: where the table is gone, one of the partitions that fit in
// memory.
func (w *waitingTable) back(ctx context.Context) (*joinTable, error) {
	q := w.sink.query
	q.waiting.turn <- struct{}{}
	w.open = false
	err := w.lost
	<-q.waiting.turn
	if err != nil {
		return nil, err
	}
	if w.table == nil {
		return w.sink.spill.settle(ctx)
	}
	w.out.release(q)
	return w.table, nil
}

// Reclaim puts all rows into partitions.
func (w *waitingTable) Reclaim(int64) (freed int64, err error) {
	if !w.open {
		return 0, nil
	}
	w.open = false
	q, t, j := w.sink.query, w.table, w.sink.spill
	rows := &joinRows{query: q, side: j.build, words: t.layout.words, keys: t.keys, store: t.rows, n: t.n}
	freed = t.bytes()
	j.started.Store(true)
	if w.lost = w.out.scatter(q, scattered{q.unturned(), t.n, rows.hash, rows.fill}, &j.builds); w.lost != nil {
		return 0, w.lost
	}
	w.table = nil
	t.release()
	w.out.release(q)
	return freed, nil
}

// bytes is the memory of the table and of its rows.
func (t *joinTable) bytes() int64 {
	words := cap(t.keys)
	for _, b := range t.lent {
		words += cap(b)
	}
	return t.rows.bytes() + int64(words)*8
}
