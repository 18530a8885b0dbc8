package exec

import (
	"context"

	"github.com/micodb/micodb/internal/vector"
)

// probeFeed gives a prober the probe side: first the chunks of the pipeline below, without the rows of the partitions
// that are in scratch files, which it puts there, too; then the pairs of these.
type probeFeed struct {
	join   *joinSpill
	prober *prober
	worker int
	from   Source

	away    *joinRows // nil: all of from was read
	buffers divertBuffers
	out     vector.Chunk

	own     *Query         // for the tables of pairs
	pair    *joinPair      // nil: take the next
	loaded  bool           // the prober's table is of the pair
	left    []*spilledRows // of its build side, behind those in the table
	next    int            // of its probe side
	blocks  blockReader
	carried []uint64 // the marks of the pair's probe rows from former pieces
}

type divertBuffers struct {
	keys, hashes []uint64
	keyed        []uint16
	gone         marks
	sel          []uint16
}

// feed makes that of a worker.
func (j *joinSpill) feed(p *prober) (*probeFeed, error) {
	f := &probeFeed{join: j, prober: p, worker: p.worker, from: p.from, blocks: blockReader{query: j.query}}
	var err error
	if f.away, err = newJoinRows(j.soft, j.probe, p.worker, &j.probes); err != nil {
		return nil, err
	}
	if f.blocks.store, err = newStore(j.query, j.probe.schema, newArena(j.query)); err != nil {
		return nil, err
	}
	own := *j.soft
	own.Budget = j.soft.Budget.Part()
	f.own = &own
	w := j.probe.layout.words
	f.buffers = divertBuffers{
		keys: make([]uint64, vector.ChunkRows*w), hashes: make([]uint64, vector.ChunkRows),
		keyed: make([]uint16, vector.ChunkRows), sel: make([]uint16, vector.ChunkRows),
	}
	return f, nil
}

// Close closes the probe side, and lets other workers go on without this one.
func (f *probeFeed) Close() error {
	if f.away != nil {
		f.away = nil
		f.join.arrive()
	}
	f.unload()
	f.endPair()
	return f.from.Close()
}

// Next returns rows to join with the prober's table.
func (f *probeFeed) Next(ctx context.Context) (*vector.Chunk, error) {
	for f.away != nil {
		c, err := f.from.Next(ctx)
		if err != nil || c == nil {
			return nil, err
		}
		if c, err = f.divert(ctx, c); err != nil || c.Count() > 0 {
			return c, err
		}
		if err := f.join.query.Checkpoint(ctx, f.worker); err != nil {
			return nil, err
		}
	}
	f.carryOver()
	if !f.loaded || f.next == len(f.pair.probe) {
		return nil, nil //nolint:nilnil // the contract of Source
	}
	c, err := f.blocks.read(ctx, f.worker, f.pair.probe[f.next])
	f.next++
	f.carryOn()
	return c, err
}

// nextTable gives the prober the next table when it has joined all rows with the one it has; false after the last.
func (f *probeFeed) nextTable(ctx context.Context) (bool, error) {
	if f == nil {
		return false, nil
	}
	if f.away != nil {
		if err := f.meet(ctx); err != nil {
			return false, err
		}
	}
	for {
		if err := f.join.query.Checkpoint(ctx, f.worker); err != nil {
			return false, err
		}
		if more, err := f.advance(ctx); err != nil || !more || f.loaded {
			return more, err
		}
	}
}

// divert puts those rows of a chunk away whose partition's build rows are in scratch files.
func (f *probeFeed) divert(ctx context.Context, c *vector.Chunk) (*vector.Chunk, error) {
	b, j := &f.buffers, f.join
	rows := selectKeyed(j.op.Probe.Schema(), j.op.ProbeKeys, c, b.keyed)
	w := f.away.pack.words
	keys, hashes := b.keys[:len(rows)*w], b.hashes[:len(rows)]
	if err := f.away.pack.pack(c, rows, keys); err != nil {
		return nil, err
	}
	hashRows(keys, w, w, f.away.pack.refs, hashes)
	n := 0
	for i, h := range hashes {
		if !j.present[h>>j.probes.shift()&(splitParts-1)] {
			b.sel[n], hashes[n] = rows[i], h
			n++
		}
	}
	if n == 0 {
		return c, nil
	}
	gone := b.sel[:n]
	if err := f.putAway(ctx, c, gone, hashes[:n]); err != nil {
		return nil, err
	}
	b.gone.clear()
	b.gone.set(gone)
	f.out = vector.Chunk{Len: c.Len, Columns: c.Columns, Sel: b.gone.split(chosen(c), false, b.sel)}
	return &f.out, nil
}

