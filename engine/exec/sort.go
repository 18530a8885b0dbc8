package exec

import (
	"cmp"
	"context"
	"fmt"
	"math/bits"
	"slices"
	"strings"

	"github.com/micodb/micodb/internal/vector"
)

// Sort orders its input. With a Limit it is a top-N: only the first Limit rows are kept, in bounded memory. One
// worker hands out the result, so that what stands above keeps the order.
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
	parts := make([]string, len(s.Keys))
	for i, k := range s.Keys {
		parts[i] = s.Input.Schema()[k.Column].Name
		if k.Descending {
			parts[i] += " DESC"
		}
		if k.NullsFirst {
			parts[i] += " NULLS FIRST"
		}
	}
	if s.Limit > 0 {
		return fmt.Sprintf("TopN %d by %s", s.Limit, strings.Join(parts, ", "))
	}
	return "Sort " + strings.Join(parts, ", ")
}

// Start reads and orders the whole input.
func (s *Sort) Start(ctx context.Context, q *Query) (Stream, error) {
	layout, err := newSortLayout(s.Input.Schema(), s.Keys)
	if err != nil {
		return nil, err
	}
	sink := &sortSink{query: q, op: s, layout: layout, texts: newArena(q), runs: make([]*sortRun, q.Workers)}
	return q.breaker(ctx, s.Input, sink)
}

type sortSink struct {
	unspillable

	query  *Query
	op     *Sort
	layout *sortLayout
	texts  *arena
	runs   []*sortRun // of each worker
}

// sortRun is the rows of one worker, unordered, with their keys.
type sortRun struct {
	sink  *sortSink
	pack  *sortPacker
	store *store
	keys  []uint64
	fresh []uint64 // keys of a chunk
	sel   []uint16
	most  int // rows; more are pruned to the limit
	bound uint64
	full  bool // bound counts: no row with a greater first word is wanted
}

// pruneRows is how many rows beyond the limit a worker of a top-N gathers before it drops those beyond it.
const pruneRows = 4 * vector.ChunkRows

// Worker returns a consumer with a store of its own.
func (s *sortSink) Worker(i int) (Consumer, error) {
	texts := s.texts
	if s.op.Limit > 0 {
		texts = newArena(s.query) // so that the texts of dropped rows go
	}
	st, err := newStore(s.query, s.op.Schema(), texts)
	if err != nil {
		return nil, err
	}
	r := &sortRun{sink: s, pack: s.layout.packer(), store: st, sel: make([]uint16, vector.ChunkRows)}
	r.fresh = make([]uint64, vector.ChunkRows*s.layout.words)
	if s.op.Limit > 0 {
		r.most = int(2*s.op.Limit) + pruneRows
	}
	s.runs[i] = r
	return r, nil
}

// Consume keeps the rows of a chunk that may be in the result.
func (r *sortRun) Consume(ctx context.Context, c *vector.Chunk) error {
	rows, w := chosen(c), r.pack.words
	fresh := r.fresh[:len(rows)*w]
	if err := r.pack.pack(c, rows, fresh); err != nil {
		return err
	}
	if r.full {
		k := 0
		for i, row := range rows {
			if fresh[i*w] <= r.bound {
				r.sel[k] = row
				copy(fresh[k*w:(k+1)*w], fresh[i*w:])
				k++
			}
		}
		rows, fresh = r.sel[:k], fresh[:k*w]
	}
	if len(rows) == 0 {
		return nil
	}
	n := r.store.n * w
	var err error
	if r.keys, err = r.sink.query.grow(r.keys, n+len(fresh)); err != nil {
		return err
	}
	copy(r.keys[n:], fresh)
	if err := r.store.append(&vector.Chunk{Len: c.Len, Sel: rows, Columns: c.Columns}); err != nil {
		return err
	}
	if r.most > 0 && r.store.n > r.most {
		return r.prune(ctx)
	}
	return nil
}

// Close ends the worker's part.
func (*sortRun) Close() error { return nil }

