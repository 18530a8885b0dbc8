package exec

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"github.com/micodb/micodb/internal/vector"
)

// Sort orders its input. With a Limit it is a top-N: only the first Limit rows are kept, in bounded memory. One
// worker hands out the result, so that what stands above keeps the order.
//
// Rows that memory can't hold are written to scratch files in sorted runs, which are merged at the end: an external
// merge sort (Knuth, The Art of Computer Programming, vol. 3, 5.4). Equal keys keep the order of the input where one
// worker reads it, in memory or not.
type Sort struct {
	Input Operator
	Keys  []SortKey
	Limit int64 // 0: all rows
}

// Schema returns the input's.
func (s *Sort) Schema() Schema { return s.Input.Schema() }

// Inputs returns the input.
func (s *Sort) Inputs() []Operator { return []Operator{s.Input} }

// String shows the keys.
func (s *Sort) String() string {
	by := sortedBy(s.Input.Schema(), s.Keys)
	if s.Limit > 0 {
		return fmt.Sprintf("TopN %d by %s", s.Limit, by)
	}
	return "Sort " + by
}

func sortedBy(in Schema, keys []SortKey) string {
	parts := make([]string, len(keys))
	for i, k := range keys {
		parts[i] = in[k.Column].Name
		if k.Descending {
			parts[i] += " DESC"
		}
		if k.NullsFirst {
			parts[i] += " NULLS FIRST"
		}
	}
	return strings.Join(parts, ", ")
}

// Start reads and orders the whole input.
func (s *Sort) Start(ctx context.Context, q *Query) (Stream, error) {
	sink, err := s.sink(q)
	if err != nil {
		return nil, err
	}
	return q.breaker(ctx, s.Input, sink)
}

func (s *Sort) sink(q *Query) (*sortSink, error) {
	layout, err := newSortLayout(s.Input.Schema(), s.Keys)
	if err != nil {
		return nil, err
	}
	sink := &sortSink{query: q, memory: q, op: s, layout: layout, inputs: make([]*sortInput, q.Workers)}
	if q.Spill.Usable() {
		sink.memory = q.spillable()
		sink.spillers = make([]*runSpiller, q.Workers)
		rows, err := sink.noRows()
		if err != nil {
			return nil, err
		}
		sink.shape = newRunShape(layout, rows.store)
	}
	return sink, nil
}

type sortSink struct {
	unspillable

	query    *Query
	memory   *Query // lends what can be spilled
	op       *Sort
	layout   *sortLayout
	inputs   []*sortInput  // of each worker
	spillers []*runSpiller // of each worker, once it is prepared; nil: rows can't be spilled
	shape    *runShape

	mu       sync.Mutex // guards what follows
	runs     []*sortedRun
	spilling int           // workers
	spilled  chan struct{} // closed when one of them is done; nil: nobody waits
}

// keyedRows are rows with the words of their keys.
type keyedRows struct {
	store *store
	keys  []uint64
}

// release returns the rows' memory.
func (r *keyedRows) release() {
	r.store.texts.arena.release()
	r.store.release()
	r.store.query.giveBack(r.keys)
	r.keys = nil
}

// sortInput takes the rows of one worker.
type sortInput struct {
	sink   *sortSink
	worker int
	pack   *sortPacker
	fresh  []uint64 // keys of a chunk
	sel    []uint16
	most   int // rows; more are pruned to the limit
	bound  uint64
	full   bool // bound counts: no row with a greater first word is wanted

	mu   sync.Mutex // guards rows, which any worker may take to spill them
	rows keyedRows
}

// pruneRows is how many rows beyond the limit a worker of a top-N gathers before it drops those beyond it.
const pruneRows = 4 * vector.ChunkRows

// Worker returns a consumer with a store of its own.
func (s *sortSink) Worker(i int) (Consumer, error) {
	in := &sortInput{sink: s, worker: i, pack: s.layout.packer(), sel: make([]uint16, vector.ChunkRows)}
	in.fresh = make([]uint64, s.layout.room(vector.ChunkRows))
	if s.op.Limit > 0 {
		in.most = int(2*s.op.Limit) + pruneRows
	}
	s.inputs[i] = in
	var err error
	in.rows, err = s.noRows()
	return in, err
}