// putAway keeps rows of the probe side that are joined later.
func (f *probeFeed) putAway(ctx context.Context, c *vector.Chunk, rows []uint16, hashes []uint64) error {
	j, r := f.join, f.away
	err := r.addHashed(c, rows, hashes)
	if outOfMemory(err) {
		if err := r.spill(ctx, j.query); err != nil {
			return err
		}
		r.release()
		err = j.query.patiently(ctx, r.worker, func() error {
			return r.with(j.query, func() error { return r.addHashed(c, rows, hashes) })
		})
	}
	if err != nil || !r.full(true) {
		return err
	}
	return r.spill(ctx, j.query)
}

// meet ends the worker's part of the probe side, and waits for the others'.
func (f *probeFeed) meet(ctx context.Context) error {
	if err := f.away.spill(ctx, f.join.query); err != nil {
		return err
	}
	f.away.close()
	f.away = nil
	f.join.arrive()
	return f.wait(ctx, f.join.probed)
}

// arrive is called by each worker when it has read its part of the probe side. The last one frees the table, and makes
// pairs of what is in scratch files.
func (j *joinSpill) arrive() {
	j.mu.Lock()
	j.probing--
	last := j.probing == 0
	j.mu.Unlock()
	if !last {
		return
	}
	j.table.release()
	pairs := pairsOf(j.op.Kind, &j.builds, &j.probes, 0)
	for i := range j.unkeyed.all {
		for _, b := range j.unkeyed.all[i].blocks {
			pairs = append(pairs, joinPair{unkeyed: []*spilledRows{b}})
		}
	}
	j.pairs.put(pairs)
	close(j.probed)
}

