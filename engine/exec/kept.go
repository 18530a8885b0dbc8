package exec

import (
	"context"
	"slices"
	"sync"

	"github.com/micodb/micodb/internal/spill"
	"github.com/micodb/micodb/internal/vector"
)

// A block of kept rows is closed when it has so many rows or, in words, texts: each reader brings one at a time back
// from a file.
const (
	keptBlockRows  = 2 * vector.ChunkRows
	keptBlockWords = 1 << 17

	keptPiece   = 64      // rows, for which blocks that aren't full are closed where memory has ended
	keptScratch = 1 << 13 // words, at least, of the buffer that texts are spilled with
)

// keptRows keeps rows for those who read them later, in blocks. Where memory ends, blocks go to a file that nobody is
// reading: it gives memory back at any time. Of those that are read a part stays, of one block a reader.
type keptRows struct {
	query  *Query // for what must have memory
	soft   *Query // whose budget is spillable
	schema Schema
	once   bool // every block is read once, and given back then

	file   *spill.File   // guarded by query.waiting.turn
	hungry chan struct{} // held by the one worker that waits for memory

	mu      sync.Mutex // guards scratch; blocks, until all rows have come; and of them what is said so
	scratch []uint64   // to spill texts with
	blocks  []*keptBlock
}

// keptBlock is rows in memory or in a file.
type keptBlock struct {
	worker int // who kept them
	n      int
	first  int // how many rows the blocks before it have: set by number

	rows    *store        // nil: in the file, or given back; guarded
	readers int           // of rows; guarded
	leaving chan struct{} // somebody is writing the rows to the file, and closes it after that; guarded
	lost    error         // why that has failed; guarded
	spilled spilledRows
}

// keep returns what keeps rows of a schema.
func (q *Query) keep(schema Schema) *keptRows {
	k := newKeptRows(q, schema)
	if q.Spill.Usable() {
		k.soft = q.spillable()
		q.waiting.add(k)
	}
	return k
}

func newKeptRows(q *Query, schema Schema) *keptRows {
	return &keptRows{query: q, soft: q, schema: schema, hungry: make(chan struct{}, 1)}
}

// patiently is that of the query, for one worker at a time: several that each take a part of what they need would keep
// one another from the rest.
func (k *keptRows) patiently(ctx context.Context, worker int, f func() error) error {
	err := f()
	if !outOfMemory(err) || !k.query.Spill.Usable() {
		return err
	}
	taken := false
	err = k.query.blocking(ctx, worker, func() error {
		select {
		case k.hungry <- struct{}{}:
			taken = true
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	})
	if taken {
		defer func() { <-k.hungry }()
	}
	if err != nil {
		return err
	}
	return k.query.patiently(ctx, worker, f)
}

// Worker returns a consumer with a block of its own.
func (k *keptRows) Worker(worker int) (Consumer, error) { return k.writer(worker), nil }

func (k *keptRows) writer(worker int) *keptWriter { return &keptWriter{of: k, worker: worker} }

// Finish hands out the rows, in any order.
func (k *keptRows) Finish(context.Context) (Stream, error) { return k.stream(), nil }

// add takes a block that is full.
func (k *keptRows) add(worker int, rows *store) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.blocks = append(k.blocks, &keptBlock{worker: worker, n: rows.n, rows: rows})
}

// number counts the rows, when all have come.
func (k *keptRows) number() (n int) {
	for _, b := range k.blocks {
		b.first = n
		n += b.n
	}
	return n
}

// combine joins small blocks in memory, as the last ones of workers may be, when all rows have come. Where there is no
// memory for that they stay.
func (k *keptRows) combine(ctx context.Context) error {
	small := k.takeSmall()
	if len(small) == 0 {
		return nil
	}
	return k.query.work(ctx, 0, func(_ context.Context, worker int) (err error) {
		numbers := make([]uint32, vector.ChunkRows)
		for i := range numbers {
			numbers[i] = uint32(i)
		}
		w := k.writer(worker)
		defer w.seal()
		for _, rows := range small {
			if err == nil {
				err = w.append(k.soft, rows.reader().rows(numbers[:rows.n]))
			}
			if err != nil {
				k.add(worker, rows)
			} else {
				rows.free()
			}
		}
		return unlessOutOfMemory(err)
	})
}