func (s *sortSink) noRows() (keyedRows, error) {
	st, err := newStore(s.memory, s.op.Schema(), newArena(s.memory))
	return keyedRows{store: st}, err
}

// Consume keeps the rows of a chunk that may be in the result.
func (in *sortInput) Consume(ctx context.Context, c *vector.Chunk) error {
	rows, w := chosen(c), in.pack.words
	if err := in.pack.pack(c, rows, in.fresh[:in.pack.room(len(rows))]); err != nil {
		return err
	}
	fresh := in.fresh[:len(rows)*w]
	if in.full {
		k := 0
		for i, row := range rows {
			if fresh[i*w] <= in.bound {
				in.sel[k] = row
				copy(fresh[k*w:(k+1)*w], fresh[i*w:])
				k++
			}
		}
		rows, fresh = in.sel[:k], fresh[:k*w]
	}
	if len(rows) == 0 {
		return nil
	}
	kept := &vector.Chunk{Len: c.Len, Sel: rows, Columns: c.Columns}
	n, err := in.add(kept, fresh)
	for outOfMemory(err) {
		made, failed := in.sink.makeRoom(ctx, in.worker)
		if failed != nil {
			return failed
		}
		again := func() (err error) {
			n, err = in.add(kept, fresh)
			return err
		}
		if made {
			err = again()
		} else if err = in.sink.query.patiently(ctx, in.worker, again); err != nil {
			return err
		}
	}
	switch {
	case err != nil:
		return err
	case in.most > 0 && n > in.most:
		return in.prune(ctx)
	case in.sink.mustSpill(n):
		return in.spill(ctx, in.worker)
	case n >= spillerRows:
		return in.sink.prepared(ctx, in.worker)
	}
	return nil
}

// add appends rows with their keys, all or none, and returns how many there are now.
func (in *sortInput) add(c *vector.Chunk, fresh []uint64) (int, error) {
	in.mu.Lock()
	defer in.mu.Unlock()
	r, w := &in.rows, in.pack.words
	at := r.store.n * w
	var err error
	if r.keys, err = in.sink.memory.grow(r.keys, at+len(fresh)); err != nil {
		return 0, err
	}
	copy(r.keys[at:], fresh)
	return r.store.n + len(c.Sel), r.store.append(c)
}

// Close ends the worker's part.
func (*sortInput) Close() error { return nil }

// prune keeps the first rows up to the limit. Where memory does not even allow that, it spills them.
func (in *sortInput) prune(ctx context.Context) error {
	rows, err := in.take()
	if err != nil {
		return err
	}
	kept, err := in.first(ctx, &rows)
	switch {
	case err == nil:
		rows.release()
		in.put(kept)
	case outOfMemory(err) && in.sink.spillers != nil:
		kept.release()
		in.put(rows)
		return in.spill(ctx, in.worker)
	}
	return err
}

// first copies the first rows up to the limit, and bounds what is wanted from now on.
func (in *sortInput) first(ctx context.Context, rows *keyedRows) (keyedRows, error) {
	q, limit, w := in.sink.memory, int(in.sink.op.Limit), in.pack.words
	kept, err := in.sink.noRows()
	if err != nil {
		return kept, err
	}
	memory, err := q.words(2 * rows.store.n)
	if err != nil {
		return kept, err
	}
	defer q.giveBack(memory)
	order, err := in.sink.order(ctx, in.worker, rows, span{end: uint32(rows.store.n)}, memory)
	if err != nil {
		return kept, err
	}
	if kept.keys, err = q.words(limit * w); err != nil {
		return kept, err
	}
	reader, numbers := rows.store.reader(), make([]uint32, vector.ChunkRows)
	for first := 0; first < limit; first += vector.ChunkRows {
		some := numbers[:min(vector.ChunkRows, limit-first)]
		order.take(some)
		for i, row := range some {
			copy(kept.keys[(first+i)*w:(first+i+1)*w], rows.keys[int(row)*w:])
		}
		if err := kept.store.append(reader.rows(some)); err != nil {
			return kept, err
		}
	}
	in.bound, in.full = kept.keys[(limit-1)*w], true
	return kept, nil
}

