package exec

import (
	"context"
	"math/bits"
	"sync"
	"sync/atomic"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/internal/vector"
)

// A join whose build side outgrows its memory is a hybrid hash join: Kitsuregawa, Tanaka and Moto-oka, "Application
// of Hash to Data Base Machine and Its Architecture" (1983); DeWitt et al., "Implementation Techniques for Main Memory
// Database Systems" (SIGMOD 1984). Both sides are partitioned by the upper bits of the keys' hashes, as the lower ones
// choose a table's slots. Some of the build's partitions are brought back to memory, and the probe's rows of these are
// joined as they come; the others meet in pairs of partitions, one worker a pair. A pair whose build side doesn't fit
// is partitioned again by further bits, and where that doesn't make it smaller, because many rows have one key, it is
// joined by pieces of the build side, with all of the probe side for each.

const (
	splitBits      = 6
	splitParts     = 1 << splitBits
	deepestLevel   = 4       // rows whose hashes agree in the bits of all levels are not partitioned any more
	bloomWordsMost = 2 << 20 // of the filter of a build side whose rows aren't counted yet
)

// joinParts are rows of one side in scratch files. Safe for concurrent use.
type joinParts struct {
	level int
	mu    sync.Mutex // guards all
	all   [splitParts]joinPart
}

// joinPart is the rows of one partition.
type joinPart struct {
	blocks []*spilledRows
	rows   int
}

// shift is where the bits of a hash lie that say which partition of the level a row is in.
func (p *joinParts) shift() uint { return uint(64 - splitBits*(p.level+1)) }

func (p *joinParts) add(i int, b *spilledRows) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.all[i].blocks = append(p.all[i].blocks, b)
	p.all[i].rows += b.n
}

// joinSpill is what the workers share of a join that spills.
type joinSpill struct {
	query        *Query // for what must have memory
	soft         *Query // whose budget is spillable
	op           *HashJoin
	build, probe *joinSide
	columns      []storeColumn // of the build side, as spilled
	started      atomic.Bool
	bloom        atomic.Pointer[[]uint64] // of the build's keys, where the filter is asked for
	once         sync.Once                // makes bloom

	builds, probes joinParts
	unkeyed        joinParts        // build rows of a full join that have a NULL key
	present        [splitParts]bool // partitions of which no build row is in a scratch file when probing begins
	table          *joinTable       // of these
	nulls, some    bool             // as in joinTable

	mu      sync.Mutex    // guards left and probing
	left    []*builder    // of workers whose part of the build side has ended
	probing int           // workers that still read the probe side
	probed  chan struct{} // closed when none does
	pairs   pairQueue
}

// keep adds rows of the build side; from when memory ends for the first time they go into partitions.
func (j *joinSpill) keep(ctx context.Context, b *builder, r *joinRows, add func() error) error {
	err := add()
	if outOfMemory(err) && j.query.Spill.Usable() {
		if err := j.makeRoom(ctx, b); err != nil {
			return err
		}
		err = j.query.patiently(ctx, r.worker, func() error { return r.with(j.query, add) })
	}
	if err != nil || !r.full(j.started.Load()) {
		return err
	}
	return j.put(ctx, r.worker, r)
}

// makeRoom puts a worker's rows, and those of workers that have ended, into partitions.
func (j *joinSpill) makeRoom(ctx context.Context, b *builder) error {
	j.mu.Lock()
	left := j.left
	j.left = nil
	j.mu.Unlock()
	for _, l := range append(left, b) {
		for _, r := range []*joinRows{l.rows, l.unkeyed} {
			if r == nil {
				continue
			}
			if err := j.put(ctx, b.rows.worker, r); err != nil {
				return err
			}
			r.release()
		}
	}
	return nil
}

// leave lets other workers put a worker's rows into partitions, which has no more.
func (j *joinSpill) leave(b *builder) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.left = append(j.left, b)
}

// put puts rows of the build side into partitions.
func (j *joinSpill) put(ctx context.Context, worker int, r *joinRows) error {
	j.started.Store(true)
	if j.op.onlyFilter() != nil && r.to == &j.builds {
		j.once.Do(func() { j.makeBloom(r.n) })
		j.addToBloom(r)
	}
	r.worker = worker
	return r.spill(ctx, j.query)
}

// putAll puts all rows that a worker has, for good.
func (j *joinSpill) putAll(ctx context.Context, worker int, b *builder) error {
	for _, r := range []*joinRows{b.rows, b.unkeyed} {
		if r == nil {
			continue
		}
		if err := j.put(ctx, worker, r); err != nil {
			return err
		}
		r.close()
	}
	return nil
}

// makeBloom makes a filter of a size that fits the rows that all workers are thought to hold when one has rows. How
// many there will be isn't known: a filter that becomes too full isn't used.
func (j *joinSpill) makeBloom(rows int) {
	words := 1 << bits.Len(uint(rows*j.query.Workers/2))
	b, err := j.soft.zeroed(max(min(words, bloomWordsMost), minWords))
	if err == nil { // else there is no filter
		j.bloom.Store(&b)
	}
}

