package exec

import (
	"cmp"
	"context"
	"math/bits"
	"slices"
)

// sorter orders the rows of a store.
type sorter struct {
	query  *Query
	layout *sortLayout
	store  *store
	keys   []uint64
}

// order says which row comes where.
func (s *sorter) order(ctx context.Context) (sortedOrder, error) {
	rowBits := uint(bits.Len(uint(s.store.n)))
	if s.layout.words == 1 && !s.layout.texts && s.layout.used+rowBits <= 64 {
		packed, err := s.packed(ctx, rowBits)
		return sortedOrder{func(i int) uint32 { return uint32(packed[i] & mask(rowBits)) }, packed}, err
	}
	order, memory, err := s.general(ctx)
	return sortedOrder{func(i int) uint32 { return order[i].row }, memory}, err
}

// runRows is how many rows one task sorts.
const runRows = 1 << 16

// general sorts runs in parallel and merges them two by two. A task merges no more rows than it sorts, so that all
// workers have some to the end and none is long deaf to the query's end.
func (s *sorter) general(ctx context.Context) (order []ranked, memory []uint64, err error) {
	n, q := s.store.n, s.query
	if memory, err = q.words(2 * n); err != nil {
		return nil, nil, err
	}
	room, err := q.words(2 * n)
	if err != nil {
		return nil, nil, err
	}
	order = view[ranked](memory, n)
	other := view[ranked](room, n)
	c := s.layout.comparer(s.keys, s.store)
	err = q.tasks(ctx, (n+runRows-1)/runRows, func(_ context.Context, _, task int) error {
		first := task * runRows
		run := order[first:min(n, first+runRows)]
		fillRanked(run, first, s.keys, s.layout.words)
		sortRanked(run, c.compare)
		return nil
	})
	for size := runRows; size < n && err == nil; size *= 2 {
		err = q.tasks(ctx, (n+runRows-1)/runRows, func(_ context.Context, _, task int) error {
			first := task * runRows
			last := min(n, first+runRows)
			lo := first - first%(2*size)
			mid, hi := min(n, lo+size), min(n, lo+2*size)
			a, b := order[lo:mid], order[mid:hi]
			from, to := cutRanked(a, b, first-lo, c.compare), cutRanked(a, b, last-lo, c.compare)
			mergeRanked(a[from:to], b[first-lo-from:last-lo-to], other[first:last], c.compare)
			return nil
		})
		order, other, memory, room = other, order, room, memory
	}
	q.giveBack(room)
	return order, memory, err
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

func fillRanked(out []ranked, first int, keys []uint64, words int) {
	for i := range out {
		out[i] = ranked{keys[(first+i)*words], uint32(first + i)}
	}
}

// sortRanked orders rows by the first words of their keys, then by tie, then by their numbers.
func sortRanked(a []ranked, tie func(a, b uint32) int) {
	slices.SortFunc(a, func(x, y ranked) int {
		if c := cmp.Compare(x.key, y.key); c != 0 {
			return c
		}
		if c := tie(x.row, y.row); c != 0 {
			return c
		}
		return cmp.Compare(x.row, y.row)
	})
}
