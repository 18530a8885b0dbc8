package exec

import (
	"context"

	"github.com/micodb/micodb/internal/spill"
	"github.com/micodb/micodb/internal/vector"
)

// spillScratchWords is the length of the buffer that spilling a store with texts needs: a page of texts, in words.
const spillScratchWords = lastPageWords

// spilledRows says where the rows of a store lie in a scratch file. Texts are in pages of their own; the references
// to them in the columns count the pages from 1.
type spilledRows struct {
	file    *spill.File
	n       int
	columns []spilledColumn
	pages   []spill.Extent
}

// spilledColumn is where the values and the validity of a column lie; the latter has no words where NULL has a code.
type spilledColumn struct{ data, valid spill.Extent }

// holdsTexts tells whether the rows refer to texts of an arena.
func (s *store) holdsTexts() bool {
	for i := range s.columns {
		if s.columns[i].encoding == vector.View {
			return true
		}
	}
	return false
}

// spill writes all rows to a file, without taking memory. The store's references to texts count the file's pages
// after that, so that it, also after an error, is only good for reset or release. Scratch is a buffer of
// spillScratchWords, nil when the store holdsTexts not.
func (s *store) spill(ctx context.Context, worker int, f *spill.File, scratch []uint64) (spilledRows, error) {
	return s.write(f, scratch, func(write func() error) error { return s.query.blocking(ctx, worker, write) })
}

// write is spill, with each wait for the disk in a call of waiting.
func (s *store) write(f *spill.File, scratch []uint64, waiting func(func() error) error) (spilledRows, error) {
	out := spilledRows{file: f, n: s.n, columns: make([]spilledColumn, len(s.columns))}
	texts := textSpiller{waiting: waiting, out: &out, scratch: scratch}
	for i := range s.columns {
		if k := &s.columns[i]; k.encoding == vector.View {
			if err := texts.move(s.texts.arena, view[uint64](k.data, s.n)); err != nil {
				return out, err
			}
		}
	}
	err := waiting(func() (err error) {
		if s.holdsTexts() {
			if err := texts.flush(); err != nil {
				return err
			}
		}
		for i := range s.columns {
			k, to := &s.columns[i], &out.columns[i]
			if to.data, err = f.Write(k.data[:wordsFor(s.n, k.width)]); err != nil {
				return err
			}
			if !k.known.Nullable || k.nullCode {
				continue
			}
			if to.valid, err = f.Write(k.valid[:(s.n+63)/64]); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		out.count(s.query.measure)
	}
	return out, err
}

// count tells what was written.
func (r *spilledRows) count(to *Measure) {
	for _, p := range r.pages {
		to.spill(p)
	}
	for _, k := range r.columns {
		to.spill(k.data)
		to.spill(k.valid)
	}
}

// textSpiller writes texts to pages of a file.
type textSpiller struct {
	waiting func(write func() error) error
	out     *spilledRows
	scratch []uint64
	used    int // bytes of scratch
}

// move puts the texts of references into pages and changes the references. Neighbours that share a text share it
// in the file.
func (t *textSpiller) move(from *arena, refs []uint64) error {
	page := view[byte](t.scratch, len(t.scratch)*8)
	was, is := noText, noText
	for i, ref := range refs {
		if ref == was {
			refs[i] = is
			continue
		}
		was, is = ref, noText
		if ref != noText {
			b := from.get(ref)
			if len(b) > len(page)-t.used {
				if err := t.waiting(t.flush); err != nil {
					return err
				}
			}
			is = uint64(len(t.out.pages)+1)<<refPage | uint64(t.used)<<refOffset | uint64(len(b))
			t.used += copy(page[t.used:], b)
		}
		refs[i] = is
	}
	return nil
}

// flush writes the page.
func (t *textSpiller) flush() error {
	e, err := t.out.file.Write(t.scratch[:max(1, (t.used+7)/8)]) // empty texts have a page, too
	t.out.pages, t.used = append(t.out.pages, e), 0
	return err
}

// unspill appends rows that a store of the same schema has spilled, and puts their texts into the arena. The memory
// is reserved first; after an error the store has the rows that it had.
func (s *store) unspill(ctx context.Context, worker int, rows *spilledRows) (err error) {
	numbers, pages := make([]int, len(rows.pages)), make([][]uint64, len(rows.pages))
	for i, p := range rows.pages {
		if pages[i], numbers[i], err = s.texts.arena.addWords(p.Words); err != nil {
			return err
		}
	}
	for i := range s.columns {
		k, from := &s.columns[i], &rows.columns[i]
		if k.data, err = s.query.grow(k.data, wordsFor(s.n, k.width)+from.data.Words); err != nil {
			return err
		}
		if from.valid.Words > 0 {
			if k.valid, err = s.query.grow(k.valid, (s.n+63)/64+from.valid.Words); err != nil {
				return err
			}
		}
	}
	err = s.query.blocking(ctx, worker, func() error {
		for i, p := range rows.pages {
			if err := rows.file.Read(p, pages[i]); err != nil {
				return err
			}
		}
		return s.load(rows, s.n, numbers)
	})
	if err == nil {
		s.n += rows.n
	}
	return err
}

// load reads spilled rows, without their texts, to row at on of columns that have room; numbers are those of the
// pages of texts in the arena.
func (s *store) load(rows *spilledRows, at int, numbers []int) error {
	for i := range s.columns {
		k := &s.columns[i]
		if err := k.load(rows.file, rows.columns[i], at, rows.n); err != nil {
			return err
		}
		if k.encoding != vector.View {
			continue
		}
		refs := k.data[at : at+rows.n]
		for r, ref := range refs {
			if ref != noText {
				refs[r] = ref&(1<<refPage-1) | uint64(numbers[ref>>refPage-1])<<refPage
			}
		}
	}
	return nil
}

// load reads n values to row at on. What does not begin at a word is read behind its place and moved.
func (k *storeColumn) load(f *spill.File, from spilledColumn, at, n int) error {
	first := wordsFor(at, k.width)
	if err := f.Read(from.data, k.data[first:first+from.data.Words]); err != nil {
		return err
	}
	if to := at << k.width; to < first*8 {
		all := view[byte](k.data, len(k.data)*8)
		copy(all[to:], all[first*8:][:n<<k.width])
	}
	if from.valid.Words == 0 {
		return nil
	}
	first = (at + 63) / 64
	bits := k.valid[first : first+from.valid.Words]
	if err := f.Read(from.valid, bits); err != nil {
		return err
	}
	kept := at & 63 // bits of the word before
	if kept == 0 {
		return nil
	}
	for i, x := range bits {
		w := &k.valid[first+i-1]
		*w = *w&(1<<kept-1) | x<<kept
		bits[i] = x >> (64 - kept)
	}
	return nil
}
