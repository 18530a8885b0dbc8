package exec

import (
	"slices"
	"sync"
	"sync/atomic"

	"github.com/micodb/micodb/internal/sqlerr"
)

// A text that a query keeps is a reference into the pages of an arena, in the form of a View vector: page in
// 20 bits, offset in 24, length in 20.
const (
	refOffset = 20
	refPage   = 44
	maxText   = 1<<20 - 1 // bytes
	maxPages  = 1 << 20
	noText    = ^uint64(0) // the reference of NULL

	firstPageWords = 1 << 11
	lastPageWords  = 1 << 17
)

// arena holds texts for all workers of a query. Pages are only added; whoever got a reference may read it.
type arena struct {
	query  *Query
	mu     sync.Mutex // serializes writers of pages, and guards what follows
	pages  atomic.Pointer[[][]byte]
	blocks [][]uint64 // that the pages lie in
	words  int        // of all blocks
}

func newArena(q *Query) *arena {
	a := &arena{query: q}
	a.pages.Store(&[][]byte{{}}) // so that reference 0 is an empty text
	return a
}

func (a *arena) list() [][]byte { return *a.pages.Load() }

func (a *arena) get(ref uint64) []byte {
	return a.list()[ref>>refPage][ref>>refOffset&(1<<24-1):][:ref&maxText]
}

// owns tells whether references into these pages are references into the arena.
func (a *arena) owns(pages [][]byte) bool {
	list := a.list()
	return len(pages) > 1 && len(list) >= len(pages) && &pages[1][0] == &list[1][0]
}

// add lends a page of so many words and returns its number.
func (a *arena) add(words int) (page []byte, number int, err error) {
	block, number, err := a.addWords(words)
	return view[byte](block, len(block)*8), number, err
}

// addWords lends a page as words.
func (a *arena) addWords(words int) (block []uint64, number int, err error) {
	block, err = a.query.words(words)
	if err != nil {
		return nil, 0, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.blocks, a.words = append(a.blocks, block), a.words+len(block)
	old := a.list()
	if len(old) == maxPages {
		return nil, 0, sqlerr.New(sqlerr.ProgramLimitExceeded, "a query needs more than %d pages of texts", maxPages)
	}
	grown := append(old, view[byte](block, words*8)) // readers hold the shorter list
	a.pages.Store(&grown)
	return block, len(old), nil
}

// adopt takes all pages of another arena, and returns by how much the page numbers of references to it grow.
func (a *arena) adopt(from *arena) (pages int) {
	if a == from {
		return 0
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	old := a.list()
	grown := append(slices.Clip(old), from.list()[1:]...)
	a.pages.Store(&grown)
	a.blocks, a.words = append(a.blocks, from.blocks...), a.words+from.words
	from.blocks, from.words = nil, 0
	from.pages.Store(&[][]byte{{}})
	return len(old) - 1
}

// moveRefs makes each stride-th word, from the first on, a reference to what adopt has moved by so many pages.
func moveRefs(words []uint64, stride, pages int) {
	for i := 0; i < len(words); i += stride {
		if ref := words[i]; ref != noText && ref>>refPage != 0 {
			words[i] = ref + uint64(pages)<<refPage
		}
	}
}

// release returns the arena's memory; its references are good no more.
func (a *arena) release() {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, b := range a.blocks {
		a.query.giveBack(b)
	}
	a.blocks, a.words = nil, 0
	a.pages.Store(&[][]byte{{}})
}

// arenaWriter adds one worker's texts to an arena.
type arenaWriter struct {
	arena *arena
	page  int
	free  []byte // rest of the page
	used  int
	size  int // of the last page, in words
	live  int // words of the arena after the last tidy

	longest int // text so far, in bytes
}

func textTooLong(bytes int) error {
	return sqlerr.New(sqlerr.ProgramLimitExceeded,
		"a text of %d bytes is too long to group, join or sort by (at most %d)", bytes, maxText)
}

// put copies a text and returns its reference.
func (w *arenaWriter) put(b []byte) (uint64, error) {
	if len(b) > maxText {
		return 0, textTooLong(len(b))
	}
	if len(b) > len(w.free) || w.size == 0 { // an empty text has a reference, too, that is not 0
		w.size = max(firstPageWords, min(w.size*2, lastPageWords), (len(b)+7)/8)
		var err error
		if w.free, w.page, err = w.arena.add(w.size); err != nil {
			return 0, err
		}
		w.used = 0
	}
	w.longest = max(w.longest, len(b))
	n := copy(w.free, b)
	ref := uint64(w.page)<<refPage | uint64(w.used)<<refOffset | uint64(n)
	w.free, w.used = w.free[n:], w.used+n
	return ref, nil
}

// reset returns the arena's memory. The writer is its only one.
func (w *arenaWriter) reset() {
	w.arena.release()
	*w = arenaWriter{arena: w.arena}
}

// tidyWords is how large an arena must be for tidy to look at it.
const tidyWords = 1 << 17

// tidy leaves out the texts that no state refers to any more, once they may be most of the arena: those that were a
// group's least or greatest for a while. Without memory for that nothing changes. The writer is the arena's only one.
func (w *arenaWriter) tidy(l *stateLayout, states []uint64) error {
	if w.arena.words < tidyWords+2*w.live {
		return nil
	}
	fresh := &arenaWriter{arena: newArena(w.arena.query)}
	if err := w.move(l, states, fresh); err != nil {
		fresh.arena.release()
		w.live = w.arena.words
		if outOfMemory(err) {
			return nil
		}
		return err
	}
	w.arena.release()
	*w = *fresh
	w.live = w.arena.words
	return nil
}

// move copies the texts of states to another arena, to which they refer when that has succeeded.
func (w *arenaWriter) move(l *stateLayout, states []uint64, to *arenaWriter) error {
	texts, n := l.texts[kindStates], len(states)/l.stride
	refs, err := w.arena.query.words(len(texts) * n)
	if err != nil {
		return err
	}
	defer w.arena.query.giveBack(refs)
	each := func(do func(state []uint64, t *textWord, ref *uint64) error) error {
		for i := range refs {
			state, t := states[i/len(texts)*l.stride:][:l.stride], &texts[i%len(texts)]
			if t.none(state) {
				continue
			}
			if err := do(state, t, &refs[i]); err != nil {
				return err
			}
		}
		return nil
	}
	err = each(func(state []uint64, t *textWord, ref *uint64) (err error) {
		*ref, err = to.put(w.arena.get(state[t.at]))
		return err
	})
	if err != nil {
		return err
	}
	return each(func(state []uint64, t *textWord, ref *uint64) error {
		state[t.at] = *ref
		return nil
	})
}
