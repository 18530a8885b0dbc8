package exec

import (
	"math"
	"math/bits"
	"slices"
	"sync"

	"github.com/micodb/micodb/internal/budget"
	"github.com/micodb/micodb/internal/vector"
)

// minWords is the smallest block that is lent, in words of 8 bytes.
const minWords = 512

// The pool keeps some memory for the next query, beside what is reserved; the rest is left to the collector.
const (
	retainedWords = 32 << 20 / 8
	retainedShare = 64 // of the budget of all queries, at most
)

// pagePool keeps blocks that queries gave back, by size class.
type pagePool struct {
	mu    sync.Mutex
	free  map[int][][]uint64
	words int
}

// classWords rounds a size up to its class: four classes between two powers of two.
func classWords(n int) int {
	n = max(n, minWords)
	step := 1 << max(bits.Len(uint(n-1))-3, 0)
	return (n + step - 1) / step * step
}

func (p *pagePool) get(class int) []uint64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	l := p.free[class]
	if len(l) == 0 {
		return nil
	}
	b := l[len(l)-1]
	p.free[class] = l[:len(l)-1]
	p.words -= class
	return b
}

func (p *pagePool) put(b []uint64, of *budget.Query) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.words+cap(b) > min(retainedWords, int(of.ServerLimit()/retainedShare/8)) {
		return
	}
	if p.free == nil {
		p.free = map[int][][]uint64{}
	}
	p.free[cap(b)] = append(p.free[cap(b)], b[:cap(b)])
	p.words += cap(b)
}

// lent are the blocks that a query holds, under the address of their first word.
type lent struct {
	mu     sync.Mutex
	blocks map[*uint64]block
}

type block struct {
	words []uint64
	of    *budget.Query // who reserved it
}

func (b block) release() { b.of.Release(int64(cap(b.words)) * 8) }

// words lends n words, of which nothing is promised, until they are returned or the query is closed. The
// memory is reserved first, if need be after the query's sinks have spilled what can wait: 53200 when the query may not
// have it. Safe for concurrent use.
func (q *Query) words(n int) ([]uint64, error) {
	class := classWords(n)
	err := q.Budget.Reserve(int64(class) * 8)
	if outOfMemory(err) {
		err = q.reclaimed(int64(class) * 8)
	}
	if err != nil {
		return nil, err
	}
	b := q.Scheduler.pages.get(class)
	if b == nil {
		b = make([]uint64, class)
	}
	q.lent.mu.Lock()
	if q.lent.blocks == nil {
		q.lent.blocks = map[*uint64]block{}
	}
	q.lent.blocks[&b[0]] = block{words: b, of: q.Budget}
	q.lent.mu.Unlock()
	return b[:n], nil
}

// reclaimer holds rows in memory which nobody has asked for so far.
type reclaimer interface {
	// Reclaim is that of Sink. It takes no memory, and is called by one goroutine at a time.
	Reclaim(bytes int64) (freed int64, err error)
}

// waiting are the reclaimers of a query.
type waiting struct {
	turn chan struct{} // one at a time makes them spill
	mu   sync.Mutex    // guards some
	some []reclaimer
}

func (w *waiting) add(r reclaimer) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.some = append(w.some, r)
}

func (w *waiting) all() []reclaimer {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clip(w.some)
}

// reclaimed reserves bytes that there are when those that wait have spilled.
func (q *Query) reclaimed(bytes int64) error {
	q.waiting.turn <- struct{}{} // whoever has it reads and writes files, and waits for nothing else
	defer func() { <-q.waiting.turn }()
	for _, s := range q.waiting.all() {
		err := q.Budget.Reserve(bytes) // what another has reclaimed may do
		if !outOfMemory(err) {
			return err
		}
		if _, err := s.Reclaim(bytes); err != nil {
			return err
		}
	}
	return q.Budget.Reserve(bytes)
}

// reclaim makes a sink spill all that it can.
func (q *Query) reclaim(s reclaimer) error {
	q.waiting.turn <- struct{}{}
	defer func() { <-q.waiting.turn }()
	_, err := s.Reclaim(math.MaxInt64)
	return err
}

// zeroed lends n words of zeros.
func (q *Query) zeroed(n int) ([]uint64, error) {
	b, err := q.words(n)
	clear(b)
	return b, err
}

// giveBack returns a block that words lent before the query ends; nil is none.
func (q *Query) giveBack(b []uint64) {
	if cap(b) == 0 {
		return
	}
	b = b[:cap(b)]
	q.lent.mu.Lock()
	was, ours := q.lent.blocks[&b[0]]
	delete(q.lent.blocks, &b[0])
	q.lent.mu.Unlock()
	if ours {
		was.release()
		q.Scheduler.pages.put(b, q.Budget)
	}
}

func (q *Query) returnAll() {
	q.lent.mu.Lock()
	blocks := q.lent.blocks
	q.lent.blocks = nil
	q.lent.mu.Unlock()
	for _, b := range blocks {
		b.release()
		q.Scheduler.pages.put(b.words, q.Budget)
	}
}

// grow makes room for n words in b, keeping what it holds.
func (q *Query) grow(b []uint64, n int) ([]uint64, error) {
	if n <= cap(b) {
		return b[:n], nil
	}
	g, err := q.words(max(n, 2*len(b)))
	if err != nil && 2*len(b) > n {
		g, err = q.words(n)
	}
	if err != nil {
		return b, err
	}
	copy(g, b)
	q.giveBack(b)
	return g[:n], nil
}

// view returns the first n values of type T that lie in words.
func view[T any](words []uint64, n int) []T {
	if n == 0 {
		return nil
	}
	var v vector.Vector
	vector.SetCodes(&v, words)
	v.Len = n
	return vector.Codes[T](&v)
}
