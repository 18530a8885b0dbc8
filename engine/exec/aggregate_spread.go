package exec

import (
	"context"

	"github.com/micodb/micodb/internal/spill"
)

const (
	pageWords      = 1 << 11 // of a partition's first page
	largePageWords = 1 << 14 // of the pages of a large partition
)

// The kinds of rows that an aggregation keeps: groups' states, and rows that were not folded yet.
const (
	kindStates = iota
	kindRows
)

// words is how many words a row of a kind has.
func (l *stateLayout) words(kind int) int {
	if kind == kindStates {
		return l.stride
	}
	return l.row
}

// rowBlock is a page of rows that is full. The rows are at its start and their texts at its end, to which they refer by
// the distance from the end: it goes to disk and comes back as it is.
type rowBlock struct {
	words []uint64 // nil: on disk
	rows  int
	kind  int
	base  bool // its memory is a spreader's base
	file  *spill.File
	at    spill.Extent
}

// A reference to a text of a block: a bit that tells it from none, the distance of its first byte from the block's end
// in 43 bits, and its length in 20.
const blockText = 1 << 63

func (b blockTexts) get(ref uint64) []byte {
	return b[len(b)-int(ref&^blockText>>refOffset):][:ref&maxText]
}

// blockTexts are the bytes of a block.
type blockTexts []byte

func (b blockTexts) key(_ *keyField, ref uint64) []byte { return b.get(ref) }

// write writes a block to a file.
func (b *rowBlock) write(q *Query, to *spill.File) error {
	at, err := to.Write(b.words)
	if err != nil {
		return err
	}
	q.measure.spill(at)
	b.file, b.at = to, at
	return nil
}

// partition is a list of pages of rows of a kind.
type partition struct {
	page   []uint64
	base   bool
	used   int // words of rows in the page
	texts  int // bytes of texts at the end of it
	blocks []rowBlock
	onDisk int // of blocks, from the first on
	words  int // of the blocks in memory
}

// close makes a block of the page, if it has rows.
func (p *partition) close(kind, size int) {
	if p.used == 0 {
		return
	}
	words, texts := p.page, (p.texts+7)/8
	if end := p.used + texts; end < len(words)*7/8 || texts == 0 {
		copy(words[p.used:end], words[len(words)-texts:])
		words = words[:end]
	}
	p.blocks = append(p.blocks, rowBlock{words: words, rows: p.used / size, kind: kind, base: p.base})
	p.words += len(words)
	p.page, p.used, p.texts = nil, 0, 0
}

// spreader divides rows among partitions by bits of their hashes, and keeps them in pages. When memory ends, it writes
// them all to a file and goes on with those pages that it always keeps: with these it can spread any rows but those of
// very long texts.
type spreader struct {
	query  *Query // lends what can be spilled
	whole  *Query // lends what must be had
	layout *stateLayout
	skip   uint // how many of the hashes' upper bits say nothing here
	shift  uint // what is left of a hash after that is shifted by so many bits
	spare  [][]uint64
	parts  [2][]partition
	file   *spill.File
}

// newSpreader makes a spreader by bits of the hashes. The pages that it keeps are one for each partition.
func newSpreader(q, whole *Query, l *stateLayout, bits uint) (*spreader, error) {
	n := 1 << bits
	pages, err := whole.words(n * pageWords)
	if err != nil {
		return nil, err
	}
	s := &spreader{query: q, whole: whole, layout: l, shift: 64 - bits, spare: make([][]uint64, 0, n)}
	for i := range n {
		s.spare = append(s.spare, pages[i*pageWords:(i+1)*pageWords:(i+1)*pageWords])
	}
	s.parts[kindStates], s.parts[kindRows] = make([]partition, n), make([]partition, n)
	return s, nil
}

// wordTexts returns the text that a word of a row refers to.
type wordTexts func(t *textWord, ref uint64) []byte

func (a *arena) wordText(_ *textWord, ref uint64) []byte { return a.get(ref) }

func (b blockTexts) wordText(_ *textWord, ref uint64) []byte { return b.get(ref) }

// rowsToSpread are rows of a kind, one for each hash, and the way to their texts.
type rowsToSpread struct {
	kind          int
	words, hashes []uint64
	from          wordTexts
}

