package exec

import (
	"context"

	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

const (
	divideBits  = 4 // into so many bits' partitions one is divided that is too large
	dividesMost = 8 // so many times a partition is divided at most
	leastGroups = vector.ChunkRows

	// FewRows is how many rows the table must take at once for it to be worth going on.
	fewRows = 64
)

// merger aggregates partitions for one worker.
type merger struct {
	sink    *radixSink
	worker  int
	table   groupTable
	emitter *emitter
	at      int // next group of the table
	hashes  []uint64
	slots   []uint32
	read    []uint64  // of blocks from disk
	divider *spreader // nil: not needed so far
	rows    int       // of the partition so far
}

// Next hands out the groups of the worker's partitions.
func (m *merger) Next(ctx context.Context) (*vector.Chunk, error) {
	for m.at >= m.table.n {
		t, err := m.sink.queue.take(ctx, m.sink.query, m.worker)
		if err != nil || t == nil {
			return nil, err
		}
		if err := m.aggregate(ctx, t); err != nil {
			return nil, err
		}
	}
	n := min(m.table.n-m.at, vector.ChunkRows)
	first := m.at * m.sink.layout.stride
	m.at += n
	return m.emitter.groups(m.table.states[first:], n)
}

// Close returns the memory of the worker's table.
func (m *merger) Close() error {
	m.table.release()
	m.table.texts.reset()
	m.sink.query.giveBack(m.read)
	m.read = nil
	return nil
}

// aggregate aggregates a partition, or divides it.
func (m *merger) aggregate(ctx context.Context, t *task) error {
	if err := m.begin(ctx, t); err != nil {
		return err
	}
	for i := range t.blocks {
		b := &t.blocks[i]
		words, err := m.load(ctx, b)
		if err != nil {
			return err
		}
		done, err := m.add(b, words, t.depth)
		if outOfMemory(err) && m.divisible(t) {
			return m.divide(ctx, t, i, done, words)
		}
		if err != nil {
			return err
		}
		b.release(m.sink.query)
		if err := m.sink.query.Checkpoint(ctx, m.worker); err != nil {
			return err
		}
	}
	t.blocks = nil
	m.emitter.pages = m.table.texts.arena.list()
	return nil
}

// release gives a block's memory back when it is in memory of its own.
func (b *rowBlock) release(q *Query) {
	if !b.base {
		q.giveBack(b.words)
	}
	b.words = nil
}

// begin empties the table, and takes what is always needed for a partition.
func (m *merger) begin(ctx context.Context, t *task) error {
	s := m.sink
	m.at, m.rows = 0, 0
	m.table.texts.reset()
	if s.query.Spill.Usable() && m.divider == nil {
		err := s.whole.patiently(ctx, m.worker, func() (err error) {
			m.divider, err = newSpreader(s.query, s.whole, s.layout, divideBits)
			return err
		})
		if err != nil {
			return err
		}
	}
	groups := 1
	for _, b := range t.blocks {
		groups += b.rows / poorRows
	}
	err := m.table.reset(groups)
	if !outOfMemory(err) {
		return err
	}
	m.table.release()
	return s.whole.patiently(ctx, m.worker, func() error {
		m.table.query = s.whole
		err := m.table.reset(min(groups, leastGroups))
		m.table.query = s.query
		return err
	})
}

// load returns the words of a block, which for one on disk are good until the next call.
func (m *merger) load(ctx context.Context, b *rowBlock) ([]uint64, error) {
	if b.words != nil {
		return b.words, nil
	}
	q := m.sink.whole
	if cap(m.read) < b.at.Words {
		q.giveBack(m.read)
		m.read = nil
		err := q.patiently(ctx, m.worker, func() (err error) {
			m.read, err = q.words(max(b.at.Words, largePageWords))
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	words := m.read[:b.at.Words]
	return words, q.blocking(ctx, m.worker, func() error { return b.file.Read(b.at, words) })
}

// add folds the rows of a block into the table. It returns how many are there when memory ends.
func (m *merger) add(b *rowBlock, rows []uint64, depth int) (done int, err error) {
	texts, size := blockTexts(view[byte](rows, len(rows)*8)), m.sink.layout.words(b.kind)
	for done < b.rows {
		if err := m.forced(depth); err != nil {
			return done, err
		}
		n, err := m.room(b.rows - done)
		if err == nil {
			err = m.fold(b.kind, rows[done*size:], n, texts.key, texts.get)
		}
		if err != nil {
			return done, err
		}
		done += n
	}
	return done, nil
}

// forced makes memory end where a test wants that.
func (m *merger) forced(depth int) error {
	every := m.sink.query.Debug.SpillRows
	if every == 0 || m.rows < every || depth > 1 || !m.sink.query.Spill.Usable() {
		return nil
	}
	m.rows = 0
	if _, err := m.sink.Reclaim(0); err != nil || m.table.n < 2 {
		return err
	}
	return sqlerr.New(sqlerr.OutOfMemory, "a test wants memory to end here")
}

// room makes room in the table for some of n rows.
func (m *merger) room(n int) (int, error) {
	k, err := m.table.room(n)
	if outOfMemory(err) && k > 0 && (k >= min(n, fewRows) || m.table.n < 2) {
		return k, nil
	}
	return k, err
}

// fold folds n states or rows into the table, whose texts are copied there. When it fails with 53200, the same can be
// done again.
func (m *merger) fold(kind int, rows []uint64, n int, keys textsOf, texts func(uint64) []byte) error {
	if n == 0 {
		return nil
	}
	if len(m.slots) < n {
		m.slots, m.hashes = make([]uint32, max(n, largePageWords)), make([]uint64, max(n, largePageWords))
	}
	l, slots, hashes := m.sink.layout, m.slots[:n], m.hashes[:n]
	size := l.words(kind)
	hashRows(rows, size, l.nKeys, l.keys.refs, hashes)
	if err := m.table.find(rows, size, hashes, keys, slots); err != nil {
		return err
	}
	m.rows += n
	to := foldTexts{texts, m.table.texts}
	var err error
	if kind == kindStates {
		err = l.merge(m.table.states, slots, words{rows, size}, to)
	} else {
		err = l.mergeRows(m.table.states, slots, rows, to)
	}
	if err != nil {
		return err
	}
	return m.table.texts.tidy(l, m.table.states[:m.table.n*l.stride])
}

// divisible tells whether a part of a partition may need less memory than the whole.
func (m *merger) divisible(t *task) bool {
	return m.sink.query.Spill.Usable() && t.depth < dividesMost && m.table.n > 1
}

// divide divides a partition by further bits of the hash: the groups so far, the rest of block i, which is at words,
// and the blocks after it.
func (m *merger) divide(ctx context.Context, t *task, i, done int, words []uint64) error {
	d, l := m.divider, m.sink.layout
	d.skip = partitionBits + divideBits*uint(t.depth)
	err := m.pass(ctx, kindStates, m.table.states, m.table.n, m.table.texts.arena.wordText)
	if err != nil {
		return err
	}
	m.table.release()
	m.table.texts.reset()
	for ; i < len(t.blocks); i++ {
		b := &t.blocks[i]
		if words == nil {
			if words, err = m.load(ctx, b); err != nil {
				return err
			}
		}
		texts := blockTexts(view[byte](words, len(words)*8))
		if err := m.pass(ctx, b.kind, words[done*l.words(b.kind):], b.rows-done, texts.wordText); err != nil {
			return err
		}
		b.release(m.sink.query)
		words, done = nil, 0
	}
	if err := d.spill(ctx, m.worker); err != nil {
		return err
	}
	for p := range 1 << divideBits {
		if blocks := d.take(p); len(blocks) > 0 {
			m.sink.queue.put(&task{depth: t.depth + 1, blocks: blocks})
		}
	}
	return nil
}

// pass gives n rows to the divider.
func (m *merger) pass(ctx context.Context, kind int, rows []uint64, n int, from wordTexts) error {
	l, size := m.sink.layout, m.sink.layout.words(kind)
	var hashes [1024]uint64
	for n > 0 {
		hs := hashes[:min(n, len(hashes))]
		hashRows(rows, size, l.nKeys, l.keys.refs, hs)
		if err := m.divider.spread(ctx, m.worker, rowsToSpread{kind, rows, hs, from}); err != nil {
			return err
		}
		rows, n = rows[len(hs)*size:], n-len(hs)
		if err := m.sink.query.Checkpoint(ctx, m.worker); err != nil {
			return err
		}
	}
	return nil
}
