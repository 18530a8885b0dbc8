package exec

import (
	"context"
	"math/bits"

	"github.com/micodb/micodb/internal/vector"
)

// joinTable finds the build rows with a key. It is one of three: an array by the key (heads) where the keys are
// dense, else slots of linear probing, which hold the row plus one and as a tag either the whole key (exact)
// or the upper half of its hash. Further rows with the same key follow in next.
type joinTable struct {
	query  *Query
	layout *keyLayout
	probe  *keyLayout // the same over the probe's columns
	held   *arena     // has the texts of the keys
	keys   []uint64   // the words of each row's key
	rows   *store     // the columns that are kept
	n      int
	lent   [][]uint64 // what else the table lies in
	nulls  bool       // rows with a NULL among their keys were left out
	some   bool       // the build side has rows, here or elsewhere, with keys

	lo, hi  uint64 // of keys of a single word, when they are bounded
	bounded bool
	heads   []uint32
	slots   []uint64
	exact   bool
	next    []uint32 // row to row plus one
	chains  bool     // some key comes twice
}

const (
	directRows  = 8       // an array may have so many entries a row
	directLeast = 1 << 16 // or so many in any case
	serialRows  = 1 << 15 // fewer are indexed by one worker
)

// build indexes the keys. Every worker reads all keys and writes only those of its own region, with plain
// stores; atomic swaps were twice as slow with two workers.
func (t *joinTable) build(ctx context.Context) error {
	next, err := t.query.words((t.n + 1) / 2)
	if err != nil {
		return err
	}
	t.next = view[uint32](next, t.n)
	t.lent = append(t.lent, next)
	if t.direct() {
		var heads []uint64
		if heads, err = t.query.zeroed(t.places()); err != nil {
			return err
		}
		t.lent = append(t.lent, heads)
		t.heads = view[uint32](heads, int(t.hi-t.lo)+1)
		return t.regions(ctx, len(t.heads), t.fillHeads)
	}
	t.exact = t.layout.single && t.n > 0 && t.hi-t.lo < 1<<32
	if t.slots, err = t.query.zeroed(t.places()); err != nil {
		return err
	}
	t.lent = append(t.lent, t.slots)
	workers := t.workers()
	late := make([][]uint32, workers) // rows that ran over the end of a region
	err = t.regions(ctx, len(t.slots), func(ctx context.Context, worker int, lo, hi uint64) (chains bool) {
		late[worker], chains = t.fillSlots(ctx, lo, hi)
		return chains
	})
	if err != nil {
		return err
	}
	for _, rows := range late {
		for _, r := range rows {
			h := t.hash(int(r))
			_, chained := t.put(r, h, h&uint64(len(t.slots)-1), uint64(len(t.slots)), true)
			t.chains = t.chains || chained
		}
	}
	return nil
}

// release returns the memory of the table and of its rows.
func (t *joinTable) release() {
	for _, b := range append(t.lent, t.keys) {
		t.query.giveBack(b)
	}
	t.lent = nil
	t.rows.release()
	t.held.release()
}

// bound takes in the bounds of more keys. All must be known before the table is built.
func (t *joinTable) bound(keys []uint64) {
	if !t.layout.single || len(keys) == 0 {
		return
	}
	lo, hi := keys[0], keys[0]
	if t.bounded {
		lo, hi = t.lo, t.hi
	}
	for _, k := range keys {
		lo, hi = min(lo, k), max(hi, k)
	}
	t.lo, t.hi, t.bounded = lo, hi, true
}

// places returns how many words heads or slots take.
func (t *joinTable) places() int {
	if t.direct() {
		return int(t.hi-t.lo)/2 + 1
	}
	return slotsFor(t.n)
}

// slotsFor returns how many slots n rows have.
func slotsFor(n int) int { return 1 << bits.Len(uint(max(2*n, 8)-1)) }

// direct tells whether the keys are dense enough for an array.
func (t *joinTable) direct() bool {
	return t.layout.single && t.n > 0 && t.hi-t.lo < uint64(max(directRows*t.n, directLeast))
}

func (t *joinTable) workers() int {
	if t.n < serialRows {
		return 1
	}
	return t.query.Workers
}

// regions gives each worker an equal part of size places. Whatever fills them looks now and then whether the query was
// ended.
func (t *joinTable) regions(
	ctx context.Context, size int, fill func(ctx context.Context, worker int, lo, hi uint64) bool,
) error {
	workers := t.workers()
	if workers == 1 {
		t.chains = fill(ctx, 0, 0, uint64(size))
		return context.Cause(ctx)
	}
	chains := make([]bool, workers)
	err := t.query.parallel(ctx, func(ctx context.Context, w int) error {
		chains[w] = fill(ctx, w, uint64(size*w/workers), uint64(size*(w+1)/workers))
		return context.Cause(ctx)
	})
	for _, c := range chains {
		t.chains = t.chains || c
	}
	return err
}

