package exec

import (
	"math"
	"strconv"

	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

// sequenceBase is what every sequence has.
type sequenceBase struct {
	call *SequenceCall
	out  resultColumn
}

func (s *sequenceBase) results() *resultColumn { return &s.out }
func (s *sequenceBase) none()                  { s.out.null() }
func (*sequenceBase) close()                   {}

// picked is the first or the last value, or the first that is not NULL and has a key that is not NULL.
type picked struct {
	sequenceBase

	found bool
}

func (p *picked) add(c *vector.Chunk, rows []uint16, last bool) error {
	v := c.Columns[p.call.Arg]
	switch {
	case len(rows) == 0:
	case p.call.Kind == expr.Last:
		if p.found {
			p.out.drop()
		}
		p.out.copy(v, int(rows[len(rows)-1]))
		p.found = true
	case p.found:
	case p.call.Kind == expr.First:
		p.out.copy(v, int(rows[0]))
		p.found = true
	default:
		key := c.Columns[p.call.Key]
		for _, row := range rows {
			if !v.IsNull(int(row)) && !key.IsNull(int(row)) {
				p.out.copy(v, int(row))
				p.found = true
				break
			}
		}
	}
	if last {
		if !p.found {
			p.out.null()
		}
		p.found = false
	}
	return nil
}

// quantile is the value at a place of a group's values, or between two.
type quantile struct {
	sequenceBase

	values *store // of a group that is in several chunks
	one    Schema
}

func newQuantile(q *Query, in Schema, base sequenceBase) (*quantile, error) {
	one := Schema{in[base.call.Arg]}
	values, err := newStore(q, one, newArena(q))
	return &quantile{sequenceBase: base, values: values, one: one}, err
}

func (s *quantile) close() {
	s.values.texts.reset()
	s.values.release()
}

// add keeps the values where the group goes on. NULLs come last.
func (s *quantile) add(c *vector.Chunk, rows []uint16, last bool) error {
	v := c.Columns[s.call.Arg]
	for len(rows) > 0 && v.IsNull(int(rows[len(rows)-1])) {
		rows = rows[:len(rows)-1]
	}
	if last && s.values.n == 0 {
		s.result(v, len(rows), func(i int) int { return int(rows[i]) })
		return nil
	}
	if len(rows) > 0 {
		kept := vector.Chunk{Len: c.Len, Sel: rows, Columns: []*vector.Vector{v}}
		if err := s.values.append(&kept); err != nil {
			return err
		}
	}
	if !last {
		return nil
	}
	lo, hi, _ := s.place(s.values.n)
	both := s.values.reader().rows([]uint32{uint32(lo), uint32(hi)}).Columns[0]
	s.result(both, s.values.n, func(i int) int {
		if i == lo {
			return 0
		}
		return 1
	})
	s.values.n = 0
	s.values.texts.reset()
	return nil
}

// place returns between which of n values the quantile lies, and how far from the first to the second.
func (s *quantile) place(n int) (lo, hi int, part float64) {
	q := s.call.Fraction
	if s.call.Kind == expr.QuantileDisc {
		at := max(int(math.Ceil(q*float64(n)))-1, 0)
		if s.call.Descending {
			at = n - 1 - at
		}
		return at, at, 0
	}
	if s.call.Descending {
		q = 1 - q
	}
	at := q * float64(n-1)
	lo = int(at)
	part = at - float64(lo)
	if hi = lo; part > 0 {
		hi++
	}
	return lo, hi, part
}

// result adds the quantile of n values, number i of which is in the row that at says.
func (s *quantile) result(v *vector.Vector, n int, at func(i int) int) {
	if n == 0 {
		s.out.null()
		return
	}
	lo, hi, part := s.place(n)
	a, b := at(lo), at(hi)
	switch {
	case s.call.Kind == expr.QuantileDisc:
		s.out.copy(v, a)
	case s.out.known.Physical == vector.Float:
		x, y := number(v, a), number(v, b)
		if part > 0 {
			x += (y - x) * part
		}
		s.out.float(x)
	default: // instants
		x, y := v.Int(a), v.Int(b)
		unit := int64(math.Pow10(9 - int(s.call.Of.Precision)))
		between := x + int64(float64(y-x)*part)
		s.out.int(between - between%unit)
	}
}

// joinedTexts is the texts of a group with a separator between each two, or one list of the elements of its lists.
type joinedTexts struct {
	sequenceBase

	query *Query
	text  []byte
	some  bool
}

// joinedBytes is how long a text an aggregate may make, in bytes.
const joinedBytes = 1 << 30

func (s *joinedTexts) add(c *vector.Chunk, rows []uint16, last bool) error {
	v := c.Columns[s.call.Arg]
	for _, row := range rows {
		if v.IsNull(int(row)) {
			continue
		}
		b := v.Bytes(int(row))
		if err := s.room(len(b) + len(s.call.Separator)); err != nil {
			return err
		}
		switch {
		case s.call.Kind == expr.ArrayAgg:
			b = vector.Elements(b)
		case s.some:
			s.text = append(s.text, s.call.Separator...)
		}
		s.text, s.some = append(s.text, b...), true
	}
	if last {
		if s.some && s.call.Kind == expr.ArrayAgg {
			s.text = vector.EndList(s.text) // in room for the end of the last
		}
		if s.some {
			s.out.text(s.text)
		} else {
			s.out.null()
		}
		s.text, s.some = s.text[:0], false
	}
	return nil
}

// room makes room for so many bytes more, in memory of the query's.
func (s *joinedTexts) room(more int) error {
	need := len(s.text) + more
	if need <= cap(s.text) {
		return nil
	}
	if need > joinedBytes {
		return sqlerr.New(sqlerr.ProgramLimitExceeded,
			"%s makes a text or a list of more than %d bytes", s.call.Name, joinedBytes)
	}
	words, err := s.query.words(max(2*cap(s.text)/8, (need+7)/8))
	if err != nil {
		return err
	}
	grown := view[byte](words, len(words)*8)[:len(s.text)]
	copy(grown, s.text)
	s.text = grown
	return nil
}

// counted is a run of equal values in a group.
type counted struct{ runs *runFinder }

func newCounted(q *Query, in Schema, column int) (counted, error) {
	runs, err := newRunFinder(q, in, []int{column})
	return counted{runs: runs}, err
}

// each calls f for every run of rows of a group, which are its first ones or not: fresh is a run that goes not on from
// the rows before.
func (s *counted) each(c *vector.Chunk, rows []uint16, first bool, f func(row int, n int, fresh bool)) error {
	starts, err := s.runs.find(c, rows, nil)
	if err != nil {
		return err
	}
	fresh := true
	if len(rows) > 0 && (len(starts) == 0 || starts[0] != 0) {
		starts, fresh = append([]int{0}, starts...), first
	}
	for i, at := range starts {
		end := len(rows)
		if i+1 < len(starts) {
			end = starts[i+1]
		}
		f(int(rows[at]), end-at, fresh)
		fresh = true
	}
	return nil
}

// mode is the value that comes most often, of equal ones the first.
type mode struct {
	sequenceBase
	counted

	run   int64
	best  int64 // 0: none so far
	leads bool  // it is the run's
	begun bool
}

func newMode(q *Query, in Schema, base sequenceBase) (*mode, error) {
	runs, err := newCounted(q, in, base.call.Arg)
	return &mode{sequenceBase: base, counted: runs}, err
}

func (s *mode) close() { s.runs.close() }

func (s *mode) add(c *vector.Chunk, rows []uint16, last bool) error {
	v := c.Columns[s.call.Arg]
	err := s.each(c, rows, !s.begun, func(row, n int, fresh bool) {
		s.begun = true
		if v.IsNull(row) {
			return
		}
		if fresh {
			s.run, s.leads = 0, false
		}
		s.run += int64(n)
		if s.run <= s.best {
			return
		}
		if !s.leads {
			if s.best > 0 {
				s.out.drop()
			}
			s.out.copy(v, row)
		}
		s.best, s.leads = s.run, true
	})
	if last {
		if s.best == 0 {
			s.out.null()
		}
		s.run, s.best, s.leads, s.begun = 0, 0, false, false
	}
	return err
}

// histogram is how often each value comes, as the text of a JSON object.
type histogram struct {
	sequenceBase
	counted

	text  []byte
	value []byte
	run   int64
	begun bool
}

func newHistogram(q *Query, in Schema, base sequenceBase) (*histogram, error) {
	runs, err := newCounted(q, in, base.call.Arg)
	return &histogram{sequenceBase: base, counted: runs}, err
}

func (s *histogram) close() { s.runs.close() }

func (s *histogram) add(c *vector.Chunk, rows []uint16, last bool) error {
	v := c.Columns[s.call.Arg]
	err := s.each(c, rows, !s.begun, func(row, n int, fresh bool) {
		s.begun = true
		if v.IsNull(row) {
			return
		}
		if fresh {
			s.flush()
			s.value = append(s.value[:0], v.Bytes(row)...)
		}
		s.run += int64(n)
	})
	if last {
		s.flush()
		if len(s.text) == 0 {
			s.out.null()
		} else {
			s.out.text(append(s.text, '}'))
		}
		s.text, s.begun = s.text[:0], false
	}
	return err
}

// flush writes the run that is over.
func (s *histogram) flush() {
	if s.run == 0 {
		return
	}
	if len(s.text) == 0 {
		s.text = append(s.text, '{')
	} else {
		s.text = append(s.text, ',')
	}
	s.text = appendJSONText(s.text, s.value)
	s.text = append(s.text, ':')
	s.text = strconv.AppendInt(s.text, s.run, 10)
	s.run = 0
}

// appendJSONText appends a text as JSON writes it.
func appendJSONText(to, b []byte) []byte {
	const digits = "0123456789abcdef"
	to = append(to, '"')
	for _, x := range b {
		switch {
		case x == '"' || x == '\\':
			to = append(to, '\\', x)
		case x < 0x20:
			to = append(to, '\\', 'u', '0', '0', digits[x>>4], digits[x&15])
		default:
			to = append(to, x)
		}
	}
	return append(to, '"')
}
