package exec

import (
	"context"

	"github.com/micodb/micodb/internal/vector"
)

// spilled lets one worker evaluate rows that are merged from files. A block's rows are copied to memory.
func (s *windowSink) spilled(ctx context.Context) (Stream, error) {
	from, err := s.external(ctx)
	if err != nil {
		return nil, err
	}
	return streamOf(func(worker int) (Source, error) {
		in, err := from.Open(worker)
		if err != nil || worker != 0 {
			return in, err
		}
		held, err := newStore(s.query, s.op.Schema(), newArena(s.query))
		if err != nil {
			return nil, err
		}
		src := &windowMerge{query: s.query, window: s.window, in: in, held: held, first: true}
		return src, src.emitter.open(s.query, s.window, worker, held)
	}), nil
}

// windowMerge reads ordered rows and evaluates them.
type windowMerge struct {
	query  *Query
	window *Window
	in     Source
	ended  bool

	held  *store     // rows of the block and of the next ones
	rows  windowRows // all of held's, but a row before them
	skip  int        // 1 when held begins with that row
	first bool       // no row has come so far

	emitter windowEmitter
}

// Close returns the memory.
func (m *windowMerge) Close() error {
	m.emitter.close()
	m.rows.release(m.query)
	m.drop(m.held)
	return m.in.Close()
}

func (*windowMerge) drop(s *store) {
	s.texts.arena.release()
	s.release()
}

// Next returns the next chunk.
func (m *windowMerge) Next(ctx context.Context) (*vector.Chunk, error) {
	for {
		if err := m.query.Checkpoint(ctx, 0); err != nil {
			return nil, err
		}
		if c, err := m.emitter.next(); c != nil || err != nil {
			return c, err
		}
		if err := m.keep(); err != nil {
			return nil, err
		}
		end, err := m.fill(ctx)
		if end == 0 || err != nil {
			return nil, err
		}
		m.rows.at = end
		m.emitter.read(m.held)
		if err := m.emitter.begin(ctx, m.rows.rows[:end], m.rows.same[:end]); err != nil {
			return nil, err
		}
	}
}

// keep drops the rows of the last block, but for its last one.
func (m *windowMerge) keep() error {
	done := m.rows.at
	if done == 0 {
		return nil
	}
	fresh, err := newStore(m.query, m.window.Input.Schema(), newArena(m.query))
	if err != nil {
		return err
	}
	from := m.held.reader()
	numbers := make([]uint32, 0, vector.ChunkRows)
	for row := m.skip + done - 1; row < m.held.n; row += len(numbers) {
		numbers = numbers[:min(m.held.n-row, vector.ChunkRows)]
		for i := range numbers {
			numbers[i] = uint32(row + i)
		}
		if err := fresh.append(from.rows(numbers)); err != nil {
			return err
		}
	}
	left := append([]uint8(nil), m.rows.same[done:]...)
	m.rows.release(m.query)
	m.drop(m.held)
	m.held, m.skip = fresh, 1
	if err := m.number(len(left)); err != nil {
		return err
	}
	copy(m.rows.same, left)
	return nil
}

// number makes room for n rows in all, and numbers them.
func (m *windowMerge) number(n int) error {
	var grown windowRows
	if n > cap(m.rows.rows) {
		if err := grown.reserve(m.query, max(n, 2*cap(m.rows.rows), 2*blockRows)); err != nil {
			return err
		}
		for i := range grown.rows {
			grown.rows[i] = uint32(m.skip + i)
		}
		copy(grown.same, m.rows.same)
		m.rows.release(m.query)
		m.rows = grown
	}
	m.rows.rows, m.rows.same = m.rows.rows[:n], m.rows.same[:n]
	return nil
}

// fill reads rows until a block is whole, and returns how many rows it has.
func (m *windowMerge) fill(ctx context.Context) (int, error) {
	checked := blockRows
	for {
		n := len(m.rows.rows)
		for ; checked < n; checked++ {
			if int(m.rows.same[checked]) <= m.window.align {
				return checked, nil
			}
		}
		if m.ended || n >= blockRows && m.window.align > len(m.window.Keys) {
			return n, nil
		}
		c, err := m.in.Next(ctx)
		if err != nil {
			return 0, err
		}
		if c == nil {
			m.ended = true
			continue
		}
		if err := m.add(c); err != nil {
			return 0, err
		}
	}
}

// add takes the rows of a chunk.
func (m *windowMerge) add(c *vector.Chunk) error {
	before := len(m.rows.rows)
	if err := m.held.append(c); err != nil {
		return err
	}
	if err := m.number(m.held.n - m.skip); err != nil {
		return err
	}
	if m.first {
		m.first = false
		m.rows.same[0] = 0
		before = 1
	}
	// The rows' numbers begin with skip: those before the new ones are theirs less one.
	n := len(m.rows.rows)
	numbers, same := make([]uint32, n-before+1), make([]uint8, n-before+1)
	for i := range numbers {
		numbers[i] = uint32(m.skip + before - 1 + i)
	}
	m.window.setSame(m.held, numbers, same)
	copy(m.rows.same[before:], same[1:])
	return nil
}
