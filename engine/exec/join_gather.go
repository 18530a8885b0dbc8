package exec

import (
	"context"

	"github.com/micodb/micodb/internal/vector"
)

// gather makes one table of the workers' rows. It fails with 53200 before anything is moved.
func (s *buildSink) gather(ctx context.Context) (*joinTable, error) {
	q := s.spill.soft
	t := &joinTable{query: q, layout: s.spill.build.layout, probe: s.spill.probe.layout}
	var parts []*joinRows
	for _, b := range s.workers {
		if b == nil {
			continue
		}
		r := b.rows
		if t.rows == nil || t.n == 0 {
			t.rows, t.held = r.store, r.store.texts.arena
		}
		if r.n > 0 {
			parts = append(parts, r)
			t.n += r.n
			t.bound(r.keys[:r.n*r.words])
		}
	}
	if err := q.Budget.Hold(gatherBytes(t, parts)); err != nil {
		return nil, err
	}
	defer q.Budget.Settle()
	for _, b := range s.workers {
		if b != nil {
			b.rows.out.release(q)
		}
	}
	t.nulls, t.some = s.spill.nulls, t.n > 0
	if len(parts) == 1 {
		t.keys = parts[0].keys
	} else if err := t.merge(ctx, parts, s.spill.build.schema); err != nil {
		return nil, err
	}
	return t, t.build(ctx)
}

// gatherBytes returns how much memory gather takes at most beside that of the parts.
func gatherBytes(t *joinTable, parts []*joinRows) int64 {
	now, most := 0, 0 // words more than the parts have
	take := func(words int) { now += words; most = max(most, now) }
	if len(parts) > 1 {
		take(classWords(t.n * t.layout.words))
		for _, r := range parts {
			now -= cap(r.keys)
		}
		largest, drift := 0, 0
		for i := range t.rows.columns {
			k := &t.rows.columns[i]
			words := classWords(wordsFor(t.n, k.width))
			if k.known.Nullable && !k.nullCode {
				words += classWords((t.n + 63) / 64)
			}
			largest = max(largest, words)
			drift += words
			for _, r := range parts {
				drift -= cap(r.store.columns[i].data) + cap(r.store.columns[i].valid)
			}
		}
		// Each worker is at one column, and gives back what it was made of.
		most = max(most, now+max(drift, 0)+largest*min(t.query.Workers, len(t.rows.columns)))
		now += drift
	}
	take(classWords((t.n+1)/2) + classWords(t.places()))
	return int64(most) * 8
}

// merge puts together what several workers have.
func (t *joinTable) merge(ctx context.Context, parts []*joinRows, schema Schema) (err error) {
	w := t.layout.words
	if t.keys, err = t.query.words(t.n * w); err != nil {
		return err
	}
	stores, starts, at := make([]*store, len(parts)), make([]int, len(parts)), 0
	for i, r := range parts {
		stores[i], starts[i] = r.store, at
		at += r.n * w
	}
	err = t.query.tasks(ctx, len(parts), func(_ context.Context, _, i int) error {
		r := parts[i]
		keys := t.keys[starts[i]:][:r.n*w]
		copy(keys, r.keys)
		t.query.giveBack(r.keys)
		t.moveTexts(keys, r.store)
		return nil
	})
	if err != nil || len(parts) == 0 {
		return err
	}
	t.rows, err = merged(ctx, t.query, stores, schema, t.held)
	return err
}

// moveTexts makes the table's arena that of a store's texts and of some keys.
func (t *joinTable) moveTexts(keys []uint64, s *store) {
	pages := t.held.adopt(s.texts.arena)
	s.texts.arena = t.held
	if pages == 0 {
		return
	}
	for i := range s.columns {
		if k := &s.columns[i]; k.encoding == vector.View {
			moveRefs(k.data[:s.n], 1, pages)
		}
	}
	for w := range t.layout.words {
		if t.layout.refs>>uint(w)&1 != 0 {
			moveRefs(keys[w:], t.layout.words, pages)
		}
	}
}