func (j *joinSpill) addToBloom(r *joinRows) {
	b := j.bloom.Load()
	if b == nil {
		return
	}
	base, blocks := uint64(j.build.layout.fields[0].lo), *b
	for _, k := range r.keys[:r.n] {
		h := vector.Hash(base + k)
		atomic.OrUint64(&blocks[h>>12&uint64(len(blocks)-1)], vector.BloomMask(h))
	}
}

// setFilter tells the probe's scan which keys there may be.
func (j *joinSpill) setFilter(f *catalog.RuntimeFilter) {
	b := j.bloom.Load()
	if b == nil {
		return
	}
	ones := 0
	for _, w := range *b {
		ones += bits.OnesCount64(w)
	}
	if ones > len(*b)*64*2/3 { // more than four of nine values without a match pass
		return
	}
	f.Set(&catalog.RuntimeValues{Lo: vector.MinInt, Hi: vector.MaxInt, Bloom: *b})
}

// settle ends the build side when all its rows are in partitions: it chooses those that are brought back to memory.
func (j *joinSpill) settle(ctx context.Context) (t *joinTable, err error) {
	proto, err := newStore(j.query, j.build.spilled(), newArena(j.query))
	if err != nil {
		return nil, err
	}
	j.columns = proto.columns
	own := *j.soft
	own.Budget = j.soft.Budget.Part()
	size := tableSize{layout: j.build.layout, columns: j.columns}
	room := own.Budget.Available() / 2 // the rest is for the probe side, and for other operators
	var fit [splitParts]bool
	for i := range j.builds.all {
		p := &j.builds.all[i]
		j.some = j.some || p.rows > 0
		with := size.with(p.blocks)
		fit[i] = with.bytes() <= room
		if j.query.Debug.SpillRows > 0 {
			fit[i] = i%2 == 0
		}
		if fit[i] {
			size = with
		}
	}
	held := own.Budget.Hold(size.bytes()) == nil // else others were faster
	defer own.Budget.Settle()
	var blocks []*spilledRows
	for i := range j.builds.all {
		p := &j.builds.all[i]
		j.present[i] = p.rows == 0 || fit[i] && held
		if j.present[i] {
			blocks, p.blocks = append(blocks, p.blocks...), nil
		}
	}
	if f := j.op.onlyFilter(); f != nil {
		j.setFilter(f)
	}
	err = j.query.work(ctx, 0, func(ctx context.Context, worker int) (err error) {
		t, err = j.load(ctx, worker, &own, blocks)
		return err
	})
	j.table = t
	return t, err
}

// tableSize is what a table of rows in scratch files would take.
type tableSize struct {
	layout  *keyLayout
	columns []storeColumn // as spilled
	rows    int
	texts   int // words
}

func (s tableSize) with(blocks []*spilledRows) tableSize {
	for _, b := range blocks {
		s.rows += b.n
		for _, p := range b.pages {
			s.texts += classWords(p.Words)
		}
	}
	return s
}

// bytes counts the columns, the index, and the keys' words once more where they are several.
func (s tableSize) bytes() int64 {
	n := s.rows + loadSlack
	words := s.texts + classWords((n+1)/2) + classWords(max(4*n, directLeast/2+1))
	for i := range s.columns {
		words += classWords(wordsFor(n, s.columns[i].width)) + classWords((n+63)/64)
	}
	if s.layout.words > 1 || s.layout.refs != 0 {
		words += classWords(n * s.layout.words)
	}
	return int64(words) * 8
}

// loadSlack is how many rows more than there are a store has room for that is loaded from scratch files: values that
// don't begin at a word are read behind their place.
const loadSlack = 64

// load reads rows of the build side into a table.
func (j *joinSpill) load(ctx context.Context, worker int, q *Query, blocks []*spilledRows) (*joinTable, error) {
	own := *q
	own.Workers = 1 // the index is built where the rows are read
	s, err := newStore(&own, j.build.spilled(), newArena(&own))
	if err != nil {
		return nil, err
	}
	n := 0
	for _, b := range blocks {
		n += b.n
	}
	for i := range s.columns {
		if err := s.columns[i].reserve(&own, n+loadSlack); err != nil {
			return nil, err
		}
	}
	for _, b := range blocks {
		if err := s.unspill(ctx, worker, b); err != nil {
			return nil, err
		}
	}
	t := &joinTable{
		query: &own, layout: j.build.layout, probe: j.probe.layout, held: s.texts.arena, n: n,
		nulls: j.nulls, some: j.some,
	}
	w := t.layout.words
	if t.keys, err = s.interleaved(w); err != nil {
		return nil, err
	}
	t.rows, s.columns = s, s.columns[w:]
	t.bound(t.keys[:n])
	return t, t.build(ctx)
}

// interleaved returns the words of the first w columns, row after row. A single column stays what it is.
func (s *store) interleaved(w int) ([]uint64, error) {
	if w == 1 {
		return s.columns[0].data, nil
	}
	keys, err := s.query.words(s.n * w)
	if err != nil {
		return nil, err
	}
	for c := range w {
		k := &s.columns[c]
		for i, x := range k.data[:s.n] {
			keys[i*w+c] = x
		}
		s.query.giveBack(k.data)
		k.data = nil
	}
	return keys, nil
}