// prune keeps the first rows up to the limit.
func (r *sortRun) prune(context.Context) error {
	order, err := r.order()
	if err != nil {
		return err
	}
	q, limit, w := r.sink.query, int(r.sink.op.Limit), r.pack.words
	kept, err := newStore(q, r.sink.op.Schema(), newArena(q))
	if err != nil {
		return err
	}
	keys, err := q.words(limit * w)
	if err != nil {
		return err
	}
	reader := r.store.reader()
	numbers := make([]uint32, 0, vector.ChunkRows)
	for first := 0; first < limit; first += vector.ChunkRows {
		numbers = numbers[:0]
		for i, o := range order[first:min(limit, first+vector.ChunkRows)] {
			numbers = append(numbers, o.row)
			copy(keys[(first+i)*w:(first+i+1)*w], r.keys[int(o.row)*w:])
		}
		if err := kept.append(reader.rows(numbers)); err != nil {
			return err
		}
	}
	r.bound, r.full = order[limit-1].key, true
	r.store.texts.arena.release()
	r.store.release()
	q.giveBack(r.keys)
	r.store, r.keys = kept, keys
	return nil
}

// order returns the rows of a run in order.
func (r *sortRun) order() ([]ranked, error) {
	q := r.sink.query
	room, err := q.words(2 * r.store.n)
	if err != nil {
		return nil, err
	}
	defer q.giveBack(room)
	order := make([]ranked, r.store.n)
	fillRanked(order, 0, r.keys, r.pack.words)
	sortRanked(order, r.sink.layout.comparer(r.keys, r.store).compare)
	return order, nil
}

func fillRanked(out []ranked, first int, keys []uint64, words int) {
	for i := range out {
		out[i] = ranked{keys[(first+i)*words], uint32(first + i)}
	}
}

func sortRanked(a []ranked, tie func(a, b uint32) int) {
	slices.SortFunc(a, func(x, y ranked) int {
		if c := cmp.Compare(x.key, y.key); c != 0 {
			return c
		}
		return tie(x.row, y.row)
	})
}

// Finish orders the rows of all workers.
func (s *sortSink) Finish(ctx context.Context) (Stream, error) {
	var stores []*store
	n := 0
	for _, r := range s.runs {
		if r != nil {
			stores = append(stores, r.store)
			n += r.store.n
		}
	}
	keys, err := s.concat(n)
	if err != nil {
		return nil, err
	}
	all, err := s.merged(ctx, stores)
	if err != nil {
		return nil, err
	}
	sorter := &sorter{query: s.query, layout: s.layout, store: all, keys: keys}
	rowOf, err := sorter.order(ctx)
	if err != nil {
		return nil, err
	}
	s.query.giveBack(keys)
	if s.op.Limit > 0 {
		n = min(n, int(s.op.Limit))
	}
	return streamOf(func(worker int) (Source, error) {
		if worker != 0 {
			return sourceOf(nothing), nil
		}
		reader, at, numbers := all.reader(), 0, make([]uint32, vector.ChunkRows)
		return sourceOf(func(ctx context.Context) (*vector.Chunk, error) {
			if at == n {
				return nil, nil //nolint:nilnil // the contract of Source
			}
			if err := s.query.Checkpoint(ctx, worker); err != nil {
				return nil, err
			}
			k := min(n-at, vector.ChunkRows)
			for i := range k {
				numbers[i] = rowOf(at + i)
			}
			at += k
			return reader.rows(numbers[:k]), nil
		}), nil
	}), nil
}

// merged joins the workers' rows. Those of a top-N are few, and have their texts apart.
func (s *sortSink) merged(ctx context.Context, stores []*store) (*store, error) {
	if s.op.Limit == 0 || len(stores) == 1 {
		return merged(ctx, s.query, stores, s.op.Schema(), s.texts)
	}
	all, err := newStore(s.query, s.op.Schema(), s.texts)
	if err != nil {
		return nil, err
	}
	numbers := make([]uint32, vector.ChunkRows)
	for _, st := range stores {
		reader := st.reader()
		for first := 0; first < st.n; first += vector.ChunkRows {
			some := numbers[:min(vector.ChunkRows, st.n-first)]
			for i := range some {
				some[i] = uint32(first + i)
			}
			if err := all.append(reader.rows(some)); err != nil {
				return nil, err
			}
		}
	}
	return all, nil
}