// takeSmall takes the blocks of less than a chunk, when they are several.
func (k *keptRows) takeSmall() (small []*store) {
	k.mu.Lock()
	defer k.mu.Unlock()
	var others []*keptBlock
	for _, b := range k.blocks {
		if b.rows != nil && b.leaving == nil && b.lost == nil && b.n < vector.ChunkRows {
			small = append(small, b.rows)
		} else {
			others = append(others, b)
		}
	}
	if len(small) < 2 {
		return nil
	}
	k.blocks = others
	return small
}

// prepare takes the memory that a block with texts is spilled with. What was taken for shorter texts stays lent: it may
// be in use.
func (k *keptRows) prepare(q *Query, rows *store) error {
	if !q.Spill.Usable() || !rows.holdsTexts() {
		return nil
	}
	need := scratchFor(rows)
	if len(k.buffer()) >= need {
		return nil
	}
	fresh, err := q.words(need) // which may make this very sink spill
	if err != nil {
		return err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.scratch) < len(fresh) {
		k.scratch = fresh
	}
	return nil
}

// scratchFor is how many words the buffer needs that rows are spilled with.
func scratchFor(rows *store) int {
	switch {
	case !rows.holdsTexts():
		return 0
	case rows.texts.longest <= keptScratch*8:
		return keptScratch
	default:
		return spillScratchWords // for any text
	}
}

func (k *keptRows) buffer() []uint64 {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.scratch
}

// Reclaim writes blocks that nobody reads to the file until that gives so many bytes back.
func (k *keptRows) Reclaim(bytes int64) (freed int64, err error) {
	for freed < bytes {
		b := k.idle()
		if b == nil {
			break
		}
		held := b.rows
		rows, err := k.write(held)
		k.left(b, rows, err)
		if err != nil {
			return freed, err
		}
		freed += held.bytes()
		held.free()
		if err := k.query.ended(); err != nil {
			return freed, err
		}
	}
	return freed, nil
}

// idle returns a block in memory that nobody reads, and nobody may read until left; nil when there is none. Readers
// begin with the first blocks: the last ones go first.
func (k *keptRows) idle() *keptBlock {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, b := range slices.Backward(k.blocks) {
		if b.rows == nil || b.readers > 0 || b.lost != nil || len(k.scratch) < scratchFor(b.rows) {
			continue
		}
		b.leaving = make(chan struct{})
		return b
	}
	return nil
}

// left ends what idle began: the rows of the block are in the file, or lost.
func (k *keptRows) left(b *keptBlock, rows spilledRows, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	close(b.leaving)
	b.leaving, b.lost, b.spilled = nil, err, rows
	if err == nil {
		b.rows = nil
	}
}

func (k *keptRows) write(rows *store) (out spilledRows, err error) {
	if k.file == nil {
		if k.file, err = k.query.Spill.Create(); err != nil {
			return out, err
		}
	}
	return rows.write(k.file, k.buffer(), func(f func() error) error { return f() })
}

// keptWriter keeps the rows of one worker.
type keptWriter struct {
	of     *keptRows
	worker int
	rows   *store // of the block that isn't full; nil: none
}

// Consume copies the rows of a chunk, whose first columns are those of the schema.
func (w *keptWriter) Consume(ctx context.Context, c *vector.Chunk) error {
	rows := chosen(c)
	if len(rows) > 1 && w.of.textBytes(c, rows) > keptBlockWords*8 { // too large a block can't be read back
		some := *c
		some.Sel = rows[:len(rows)/2]
		if err := w.Consume(ctx, &some); err != nil {
			return err
		}
		some.Sel = rows[len(rows)/2:]
		return w.Consume(ctx, &some)
	}
	err := w.append(w.of.soft, c)
	if !outOfMemory(err) || !w.of.query.Spill.Usable() {
		return err
	}
	some := *c
	return w.consume(ctx, &some, rows)
}

