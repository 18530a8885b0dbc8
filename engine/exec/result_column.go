package exec

import (
	"math"

	"github.com/micodb/micodb/internal/vector"
)

// resultBytes is how many bytes of texts a column of results gathers before it is handed out.
const resultBytes = 1 << 22

// resultColumn gathers values one by one: the results of groups.
type resultColumn struct {
	known   Column
	n       int
	nulls   []bool
	ints    []int64
	floats  []float64
	wides   []vector.Int128
	months  []vector.Months
	offsets []int32
	data    []byte
	buffer  vector.Buffer
}

// null adds NULL.
func (r *resultColumn) null() {
	r.grow()
	r.nulls[r.n-1] = true
}

// grow adds a value of zeros.
func (r *resultColumn) grow() {
	r.n++
	r.nulls = append(r.nulls, false)
	switch r.known.Physical {
	case vector.Integer:
		r.ints = append(r.ints, 0)
	case vector.Float:
		r.floats = append(r.floats, 0)
	case vector.Wide:
		r.wides = append(r.wides, vector.Int128{})
	case vector.Bytes:
		if len(r.offsets) == 0 {
			r.offsets = append(r.offsets, 0)
		}
		r.offsets = append(r.offsets, int32(len(r.data)))
	default:
		r.months = append(r.months, vector.Months{})
	}
}

// drop takes the last value back.
func (r *resultColumn) drop() {
	r.n--
	r.nulls = r.nulls[:r.n]
	switch r.known.Physical {
	case vector.Integer:
		r.ints = r.ints[:r.n]
	case vector.Float:
		r.floats = r.floats[:r.n]
	case vector.Wide:
		r.wides = r.wides[:r.n]
	case vector.Bytes:
		r.offsets = r.offsets[:r.n+1]
		r.data = r.data[:r.offsets[r.n]]
	default:
		r.months = r.months[:r.n]
	}
}

func (r *resultColumn) float(x float64) {
	r.grow()
	r.floats[r.n-1] = x
}

func (r *resultColumn) int(x int64) {
	r.grow()
	r.ints[r.n-1] = x
}

func (r *resultColumn) text(b []byte) {
	r.data = append(r.data, b...)
	r.grow()
}

// copy adds the value of a row.
func (r *resultColumn) copy(v *vector.Vector, row int) {
	if v.IsNull(row) {
		r.null()
		return
	}
	if r.known.Physical == vector.Bytes {
		r.text(v.Bytes(row))
		return
	}
	r.grow()
	switch r.known.Physical {
	case vector.Integer:
		r.ints[r.n-1] = v.Int(row)
	case vector.Float:
		r.floats[r.n-1] = v.Float(row)
	case vector.Wide:
		r.wides[r.n-1] = v.Wide(row)
	default:
		r.months[r.n-1] = v.Interval(row)
	}
}

// take returns what was gathered as a vector, which is good until more is.
func (r *resultColumn) take() *vector.Vector {
	valid := r.buffer.AllValid(r.n)
	for i, null := range r.nulls {
		if null {
			valid[i>>6] &^= 1 << (i & 63)
		}
	}
	if !r.known.Nullable {
		valid = nil
	}
	n := r.n
	r.n, r.nulls = 0, r.nulls[:0]
	t := r.known.Type
	switch r.known.Physical {
	case vector.Integer:
		d := r.ints[:n]
		r.ints = r.ints[:0]
		return r.buffer.IntVector(t, d, valid, r.known.Lo, r.known.Hi)
	case vector.Float:
		d := r.floats[:n]
		r.floats = r.floats[:0]
		return r.buffer.FloatVector(t, d, valid)
	case vector.Wide:
		d := r.wides[:n]
		r.wides = r.wides[:0]
		return r.buffer.WideVector(t, d, valid)
	case vector.Bytes:
		offsets, data := r.offsets, r.data
		r.offsets, r.data = r.offsets[:0], r.data[:0]
		return r.buffer.TextVector(t, offsets, data, valid)
	default:
		d := r.months[:n]
		r.months = r.months[:0]
		return r.buffer.IntervalVector(d, valid)
	}
}

// full tells whether the column is to be handed out.
func (r *resultColumn) full() bool { return r.n >= vector.ChunkRows || len(r.data) >= resultBytes }

// number returns a numeric value as a float.
func number(v *vector.Vector, row int) float64 {
	switch v.Physical {
	case vector.Float:
		return v.Float(row)
	case vector.Wide:
		return v.Wide(row).Float64() / math.Pow10(int(v.Type.Scale))
	default:
		return float64(v.Int(row)) / math.Pow10(int(v.Type.Scale))
	}
}
