package exec

import (
	"context"

	"github.com/micodb/micodb/internal/spill"
	"github.com/micodb/micodb/internal/vector"
)

// joinSide says what is kept of the rows of one side of a join: the words of their keys, or on the probe side, which
// packs its keys again, their hashes; and some columns.
type joinSide struct {
	layout *keyLayout
	schema Schema // of the columns that are kept
	hashes bool   // one word a row, its hash, which isn't spilled
}

func (s *joinSide) words() int {
	if s.hashes {
		return 1
	}
	return s.layout.words
}

// spilled is the schema of rows in scratch files: the columns follow the words of the keys.
func (s *joinSide) spilled() Schema {
	var out Schema
	for w := 0; !s.hashes && w < s.layout.words; w++ {
		if s.layout.refs>>uint(w)&1 != 0 {
			out = append(out, Column{Type: vector.Of(vector.Text), Physical: vector.Bytes})
		} else {
			out = append(out, Column{
				Type: vector.Of(vector.Int64), Physical: vector.Integer, Lo: vector.MinInt, Hi: vector.MaxInt,
			})
		}
	}
	return append(out, s.schema...)
}

// joinRows gathers rows of one side of a join for one worker, and puts them into partitions where memory ends.
type joinRows struct {
	query  *Query // whose budget is spillable
	side   *joinSide
	worker int
	to     *joinParts
	pack   *packer
	words  int // of a row
	keys   []uint64
	texts  *arenaWriter // for the keys
	store  *store
	n      int
	out    scatterer
}

func newJoinRows(q *Query, side *joinSide, worker int, to *joinParts) (*joinRows, error) {
	r := &joinRows{query: q, side: side, worker: worker, to: to, pack: side.layout.packer(), words: side.words()}
	var err error
	if r.store, err = newStore(q, side.schema, newArena(q)); err != nil {
		return nil, err
	}
	r.texts = &arenaWriter{arena: r.store.texts.arena}
	return r, nil
}

// add keeps the rows of a chunk, none of which has a NULL key. After an error there are the rows that there were.
func (r *joinRows) add(c *vector.Chunk, rows []uint16) error {
	fresh, err := r.room(len(rows))
	if err != nil {
		return err
	}
	if err := r.pack.pack(c, rows, fresh); err != nil {
		return err
	}
	if r.pack.refs != 0 {
		from := rowTexts(c, rows)
		for k := range rows {
			if err := r.pack.keep(fresh[k*r.words:(k+1)*r.words], from, r.texts); err != nil {
				return err
			}
		}
	}
	return r.append(c, rows)
}

// addHashed keeps the rows of a chunk whose hashes are known.
func (r *joinRows) addHashed(c *vector.Chunk, rows []uint16, hashes []uint64) error {
	fresh, err := r.room(len(rows))
	if err != nil {
		return err
	}
	copy(fresh, hashes)
	return r.append(c, rows)
}

// room makes room for the words of n more rows.
func (r *joinRows) room(n int) (fresh []uint64, err error) {
	if r.query.Spill.Usable() && r.n+n > vector.ChunkRows { // fewer rows leave enough to spill them with
		if err := r.prepare(r.query, r.n+n); err != nil {
			return nil, err
		}
	}
	at := r.n * r.words
	if r.keys, err = r.query.grow(r.keys, at+n*r.words); err != nil {
		return nil, err
	}
	return r.keys[at:], nil
}

func (r *joinRows) append(c *vector.Chunk, rows []uint16) error {
	if err := r.store.append(&vector.Chunk{Len: c.Len, Sel: rows, Columns: c.Columns}); err != nil {
		return err
	}
	r.n += len(rows)
	return nil
}

// full tells whether it is time to put the rows into partitions: when there is a good number of them in a join that
// spills, or some when others wait for memory, or as many as a test wants.
func (r *joinRows) full(spills bool) bool {
	if n := r.query.Debug.SpillRows; n > 0 && r.query.Spill.Usable() {
		return r.n >= n
	}
	return spills && r.n >= scatterRows || r.n >= scatterRows/8 && r.query.Spill.Usable() && r.query.Budget.Wanted()
}

// with runs f, for which memory is taken from a query with another budget.
func (r *joinRows) with(q *Query, f func() error) error {
	soft := r.query
	r.use(q)
	defer r.use(soft)
	return f()
}

func (r *joinRows) use(q *Query) { r.query, r.store.query, r.store.texts.arena.query = q, q, q }

// spill puts all rows into partitions. It keeps the memory of the columns for the next ones.
func (r *joinRows) spill(ctx context.Context, hard *Query) error {
	if r.n == 0 {
		return nil
	}
	err := hard.patiently(ctx, r.worker, func() error { return r.prepare(hard, r.n) })
	if err != nil {
		return err
	}
	r.out.block.texts.arena = r.store.texts.arena
	from := scattered{hard.inTurn(ctx, r.worker), r.n, r.hash, r.fill}
	if err := r.out.scatter(r.query, from, r.to); err != nil {
		return err
	}
	if r.n > 2*scatterRows || r.query.Budget.Wanted() {
		r.release()
		return nil
	}
	r.n, r.store.n = 0, 0
	if r.store.holdsTexts() || r.side.layout.refs != 0 {
		r.texts.reset()
		*r.store.texts = arenaWriter{arena: r.texts.arena}
	}
	return nil
}

// hash returns the hashes of rows from the first on.
func (r *joinRows) hash(first int, out []uint64) error {
	if r.side.hashes {
		copy(out, r.keys[first:])
	} else {
		hashRows(r.keys[first*r.words:], r.words, r.words, r.side.layout.refs, out)
	}
	return nil
}