// spread copies rows and their texts.
func (s *spreader) spread(ctx context.Context, worker int, in rowsToSpread) error {
	if len(s.layout.texts[in.kind]) > 0 {
		return s.spreadTexts(ctx, worker, in)
	}
	parts, rows, size := s.parts[in.kind], in.words, s.layout.words(in.kind)
	skip, shift := s.skip&63, s.shift&63
	for _, h := range in.hashes {
		p := &parts[h<<skip>>shift]
		if p.used+size > len(p.page) {
			if err := s.turn(ctx, worker, in.kind, p, size); err != nil {
				return err
			}
		}
		to := p.page[p.used : p.used+size]
		for j, x := range rows[:size] { //nolint:staticcheck // copy's call costs more than the few words
			to[j] = x
		}
		p.used += size
		rows = rows[size:]
	}
	return nil
}

func (s *spreader) spreadTexts(ctx context.Context, worker int, in rowsToSpread) error {
	parts, size, texts := s.parts[in.kind], s.layout.words(in.kind), s.layout.texts[in.kind]
	found := make([][]byte, len(texts))
	for k, h := range in.hashes {
		row, bytes := in.words[k*size:(k+1)*size], 0
		for i := range texts {
			found[i] = nil
			if t := &texts[i]; !t.none(row) {
				found[i] = in.from(t, row[t.at])
				bytes += len(found[i])
			}
			if len(found[i]) > maxText {
				return textTooLong(len(found[i]))
			}
		}
		p := &parts[h<<s.skip>>s.shift]
		if p.used+size+(p.texts+bytes+7)/8 > len(p.page) {
			if err := s.turn(ctx, worker, in.kind, p, size+(bytes+7)/8); err != nil {
				return err
			}
		}
		to := p.page[p.used : p.used+size]
		copy(to, row)
		page := view[byte](p.page, len(p.page)*8)
		for i, b := range found {
			if t := &texts[i]; !t.none(row) {
				p.texts += len(b)
				copy(page[len(page)-p.texts:], b)
				to[t.at] = blockText | uint64(p.texts)<<refOffset | uint64(len(b))
			}
		}
		p.used += size
	}
	return nil
}

// turn gives a partition a new page, of at least so many words.
func (s *spreader) turn(ctx context.Context, worker, kind int, p *partition, need int) error {
	p.close(kind, s.layout.words(kind))
	err := s.open(s.query, p, need)
	if outOfMemory(err) && s.query.Spill.Usable() {
		if err := s.spill(ctx, worker); err != nil {
			return err
		}
		err = s.whole.patiently(ctx, worker, func() error { return s.open(s.whole, p, need) })
	}
	return err
}

func (s *spreader) open(lender *Query, p *partition, need int) (err error) {
	if n := len(s.spare); n > 0 && need <= pageWords {
		p.page, p.base = s.spare[n-1], true
		s.spare = s.spare[:n-1]
		return nil
	}
	p.page, err = lender.words(max(need, min(p.words/4, largePageWords), pageWords))
	p.base = false
	return err
}

// spill writes all pages to disk.
func (s *spreader) spill(ctx context.Context, worker int) error {
	return s.query.blocking(ctx, worker, func() (err error) {
		if s.file == nil {
			if s.file, err = s.query.Spill.Create(); err != nil {
				return err
			}
		}
		for kind := range s.parts {
			for i := range s.parts[kind] {
				if err := ctx.Err(); err != nil {
					return context.Cause(ctx)
				}
				if err := s.spillPartition(kind, &s.parts[kind][i]); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

func (s *spreader) spillPartition(kind int, p *partition) error {
	p.close(kind, s.layout.words(kind))
	for ; p.onDisk < len(p.blocks); p.onDisk++ {
		b := &p.blocks[p.onDisk]
		if err := b.write(s.query, s.file); err != nil {
			return err
		}
		if b.base {
			s.spare = append(s.spare, b.words[:pageWords])
		} else {
			s.query.giveBack(b.words)
		}
		b.words = nil
	}
	p.words = 0
	return nil
}

// take returns the blocks of a partition and forgets them.
func (s *spreader) take(i int) []rowBlock {
	var out []rowBlock
	for kind := range s.parts {
		p := &s.parts[kind][i]
		p.close(kind, s.layout.words(kind))
		out = append(out, p.blocks...)
		*p = partition{}
	}
	return out
}