// Finish orders the rows of all workers: in memory when they, and what that takes, have room.
func (s *sortSink) Finish(ctx context.Context) (Stream, error) {
	all, err := s.inMemory(ctx)
	if err != nil {
		return nil, err
	}
	if all == nil {
		return s.external(ctx)
	}
	n := all.store.n
	if s.op.Limit > 0 {
		n = min(n, int(s.op.Limit))
	}
	rows := &sortedRows{query: s.query, store: all.store, reader: all.store.reader(), order: all.order, n: n}
	if s.query.Spill.Usable() && all.store.bytes() >= heldBytes {
		err := rows.prepare(s.query, s.op.Schema(), all.longest)
		if err == nil {
			s.query.waiting.add(rows)
		}
		if unlessOutOfMemory(err) != nil {
			return nil, err
		}
	}
	return rows.stream(), nil
}

// orderedRows are the rows of a store with their order: from rank to row.
type orderedRows struct {
	store   *store
	order   sortedOrder
	longest int // bytes of the longest text
}

func (o *orderedRows) rowOf(rank int) uint32 { return o.order.row(rank) }

// inMemory orders the rows of all workers, or returns nil where some are on disk or memory does not suffice.
func (s *sortSink) inMemory(ctx context.Context) (*orderedRows, error) {
	if len(s.runs) > 0 {
		return nil, nil //nolint:nilnil // rows that are elsewhere are an answer
	}
	if s.spillers != nil {
		err := s.memory.Budget.Hold(s.extra())
		defer s.memory.Budget.Settle()
		if outOfMemory(err) {
			return nil, nil //nolint:nilnil // the same
		}
		if err != nil {
			return nil, err
		}
		s.dismiss()
	}
	stores, n := s.stores()
	q, longest := s.memory, 0
	for _, st := range stores {
		longest = max(longest, st.texts.longest)
	}
	keys, err := s.concat(n)
	if err != nil {
		return nil, err
	}
	all, err := merged(ctx, q, stores, s.op.Schema(), newArena(q))
	if err != nil {
		return nil, err
	}
	sorter := &sorter{query: q, layout: s.layout, store: all, keys: keys}
	order, err := sorter.order(ctx)
	if err != nil {
		return nil, err
	}
	q.giveBack(keys)
	return &orderedRows{store: all, order: order, longest: longest}, nil
}

// stores are those of the workers, with the number of all rows.
func (s *sortSink) stores() (stores []*store, n int) {
	for _, in := range s.inputs {
		if in != nil {
			stores, n = append(stores, in.rows.store), n+in.rows.store.n
		}
	}
	return stores, n
}

// extra is how many bytes inMemory takes at most beside what is used now: a copy of the keys; then copies of the
// columns; then the order, twice.
func (s *sortSink) extra() int64 {
	stores, n := s.stores()
	most := max(classWords(n*s.layout.words), 2*classWords(2*n))
	if len(stores) > 1 {
		columns := 0
		for i := range stores[0].columns {
			k := &stores[0].columns[i]
			columns += classWords(wordsFor(n, k.width)) + classWords((n+63)/64)
		}
		most = max(most, columns)
	}
	return int64(most) * 8
}

// stream hands out rows by their numbers, of which next writes some and says how many: to one worker.
func (s *sortSink) stream(from *storeReader, next func(context.Context, []uint32) (int, error)) Stream {
	return streamOf(func(worker int) (Source, error) {
		if worker != 0 {
			return sourceOf(nothing), nil
		}
		numbers := make([]uint32, vector.ChunkRows)
		return sourceOf(func(ctx context.Context) (*vector.Chunk, error) {
			if err := s.query.Checkpoint(ctx, worker); err != nil {
				return nil, err
			}
			n, err := next(ctx, numbers)
			if n == 0 || err != nil {
				return nil, err
			}
			return from.rows(numbers[:n]), nil
		}), nil
	})
}

// concat joins the workers' keys, in the order in which their stores are merged.
func (s *sortSink) concat(n int) ([]uint64, error) {
	keys, err := s.memory.words(n * s.layout.words)
	if err != nil {
		return nil, err
	}
	at := 0
	for _, in := range s.inputs {
		if in != nil {
			at += copy(keys[at:], in.rows.keys[:in.rows.store.n*s.layout.words])
			s.memory.giveBack(in.rows.keys)
			in.rows.keys = nil
		}
	}
	return keys, nil
}
