package exec

import (
	"context"
	"slices"
	"sync"

	"github.com/micodb/micodb/internal/vector"
)

// joinPair is a partition of both sides whose rows are in scratch files.
type joinPair struct {
	build, probe []*spilledRows
	unkeyed      []*spilledRows // or rows of the build side that match nothing
	level        int            // of the bits that its rows' hashes have in common
	whole        bool           // partitioning it again would not make it smaller
}

// pairQueue hands out pairs to workers. Who takes one may put others in its stead, and ends it.
type pairQueue struct {
	mu      sync.Mutex // guards what follows
	pairs   []joinPair
	active  int           // taken and not ended
	loaded  int           // of these, those with a table in memory
	changed chan struct{} // closed, and made anew, when there is something new to look at
}

// put adds pairs.
func (q *pairQueue) put(pairs []joinPair) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.pairs = append(q.pairs, pairs...)
	q.change()
}

// change wakes who waits. The caller holds mu.
func (q *pairQueue) change() {
	if q.changed != nil {
		close(q.changed)
	}
	q.changed = make(chan struct{})
}

// take returns a pair, or else what to wait for before asking again; neither when all pairs are joined.
func (q *pairQueue) take() (pair *joinPair, wait <-chan struct{}) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if n := len(q.pairs); n > 0 {
		p := q.pairs[n-1]
		q.pairs = q.pairs[:n-1]
		q.active++
		return &p, nil
	}
	if q.active == 0 {
		return nil, nil
	}
	return nil, q.changed
}

// count adds to the numbers of pairs that are active and that are loaded.
func (q *pairQueue) count(active, loaded int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.active += active
	q.loaded += loaded
	q.change()
}

// tables returns what to wait for when workers have tables in memory; nil when none has.
func (q *pairQueue) tables() <-chan struct{} {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.loaded > 0 {
		return q.changed
	}
	return nil
}

// pairsOf returns the pairs of two sides, which were one pair with so many build rows, or 0. A partition that has
// nearly all of these is not made smaller by further bits.
func pairsOf(kind JoinKind, builds, probes *joinParts, total int) []joinPair {
	var out []joinPair
	for i := range builds.all {
		b, p := &builds.all[i], &probes.all[i]
		if len(p.blocks) == 0 && (!kind.givesUnmatched() || b.rows == 0) {
			continue
		}
		out = append(out, joinPair{
			build: b.blocks, probe: p.blocks, level: builds.level + 1,
			whole: builds.level+1 == deepestLevel || total > 0 && b.rows > total/8*7,
		})
	}
	return out
}

// split partitions a pair again.
func (j *joinSpill) split(ctx context.Context, worker int, pair *joinPair) error {
	builds, probes := &joinParts{level: pair.level}, &joinParts{level: pair.level}
	total := 0
	for _, b := range pair.build {
		total += b.n
	}
	if err := j.scatterAgain(ctx, worker, j.build, pair.build, builds); err != nil {
		return err
	}
	if err := j.scatterAgain(ctx, worker, j.probe, pair.probe, probes); err != nil {
		return err
	}
	j.pairs.put(pairsOf(j.op.Kind, builds, probes, total))
	return nil
}

// scatterAgain reads blocks, as many at once as there is memory for, and puts their rows into other partitions.
func (j *joinSpill) scatterAgain(ctx context.Context, worker int, side *joinSide, blocks []*spilledRows, to *joinParts,
) error {
	r := &rereader{join: j, side: side, worker: worker}
	defer r.close()
	rows, longest := 0, 0
	for _, b := range blocks {
		rows += b.n
		for _, p := range b.pages {
			longest = max(longest, p.Words)
		}
	}
	err := j.query.patiently(ctx, worker, func() error { return r.out.prepare(j.query, side, rows, longest) })
	if err != nil {
		return err
	}
	for len(blocks) > 0 {
		n, err := r.read(ctx, blocks)
		if err != nil {
			return err
		}
		blocks = blocks[n:]
		if err := r.scatter(ctx, to); err != nil {
			return err
		}
	}
	return nil
}

// rereader holds rows that were spilled, to put them into other partitions.
type rereader struct {
	join   *joinSpill
	side   *joinSide
	worker int
	store  *store
	out    scatterer
	pack   *packer
	keys   []uint64
	rows   []uint32
}

func (r *rereader) close() {
	r.out.release(r.join.query)
	r.drop()
}

func (r *rereader) drop() {
	if r.store != nil {
		r.store.release()
		r.store.texts.arena.release()
	}
}

// read reads the first n of the blocks, at least one.
func (r *rereader) read(ctx context.Context, blocks []*spilledRows) (n int, err error) {
	r.drop()
	soft := *r.join.soft
	if r.store, err = newStore(&soft, r.side.spilled(), newArena(&soft)); err != nil {
		return 0, err
	}
	for n < len(blocks) && r.store.n < scatterRows {
		err := r.store.unspill(ctx, r.worker, blocks[n])
		if outOfMemory(err) && n == 0 {
			soft.Budget = r.join.query.Budget
			err = soft.patiently(ctx, r.worker, func() error { return r.store.unspill(ctx, r.worker, blocks[n]) })
		}
		if outOfMemory(err) && n > 0 {
			break
		}
		if err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

// scatter puts the rows into partitions.
func (r *rereader) scatter(ctx context.Context, to *joinParts) error {
	r.out.block.texts.arena = r.store.texts.arena
	from := scattered{n: r.store.n, hash: r.hashKept, pace: r.join.query.inTurn(ctx, r.worker)}
	from.fill = func(b *store, rows []uint32) {
		for i := range b.columns {
			b.columns[i].take(&r.store.columns[i], r.store.n, rows)
		}
	}
	if r.side.hashes {
		from.hash = r.hashPacked(r.store.reader())
	}
	return r.out.scatter(r.join.query, from, to)
}

// hashKept hashes the words of keys that lie in the first columns.
func (r *rereader) hashKept(first int, out []uint64) error {
	w := r.side.layout.words
	r.keys = slices.Grow(r.keys[:0], len(out)*w)[:len(out)*w]
	for c := range w {
		for i, x := range r.store.columns[c].data[first : first+len(out)] {
			r.keys[i*w+c] = x
		}
	}
	hashRows(r.keys, w, w, r.side.layout.refs, out)
	return nil
}

// hashPacked hashes the keys of rows that it packs.
func (r *rereader) hashPacked(from *storeReader) func(first int, out []uint64) error {
	if r.pack == nil {
		r.pack = r.side.layout.packer()
		r.keys, r.rows = make([]uint64, vector.ChunkRows*r.pack.words), make([]uint32, vector.ChunkRows)
	}
	return func(first int, out []uint64) error {
		for i := range out {
			r.rows[i] = uint32(first + i)
		}
		w := r.pack.words
		if err := r.pack.pack(from.rows(r.rows[:len(out)]), vector.All(len(out)), r.keys[:len(out)*w]); err != nil {
			return err
		}
		hashRows(r.keys, w, w, r.pack.refs, out)
		return nil
	}
}
