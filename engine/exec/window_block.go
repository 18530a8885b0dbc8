package exec

import (
	"context"
	"slices"

	"github.com/micodb/micodb/internal/vector"
)

// blockRows is how many rows a block of a window has at least, but the last.
const blockRows = vector.ChunkRows

// windowFunction computes calls for one worker. It is given all rows in order.
type windowFunction interface {
	// begin looks at a whole block.
	begin(ctx context.Context, b *windowBlock) error
	// values puts the results for a chunk of the block's rows, which come in turn, where they belong among all calls'.
	// They are valid until its next call.
	values(b *windowBlock, lo, hi int, out []*vector.Vector) error
	// end returns what begin took.
	end()
}

// windowBlock is rows in the order of a window.
//
// Same says of each row how many of the first keys it has in common with the row before it, plus one; 0 is the first of
// all rows. So a partition by p keys begins where it is at most p.
type windowBlock struct {
	query  *Query
	window *Window
	worker int
	reader *storeReader // for arguments
	rows   []uint32     // of the store, in order
	same   []uint8

	spans  map[int]*windowSpans // by how many keys
	memory [][]uint64           // that is lent for the block
}

// windowSpans are the spans of rows that have some of the first keys in common.
type windowSpans struct {
	starts []uint32 // of each span, and the number of rows
	of     []uint32 // of each row: its span
}

// start and end are those of the span of a row.
func (s *windowSpans) start(row int) int { return int(s.starts[s.of[row]]) }
func (s *windowSpans) end(row int) int   { return int(s.starts[s.of[row]+1]) }

// count is how many spans there are.
func (s *windowSpans) count() int { return len(s.starts) - 1 }

// words lends memory for the block.
func (b *windowBlock) words(n int) ([]uint64, error) {
	w, err := b.query.words(n)
	if err == nil {
		b.memory = append(b.memory, w)
	}
	return w, err
}

// release returns what was lent.
func (b *windowBlock) release() {
	for _, m := range b.memory {
		b.query.giveBack(m)
	}
	b.memory, b.spans = nil, nil
}

// spansBy returns the spans by so many keys.
func (b *windowBlock) spansBy(keys int) (*windowSpans, error) {
	if s := b.spans[keys]; s != nil {
		return s, nil
	}
	n := len(b.rows)
	count := 0
	for i, same := range b.same {
		if i == 0 || int(same) <= keys {
			count++
		}
	}
	memory, err := b.words((n+count+1)/2 + 1)
	if err != nil {
		return nil, err
	}
	all := view[uint32](memory, n+count+1)
	s := &windowSpans{of: all[:n], starts: all[n:]}
	k := -1
	for i, same := range b.same {
		if i == 0 || int(same) <= keys {
			k++
			s.starts[k] = uint32(i)
		}
		s.of[i] = uint32(k)
	}
	s.starts[count] = uint32(n)
	if b.spans == nil {
		b.spans = map[int]*windowSpans{}
	}
	b.spans[keys] = s
	return s, nil
}

// column reads a column of at most a chunk of rows; valid until the next call for the column.
func (b *windowBlock) column(column, lo, hi int) *vector.Vector {
	return b.reader.gather(column, b.rows[lo:hi], nil, hi-lo)
}

// setSame compares rows of a store, from the second on, with those before them.
func (w *Window) setSame(s *store, rows []uint32, same []uint8) {
	if len(rows) < 2 {
		return
	}
	for i := range same[1:] {
		same[1+i] = uint8(len(w.Keys) + 1)
	}
	for k, key := range slices.Backward(w.Keys) {
		s.markChanges(&s.columns[key.Column], rows, same, uint8(k+1))
	}
}
