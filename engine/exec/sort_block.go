package exec

import (
	"context"

	"github.com/micodb/micodb/internal/spill"
	"github.com/micodb/micodb/internal/vector"
)

const (
	runBlockWords  = 1 << 15 // of keys and columns in a block of a run, about
	blockTextWords = 1 << 15 // of its texts, unless they are those of one row

	// The pages through which a block's texts are referred to begin so many bytes apart; a text that begins in one may
	// end in the next.
	textPage = 1 << 23
)

// runBlock is where a block of a run lies in its file.
type runBlock struct {
	at    spill.Extent
	rows  int
	texts int // words
}

// runShape is how the rows of a block lie in its words: the keys; of each column the values, then the validity where
// NULL has no code; at last the texts, to whose bytes the references in the columns count, in pages from 1 on.
type runShape struct {
	keyWords int
	columns  []storeColumn // without data
	rows     int           // of a full block, a multiple of 64
	views    []int         // columns of texts
}

func newRunShape(l *sortLayout, s *store) *runShape {
	sh := &runShape{keyWords: l.words, columns: make([]storeColumn, len(s.columns))}
	bits := l.words * 64
	for i := range s.columns {
		k := &s.columns[i]
		sh.columns[i] = storeColumn{known: k.known, encoding: k.encoding, width: k.width, nullCode: k.nullCode}
		bits += 8<<k.width + 1
		if k.encoding == vector.View {
			sh.views = append(sh.views, i)
		}
	}
	sh.rows = max(runBlockWords*64/bits&^63, 64)
	return sh
}

// hasValid tells whether a column's validity is stored.
func (k *storeColumn) hasValid() bool { return k.known.Nullable && !k.nullCode }

// words returns how many words so many rows take, without their texts.
func (sh *runShape) words(rows int) int {
	n := sh.keyWords * rows
	for i := range sh.columns {
		n += wordsFor(rows, sh.columns[i].width)
		if sh.columns[i].hasValid() {
			n += (rows + 63) / 64
		}
	}
	return n
}

// textWords is how many words of texts a block has that is not of one row.
func (sh *runShape) textWords() int {
	if len(sh.views) == 0 {
		return 0
	}
	return blockTextWords
}

// fit returns how many of the rows a block takes, and how many bytes of texts they have at most: one row always fits.
func (sh *runShape) fit(from *store, rows []uint32) (n, bytes int) {
	if len(rows) > sh.rows {
		rows = rows[:sh.rows]
	}
	if len(sh.views) == 0 {
		return len(rows), 0
	}
	for i, row := range rows {
		more := 0
		for _, c := range sh.views {
			refs := from.columns[c].data
			if ref := refs[row]; ref != noText && (i == 0 || refs[rows[i-1]] != ref) {
				more += int(ref & maxText)
			}
		}
		if i > 0 && bytes+more > blockTextWords*8 {
			return i, bytes
		}
		bytes += more
	}
	return len(rows), bytes
}

// encode writes rows to a block's words and returns how many words of texts there are.
func (sh *runShape) encode(from *keyedRows, rows []uint32, out []uint64) (texts int) {
	w, at := sh.keyWords, 0
	for _, row := range rows {
		copy(out[at:at+w], from.keys[int(row)*w:])
		at += w
	}
	used, bytes := 0, view[byte](out, len(out)*8)[sh.words(len(rows))*8:]
	for i := range sh.columns {
		k := &from.store.columns[i]
		data := out[at : at+wordsFor(len(rows), k.width)]
		at += len(data)
		gathers[k.width](k.data, from.store.n, rows, nil, data)
		if k.encoding == vector.View {
			used = encodeTexts(from.store.texts.arena, data, bytes, used)
		}
		if !k.hasValid() {
			continue
		}
		valid := out[at : at+(len(rows)+63)/64]
		at += len(valid)
		clear(valid)
		for p, row := range rows {
			valid[p>>6] |= k.valid[row>>6] >> (row & 63) & 1 << (p & 63)
		}
	}
	return (used + 7) / 8
}

// encodeTexts puts the texts of references behind the used bytes of a block's and changes the references. Neighbours
// that share a text share it in the block.
func encodeTexts(from *arena, refs []uint64, texts []byte, used int) int {
	was, is := noText, noText
	for i, ref := range refs {
		if ref != was {
			was, is = ref, noText
			if ref != noText {
				b := from.get(ref)
				is = uint64(1+used/textPage)<<refPage | uint64(used%textPage)<<refOffset | uint64(len(b))
				used += copy(texts[used:], b)
			}
		}
		refs[i] = is
	}
	return used
}

// decode reads rows from a block's words to row at on, a multiple of 64, of rows that have room. Pages is what is
// added to the numbers of the texts' pages. It returns the words of the texts.
func (sh *runShape) decode(words []uint64, n int, to *keyedRows, at, pages int) []uint64 {
	part := func(size int) []uint64 {
		p := words[:size]
		words = words[size:]
		return p
	}
	copy(to.keys[at*sh.keyWords:], part(n*sh.keyWords))
	for i := range sh.columns {
		k := &to.store.columns[i]
		data := k.data[wordsFor(at, k.width):]
		copy(data, part(wordsFor(n, k.width)))
		if k.encoding == vector.View {
			moveRefs(data[:n], 1, pages)
		}
		if k.hasValid() {
			copy(k.valid[at/64:], part((n+63)/64))
		}
	}
	return words
}

// runWriter writes a worker's blocks.
type runWriter struct {
	query  *Query
	worker int
	shape  *runShape
	buffer []uint64
	file   *spill.File
}

// open makes the file when there is none.
func (w *runWriter) open(ctx context.Context, files *spill.Files) error {
	if w.file != nil {
		return nil
	}
	return w.query.blocking(ctx, w.worker, func() (err error) {
		w.file, err = files.Create()
		return err
	})
}

// write adds rows to a run, in as many blocks as they need.
func (w *runWriter) write(ctx context.Context, from *keyedRows, rows []uint32, to *sortedRun) error {
	for len(rows) > 0 {
		n, bytes := w.shape.fit(from.store, rows)
		words := w.shape.words(n)
		var err error
		if w.buffer, err = w.query.grow(w.buffer[:0], words+(bytes+7)/8); err != nil {
			return err
		}
		b := runBlock{rows: n, texts: w.shape.encode(from, rows[:n], w.buffer)}
		err = w.query.blocking(ctx, w.worker, func() (err error) {
			b.at, err = w.file.Write(w.buffer[:words+b.texts])
			return err
		})
		if err != nil {
			return err
		}
		w.query.measure.spill(b.at)
		to.blocks, to.rows = append(to.blocks, b), to.rows+n
		to.first = append(to.first, w.buffer[:w.shape.keyWords]...)
		rows = rows[n:]
	}
	return nil
}