// prepare takes the memory to spill n rows with.
func (r *joinRows) prepare(q *Query, n int) error {
	return r.out.prepare(q, r.side, n, max(r.texts.longest, r.store.texts.longest)/8+1)
}

// fill copies rows to a block.
func (r *joinRows) fill(b *store, rows []uint32) {
	at := 0
	if !r.side.hashes {
		for ; at < r.words; at++ {
			to := view[uint64](b.columns[at].data, len(rows))
			for i, row := range rows {
				to[i] = r.keys[int(row)*r.words+at]
			}
		}
	}
	for i := range r.store.columns {
		b.columns[at+i].take(&r.store.columns[i], r.store.n, rows)
	}
}

// take makes a column the values of some rows of another that has total.
func (k *storeColumn) take(from *storeColumn, total int, rows []uint32) {
	gathers[k.width](from.data, total, rows, nil, k.data)
	if !k.known.Nullable || k.nullCode {
		return
	}
	clear(k.valid)
	for i, row := range rows {
		k.valid[i>>6] |= from.valid[row>>6] >> (row & 63) & 1 << (i & 63)
	}
}

// release returns the memory of the rows.
func (r *joinRows) release() {
	r.query.giveBack(r.keys)
	r.keys, r.n = nil, 0
	r.store.release()
	r.texts.reset()
	*r.store.texts = arenaWriter{arena: r.texts.arena}
}

// close returns all memory.
func (r *joinRows) close() {
	r.release()
	r.out.release(r.query)
}

const (
	scatterRows      = 1 << 17 // so many are put in order at once, so that each partition gets a block of some size
	scatterTextWords = 1 << 13 // of the page of texts, or what the longest needs
)

// scatterer puts rows into partitions. Its memory is taken while there is some.
type scatterer struct {
	order []uint64 // 4 bytes a row
	block *store   // of up to room rows
	room  int
	texts []uint64 // to spill the block with
	file  *spill.File
}

// prepare takes the memory that n rows need, whose longest text has so many words.
func (s *scatterer) prepare(q *Query, side *joinSide, n, textWords int) (err error) {
	if s.order, err = q.grow(s.order, (min(n, scatterRows)+1)/2); err != nil {
		return err
	}
	if s.block == nil {
		if s.block, err = newStore(q, side.spilled(), newArena(q)); err != nil {
			return err
		}
	}
	s.block.query = q
	if room := min(n, vector.ChunkRows); room > s.room {
		for i := range s.block.columns {
			if err = s.block.columns[i].reserve(q, room); err != nil {
				return err
			}
		}
		s.room = room
	}
	if s.block.holdsTexts() {
		s.texts, err = q.grow(s.texts, max(textWords, scatterTextWords))
	}
	return err
}

func (s *scatterer) release(q *Query) {
	q.giveBack(s.order)
	q.giveBack(s.texts)
	if s.block != nil {
		s.block.release()
	}
	s.order, s.texts, s.block, s.room = nil, nil, nil, 0
}

// scattered are rows that are put into partitions.
type scattered struct {
	pace

	n    int
	hash func(first int, out []uint64) error // of rows from first on
	fill func(b *store, rows []uint32)       // copies rows to a block
}

// pace is how to wait for the disk, and to see whether the query has ended.
type pace struct {
	waiting func(wait func() error) error
	look    func() error
}

// inTurn is the pace of a worker.
func (q *Query) inTurn(ctx context.Context, worker int) pace {
	return pace{
		func(wait func() error) error { return q.blocking(ctx, worker, wait) },
		func() error { return q.Checkpoint(ctx, worker) },
	}
}

// unturned is the pace of who spills for others, which waits with whatever turn it has.
func (q *Query) unturned() pace {
	return pace{func(wait func() error) error { return wait() }, q.ended}
}

// scatter writes rows to their partitions.
func (s *scatterer) scatter(q *Query, from scattered, to *joinParts) error {
	if s.file == nil {
		err := from.waiting(func() (err error) {
			s.file, err = q.Spill.Create()
			return err
		})
		if err != nil {
			return err
		}
	}
	for first := 0; first < from.n; first += scatterRows {
		order := view[uint32](s.order, min(scatterRows, from.n-first))
		ends, err := partitionOrder(first, order, to.shift(), from.hash)
		if err != nil {
			return err
		}
		at := 0
		for p, end := range ends {
			for at < end {
				rows := order[at:min(end, at+s.room)]
				at += len(rows)
				from.fill(s.block, rows)
				s.block.n = len(rows)
				block, err := s.block.write(s.file, s.texts, from.waiting)
				if err != nil {
					return err
				}
				to.add(p, &block)
			}
			if err := from.look(); err != nil {
				return err
			}
		}
	}
	return nil
}

// partitionOrder fills order with the numbers of the rows from first on, those of one partition after those of the
// other, and returns where each partition ends.
func partitionOrder(first int, order []uint32, shift uint, hash func(first int, out []uint64) error,
) (ends [splitParts]int, err error) {
	var hashes [vector.ChunkRows]uint64
	var starts [splitParts]int
	for at := 0; at < len(order); at += len(hashes) {
		hs := hashes[:min(len(hashes), len(order)-at)]
		if err := hash(first+at, hs); err != nil {
			return ends, err
		}
		for _, h := range hs {
			ends[h>>shift&(splitParts-1)]++
		}
	}
	at := 0
	for p, n := range ends {
		starts[p] = at
		at += n
		ends[p] = at
	}
	for at := 0; at < len(order); at += len(hashes) {
		hs := hashes[:min(len(hashes), len(order)-at)]
		if err := hash(first+at, hs); err != nil {
			return ends, err
		}
		for i, h := range hs {
			to := &starts[h>>shift&(splitParts-1)]
			order[*to] = uint32(first + at + i)
			*to++
		}
	}
	return ends, nil
}