// concat joins the workers' keys, in the order in which their stores are merged.
func (s *sortSink) concat(n int) ([]uint64, error) {
	keys, err := s.query.words(n * s.layout.words)
	if err != nil {
		return nil, err
	}
	at := 0
	for _, r := range s.runs {
		if r != nil {
			at += copy(keys[at:], r.keys[:r.store.n*s.layout.words])
			s.query.giveBack(r.keys)
		}
	}
	return keys, nil
}

// sorter orders the rows of a store.
type sorter struct {
	query  *Query
	layout *sortLayout
	store  *store
	keys   []uint64
}

// order returns a function from rank to row.
func (s *sorter) order(ctx context.Context) (func(int) uint32, error) {
	rowBits := uint(bits.Len(uint(s.store.n)))
	if s.layout.words == 1 && !s.layout.texts && s.layout.used+rowBits <= 64 {
		packed, err := s.packed(ctx, rowBits)
		return func(i int) uint32 { return uint32(packed[i] & mask(rowBits)) }, err
	}
	order, err := s.general(ctx)
	return func(i int) uint32 { return order[i].row }, err
}

// runRows is how many rows one task sorts.
const runRows = 1 << 16

// general sorts runs in parallel and merges them two by two.
func (s *sorter) general(ctx context.Context) ([]ranked, error) {
	n, q := s.store.n, s.query
	memory, err := q.words(2 * n)
	if err != nil {
		return nil, err
	}
	room, err := q.words(2 * n)
	if err != nil {
		return nil, err
	}
	order, other := view[ranked](memory, n), view[ranked](room, n)
	c := s.layout.comparer(s.keys, s.store)
	err = q.tasks(ctx, (n+runRows-1)/runRows, func(_ context.Context, _, task int) error {
		first := task * runRows
		run := order[first:min(n, first+runRows)]
		fillRanked(run, first, s.keys, s.layout.words)
		sortRanked(run, c.compare)
		return nil
	})
	for size := runRows; size < n && err == nil; size *= 2 {
		err = q.tasks(ctx, (n+2*size-1)/(2*size), func(_ context.Context, _, task int) error {
			lo := task * 2 * size
			mid, hi := min(n, lo+size), min(n, lo+2*size)
			mergeRanked(order[lo:mid], order[mid:hi], other[lo:hi], c.compare)
			return nil
		})
		order, other, memory, room = other, order, room, memory
	}
	q.giveBack(room)
	return order, err
}

// sortPartitions is into how many ranges packed keys are cut before they are sorted.
const sortPartitions = 256

// packed sorts keys that fit a word together with the number of their row: a radix sort, first into partitions
// by the highest bits, then each partition on its own.
func (s *sorter) packed(ctx context.Context, rowBits uint) ([]uint64, error) {
	n, q, layout := s.store.n, s.query, s.layout
	shift := uint(0)
	if layout.used > 8 {
		shift = layout.used - 8
	}
	tasks := (n + runRows - 1) / runRows
	counts := make([][sortPartitions]int, tasks)
	key := func(i int) uint64 {
		if layout.used == 0 {
			return 0
		}
		return s.keys[i] >> (64 - layout.used)
	}
	err := q.tasks(ctx, tasks, func(_ context.Context, _, task int) error {
		for i := task * runRows; i < min(n, (task+1)*runRows); i++ {
			counts[task][key(i)>>shift]++
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	var starts [sortPartitions + 1]int
	at := 0
	for p := range sortPartitions {
		starts[p] = at
		for t := range counts {
			counts[t][p], at = at, at+counts[t][p]
		}
	}
	starts[sortPartitions] = n
	out, err := q.words(n)
	if err != nil {
		return nil, err
	}
	room, err := q.words(n)
	if err != nil {
		return nil, err
	}
	defer q.giveBack(room)
	err = q.tasks(ctx, tasks, func(_ context.Context, _, task int) error {
		to := &counts[task]
		for i := task * runRows; i < min(n, (task+1)*runRows); i++ {
			k := key(i)
			out[to[k>>shift]] = k<<rowBits | uint64(i)
			to[k>>shift]++
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, q.tasks(ctx, sortPartitions, func(_ context.Context, _, p int) error {
		lo, hi := starts[p], starts[p+1]
		radixSort(out[lo:hi], room[lo:hi], rowBits, shift)
		return nil
	})
}