func (t *joinTable) fillHeads(ctx context.Context, _ int, lo, hi uint64) bool {
	heads, span, first := t.heads[lo:hi], hi-lo, t.lo+lo
	seen := uint32(0)
	for done := 0; done < t.n && ctx.Err() == nil; done += runRows {
		for i, k := range t.keys[done:min(t.n, done+runRows)] {
			x := k - first
			if x >= span {
				continue
			}
			seen |= heads[x]
			t.next[done+i], heads[x] = heads[x], uint32(done+i+1)
		}
	}
	return seen != 0
}

func (t *joinTable) row(r int) []uint64 { return t.keys[r*t.layout.words : (r+1)*t.layout.words] }

func (t *joinTable) hash(r int) uint64 {
	var h [1]uint64
	hashRows(t.row(r), t.layout.words, t.layout.words, t.layout.refs, h[:])
	return h[0]
}

func (t *joinTable) fillSlots(ctx context.Context, lo, hi uint64) (late []uint32, chains bool) {
	var hashes [vector.ChunkRows]uint64
	w, slots := t.layout.words, uint64(len(t.slots)-1)
	for first := 0; first < t.n && ctx.Err() == nil; first += len(hashes) {
		hs := hashes[:min(len(hashes), t.n-first)]
		hashRows(t.keys[first*w:], w, w, t.layout.refs, hs)
		for i, h := range hs {
			home := h & slots
			if home < lo || home >= hi {
				continue
			}
			placed, chained := t.put(uint32(first+i), h, home, hi, false)
			if !placed {
				late = append(late, uint32(first+i))
			}
			chains = chains || chained
		}
	}
	return late, chains
}

// put places a row from slot p on, before slot end, or with wrap beyond it from 0 on.
func (t *joinTable) put(row uint32, h, p, end uint64, wrap bool) (placed, chained bool) {
	tag := h >> 32
	if t.exact {
		tag = t.keys[row] - t.lo
	}
	for {
		if p == end {
			if !wrap {
				return false, false
			}
			p = 0
		}
		e := t.slots[p]
		if e == 0 || e>>32 == tag && (t.exact || t.same(int(row), int(uint32(e))-1)) {
			t.next[row] = uint32(e)
			t.slots[p] = tag<<32 | uint64(row+1)
			return true, e != 0
		}
		p++
	}
}

func (t *joinTable) same(a, b int) bool {
	return t.layout.equal(t.row(a), t.held.texts, t.row(b), t.held.texts)
}

// candidates are pairs of a build row and a probe row.
type candidates struct {
	build []uint32
	probe []uint16
}

// find looks up a key for each row: it fills out with the first build row of each that has one, and returns
// how many there are.
func (t *joinTable) find(keys, hashes []uint64, rows []uint16, texts textsOf, out candidates) int {
	switch {
	case t.n == 0:
		return 0
	case t.heads != nil:
		return t.findHeads(keys, rows, out)
	}
	w := t.layout.words
	hashRows(keys, w, w, t.layout.refs, hashes)
	if t.exact {
		return t.findExact(keys, hashes, rows, out)
	}
	slots, k := uint64(len(t.slots)-1), 0
	for i, h := range hashes {
		for p := h & slots; t.slots[p] != 0; p = (p + 1) & slots {
			e := t.slots[p]
			if e>>32 != h>>32 {
				continue
			}
			r := int(uint32(e)) - 1
			if t.probe.equal(keys[i*w:(i+1)*w], texts, t.row(r), t.held.texts) {
				out.build[k], out.probe[k] = uint32(r), rows[i]
				k++
				break
			}
		}
	}
	return k
}

func (t *joinTable) findHeads(keys []uint64, rows []uint16, out candidates) int {
	k, heads, lo := 0, t.heads, t.lo
	for i, x := range keys {
		if x -= lo; x < uint64(len(heads)) {
			r := heads[x]
			out.build[k], out.probe[k] = r-1, rows[i]
			if r != 0 {
				k++
			}
		}
	}
	return k
}

// findExact reads all home slots first, so that the misses of many rows overlap.
func (t *joinTable) findExact(keys, hashes []uint64, rows []uint16, out candidates) int {
	table, slots := t.slots, uint64(len(t.slots)-1)
	var home [vector.ChunkRows]uint64
	for i, h := range hashes {
		home[i] = table[h&slots]
	}
	k := 0
	for i, e := range home[:len(hashes)] {
		tag := keys[i] - t.lo
		for p := hashes[i] & slots; e != 0; e = table[p] {
			if e>>32 == tag {
				out.build[k], out.probe[k] = uint32(e)-1, rows[i]
				k++
				break
			}
			p = (p + 1) & slots
		}
	}
	return k
}

// follow replaces each pair by that of the next build row with the same key, and returns how many there are.
func (t *joinTable) follow(c candidates, n int) int {
	if !t.chains {
		return 0
	}
	k := 0
	for i, r := range c.build[:n] {
		if x := t.next[r]; x != 0 {
			c.build[k], c.probe[k] = x-1, c.probe[i]
			k++
		}
	}
	return k
}