// textBytes is how many bytes of texts rows have that are copied.
func (k *keptRows) textBytes(c *vector.Chunk, rows []uint16) (n int) {
	for i, column := range k.schema {
		v := c.Columns[i]
		if column.Physical != vector.Bytes || column.Unifier != nil || v.Encoding == vector.Constant {
			continue
		}
		for _, r := range rows {
			if !v.IsNull(int(r)) {
				n += len(v.Bytes(int(r)))
			}
		}
	}
	return n
}

// consume copies some rows of a chunk where memory has ended: fewer and fewer at once. What can go to the file makes
// room for them.
func (w *keptWriter) consume(ctx context.Context, c *vector.Chunk, rows []uint16) error {
	c.Sel = rows
	err := w.append(w.of.soft, c)
	if outOfMemory(err) && len(rows) <= keptPiece {
		err = w.makeRoom(ctx, c)
	}
	if !outOfMemory(err) || len(rows) == 1 {
		return err
	}
	half := len(rows) / 2
	if err := w.consume(ctx, c, rows[:half]); err != nil {
		return err
	}
	return w.consume(ctx, c, rows[half:])
}

// makeRoom appends rows for which the budget of those that can spill has no room.
func (w *keptWriter) makeRoom(ctx context.Context, c *vector.Chunk) error {
	q := w.of.query
	switch {
	case w.rows == nil:
	case w.rows.n == 0: // it may have texts of rows that found no room
		w.rows.free()
	default:
		if err := w.of.patiently(ctx, w.worker, func() error { return w.of.prepare(q, w.rows) }); err != nil {
			return err
		}
		w.seal()
	}
	if len(c.Sel) > 1 {
		return w.append(q, c)
	}
	return w.of.patiently(ctx, w.worker, func() error { return w.append(q, c) })
}

// append copies rows to the worker's block, with memory that a query lends. After an error there are the rows that
// there were.
func (w *keptWriter) append(q *Query, c *vector.Chunk) (err error) {
	if w.rows == nil {
		if w.rows, err = newStore(q, w.of.schema, newArena(q)); err != nil {
			return err
		}
	}
	w.rows.query, w.rows.texts.arena.query = q, q
	if w.rows.n >= vector.ChunkRows || w.rows.texts.arena.words >= keptScratch {
		if err := w.of.prepare(q, w.rows); err != nil {
			return err
		}
	}
	if err := w.rows.append(c); err != nil {
		return err
	}
	full := w.rows.n >= keptBlockRows || w.rows.texts.arena.words >= keptBlockWords
	if forced := w.of.query.Debug.SpillRows; full || forced > 0 && w.rows.n >= forced {
		return w.end()
	}
	return nil
}

// end closes the block, and spills where a test wants it, or others wait for memory.
func (w *keptWriter) end() error {
	q := w.of.query
	// The rows are kept by now: when there is no memory to spill them with, they stay until there is some.
	if err := unlessOutOfMemory(w.of.prepare(q, w.rows)); err != nil {
		return err
	}
	w.seal()
	if q.Spill.Usable() && (q.Debug.SpillRows > 0 || q.Budget.Wanted()) {
		return q.reclaim(w.of)
	}
	return nil
}

// seal gives the worker's block to all.
func (w *keptWriter) seal() {
	if w.rows != nil && w.rows.n > 0 {
		w.of.add(w.worker, w.rows)
		w.rows = nil
	}
}

// Close gives the last block to all.
func (w *keptWriter) Close() error {
	if w.rows != nil && w.of.query.Debug.SpillRows > 0 {
		return w.end()
	}
	w.seal()
	return nil
}
