package parquetfile

import (
	"sync"

	"github.com/apache/arrow-go/v18/arrow/memory"
)

// Scratch keeps the memory that reading a column chunk needs for the next read: its bytes, pages, codes and values.
// The zero Scratch is empty. Safe for concurrent use.
type Scratch struct{ free sync.Pool }

// workspace is the memory of one read. Nothing that a read returns lies in it.
type workspace struct {
	chunk   []byte
	indexes []uint32
	bits    []uint32
	ints    []int64
	spans   []span
	texts   []byte
	pages   recycler
}

// take returns a workspace, which is given back by put.
func (s *Scratch) take() *workspace {
	if s != nil {
		if w, ok := s.free.Get().(*workspace); ok {
			return w
		}
	}
	return &workspace{}
}

func (s *Scratch) put(w *workspace) {
	if s == nil {
		return
	}
	if cap(w.chunk) > keptBytes {
		w.chunk = nil
	}
	if cap(w.texts) > keptBytes {
		w.texts = nil
	}
	s.free.Put(w)
}

// keptBytes is the largest buffer that is kept.
const keptBytes = 8 << 20

// sized returns n values of any content, in the memory of *s where it is enough.
func sized[T any](s *[]T, n int) []T {
	if cap(*s) < n {
		*s = make([]T, n)
	}
	return (*s)[:n]
}

// recycler lends the buffers of pages: what is freed is lent again. One page reader at a time.
type recycler struct{ free [][]byte }

// recycled is how many buffers are kept: a page reader has three.
const recycled = 4

var _ memory.Allocator = (*recycler)(nil)

// Allocate returns a buffer of any content.
func (r *recycler) Allocate(size int) []byte {
	for i, b := range r.free {
		if cap(b) >= size {
			last := len(r.free) - 1
			r.free[i] = r.free[last]
			r.free = r.free[:last]
			return b[:size]
		}
	}
	return make([]byte, size)
}

// Reallocate returns a buffer that begins as b does.
func (r *recycler) Reallocate(size int, b []byte) []byte {
	if size <= cap(b) {
		return b[:size]
	}
	grown := r.Allocate(size)
	copy(grown, b)
	r.Free(b)
	return grown
}

// Free keeps a buffer, in place of the smallest one where there are enough.
func (r *recycler) Free(b []byte) {
	if cap(b) > keptBytes {
		return
	}
	if len(r.free) < recycled {
		r.free = append(r.free, b)
		return
	}
	least := 0
	for i := range r.free {
		if cap(r.free[i]) < cap(r.free[least]) {
			least = i
		}
	}
	if cap(b) > cap(r.free[least]) {
		r.free[least] = b
	}
}