func (f *probeFeed) wait(ctx context.Context, until <-chan struct{}) error {
	return f.join.query.blocking(ctx, f.worker, func() error {
		select {
		case <-until:
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	})
}

// advance gives the prober the next piece of the pair's build side, or takes the next pair; false after the last.
func (f *probeFeed) advance(ctx context.Context) (bool, error) {
	f.unload()
	if f.pair != nil && len(f.left) == 0 {
		f.endPair()
	}
	if f.pair == nil {
		pair, wait := f.join.pairs.take()
		switch {
		case wait != nil:
			return true, f.wait(ctx, wait)
		case pair == nil:
			return false, nil
		}
		f.pair, f.left = pair, pair.build
		if pair.unkeyed != nil {
			return true, f.loadUnkeyed(ctx)
		}
	}
	n, err := f.hold(ctx)
	if err != nil {
		return false, err
	}
	if n < 0 {
		err = f.join.split(ctx, f.worker, f.pair)
		f.endPair()
		return true, err
	}
	return true, f.load(ctx, n)
}

// hold reserves the memory of a table of the first n blocks that are left, or returns -1 when the pair is to be
// partitioned again. Before it gives up on a pair it lets other workers end theirs.
func (f *probeFeed) hold(ctx context.Context) (n int, err error) {
	whole := len(f.left) == len(f.pair.build)
	for {
		if f.fits(f.own, len(f.left)) {
			return len(f.left), nil
		}
		wait := f.join.pairs.tables()
		if wait == nil || !whole {
			break
		}
		if err := f.wait(ctx, wait); err != nil {
			return 0, err
		}
	}
	if !f.pair.whole && len(f.left) > 0 {
		return -1, nil
	}
	for n := len(f.left) / 2; n > 0; n /= 2 {
		if f.fits(f.own, n) {
			return n, nil
		}
	}
	f.own.Budget = f.join.query.Budget.Part() // what can spill no more needs what there is
	n = min(1, len(f.left))
	return n, f.join.query.patiently(ctx, f.worker, func() error { return f.own.Budget.Hold(f.size(n).bytes()) })
}

func (f *probeFeed) size(n int) tableSize {
	return tableSize{layout: f.join.build.layout, columns: f.join.columns}.with(f.left[:n])
}

// fits reserves memory for the first n blocks that are left.
func (f *probeFeed) fits(q *Query, n int) bool {
	size := f.size(n)
	if most := q.Debug.SpillRows; most > 0 && size.rows > most && n > 1 {
		return false
	}
	return q.Budget.Hold(size.bytes()) == nil
}

// load gives the prober a table of the first n blocks that are left.
func (f *probeFeed) load(ctx context.Context, n int) error {
	defer f.own.Budget.Settle()
	t, err := f.join.load(ctx, f.worker, f.own, f.left[:n])
	if err != nil {
		return err
	}
	f.left = f.left[n:]
	f.prober.more = len(f.left) > 0
	if f.prober.more && f.carried == nil && f.join.op.Kind != InnerJoin {
		f.carried, err = f.join.query.zeroed(len(f.pair.probe) * 2 * len(marks{}))
		if err != nil {
			return err
		}
	}
	return f.give(t)
}

// loadUnkeyed gives the prober a table of rows that match nothing, and nothing to join with it.
func (f *probeFeed) loadUnkeyed(ctx context.Context) error {
	own := *f.join.query
	s, err := newStore(&own, f.join.build.schema, newArena(&own))
	if err != nil {
		return err
	}
	for _, b := range f.pair.unkeyed {
		if err := own.patiently(ctx, f.worker, func() error { return s.unspill(ctx, f.worker, b) }); err != nil {
			return err
		}
	}
	f.left, f.prober.more = nil, false
	return f.give(&joinTable{query: &own, layout: f.join.build.layout, rows: s, held: s.texts.arena})
}

// give makes a table the prober's.
func (f *probeFeed) give(t *joinTable) error {
	var held *heldSide
	if f.join.op.Kind.notes() {
		var err error
		alone := *f.join.query
		alone.Workers = 1
		probe := f.join.op.Probe.Schema()
		if held, err = newHeldSide(&alone, f.join.op.Kind, probe, t.rows.n, heldStores(t.rows)); err != nil {
			return err
		}
		t.lent = append(t.lent, held.bits)
	}
	f.prober.setTable(t, held)
	f.next, f.loaded = 0, true
	f.join.pairs.count(0, 1)
	return nil
}

// unload frees the prober's table.
func (f *probeFeed) unload() {
	if f.loaded {
		f.prober.table.release()
		f.loaded = false
		f.join.pairs.count(0, -1)
	}
}

func (f *probeFeed) endPair() {
	if f.pair == nil {
		return
	}
	f.join.query.giveBack(f.carried)
	f.pair, f.left, f.carried = nil, nil, nil
	f.prober.former = nil
	f.join.pairs.count(-1, 0)
}

// carryOver keeps the marks of the block that the prober has just joined for the next piece of the build side.
func (f *probeFeed) carryOver() {
	if f.carried != nil && f.next > 0 {
		of := f.marksOf(f.next - 1)
		of[0], of[1] = f.prober.marks, f.prober.unsure
	}
}

// carryOn gives the prober the marks that the block has from former pieces.
func (f *probeFeed) carryOn() {
	if f.carried != nil {
		f.prober.former = f.marksOf(f.next - 1)
	}
}

func (f *probeFeed) marksOf(block int) []marks {
	return view[marks](f.carried, 2*len(f.pair.probe))[2*block:][:2]
}

// blockReader makes chunks of blocks.
type blockReader struct {
	query  *Query
	store  *store
	reader *storeReader
}

// read returns the rows of a block; the chunk is good until the next call.
func (b *blockReader) read(ctx context.Context, worker int, rows *spilledRows) (*vector.Chunk, error) {
	b.store.n = 0
	err := b.query.patiently(ctx, worker, func() error {
		b.store.texts.arena.release() // of what an attempt has read
		return b.store.unspill(ctx, worker, rows)
	})
	if err != nil {
		return nil, err
	}
	if b.reader == nil {
		b.reader = b.store.reader()
	}
	b.reader.pages = b.store.texts.arena.list()
	return b.reader.all(), nil
}
