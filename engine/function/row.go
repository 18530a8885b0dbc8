package function

import (
	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

// maxTextBytes bounds one text that a function makes, maxChunkBytes all texts that it makes of one chunk: 16 KiB a row
// of a full chunk. Kernels have no budget to reserve from, so what each may hold is small.
const (
	maxTextBytes  = 16 << 20
	maxChunkBytes = 64 << 20
)

func tooLong(name string) error {
	return sqlerr.New(sqlerr.ProgramLimitExceeded, "%s makes a text of more than %d bytes", name, maxTextBytes)
}

func checkLength(text, chunk int) error {
	switch {
	case text > maxTextBytes:
		return tooLong("a function")
	case chunk > maxChunkBytes:
		return sqlerr.New(sqlerr.ProgramLimitExceeded, "a function makes more than %d bytes of text", maxChunkBytes)
	}
	return nil
}

// row is one row of a function's arguments.
type row struct {
	args []*vector.Vector
	at   int
	null bool // set by the function: its result is NULL
}

// has tells whether the call has an argument k, from 0.
func (r *row) has(k int) bool { return k < len(r.args) }

// text returns an argument's bytes without a copy.
func (r *row) text(k int) []byte { return r.args[k].Bytes(r.at) }

func (r *row) int(k int) int64 { return r.args[k].Int(r.at) }

func (r *row) truth(k int) bool { return r.args[k].Int(r.at) != 0 }

func (r *row) float(k int) float64 { return r.args[k].Float(r.at) }

func (r *row) isNull(k int) bool { return r.args[k].IsNull(r.at) }

// textAt returns an argument's text, or another one where the call does not have it.
func (r *row) textAt(k int, otherwise string) []byte {
	if r.has(k) {
		return r.text(k)
	}
	return []byte(otherwise)
}

// intAt returns an argument, or another value where the call does not have it.
func (r *row) intAt(k int, otherwise int64) int64 {
	if r.has(k) {
		return r.int(k)
	}
	return otherwise
}

// nullable is the validity of a kernel's result, made when the first NULL comes.
type nullable struct{ valid []uint64 }

// note takes row i's NULL from r.
func (v *nullable) note(r *row, b *vector.Buffer, n int) {
	if !r.null {
		return
	}
	r.null = false
	if v.valid == nil {
		v.valid = b.AllValid(n)
	}
	v.valid[r.at>>6] &^= 1 << (r.at & 63)
}

// textRow appends what a function makes of a row to dst.
type textRow func(dst []byte, r *row) ([]byte, error)

// texts evaluates a textRow, once a value of a dictionary where it can.
func texts(f textRow) func() expr.Kernel { return textsOf(vector.Of(vector.Text), f) }

func textsOf(t vector.Type, f textRow) func() expr.Kernel {
	return perValue(textsEach(t, func() textRow { return f }))
}

// textsEach is textsOf with a function for each worker, which may keep what it computed, and without dictionaries.
func textsEach(t vector.Type, fresh func() textRow) func() expr.Kernel {
	return func() expr.Kernel {
		var b vector.Buffer
		f := fresh()
		return func(args []*vector.Vector, n int, sel []uint16) (*vector.Vector, error) {
			offsets, data := b.Texts(n)
			var null nullable
			r := row{args: args}
			next := 0
			for i := range n {
				from := len(data)
				offsets[i] = int32(from)
				if sel != nil && (next == len(sel) || int(sel[next]) != i) {
					continue
				}
				next++
				r.at = i
				var err error
				if data, err = f(data, &r); err != nil {
					return nil, err
				}
				if err := checkLength(len(data)-from, len(data)); err != nil {
					return nil, err
				}
				null.note(&r, &b, n)
			}
			offsets[n] = int32(len(data))
			return b.TextVector(t, offsets, data, null.valid), nil
		}
	}
}

// intRow makes an integer, a boolean or a time of a row.
type intRow func(r *row) (int64, error)

// ints evaluates an intRow, once a value of a dictionary where it can.
func ints(t vector.Type, f intRow) func() expr.Kernel {
	return perValue(intsEach(t, func() intRow { return f }))
}

// intsEach is ints with a function for each worker, and without dictionaries.
func intsEach(t vector.Type, fresh func() intRow) func() expr.Kernel {
	return func() expr.Kernel {
		var b vector.Buffer
		f := fresh()
		return func(args []*vector.Vector, n int, sel []uint16) (*vector.Vector, error) {
			out, bounds := b.Ints(n), vector.Bounds{Lo: vector.MaxInt, Hi: vector.MinInt}
			var null nullable
			r := row{args: args}
			if sel == nil {
				sel = vector.All(n)
			}
			for _, i := range sel {
				r.at = int(i)
				x, err := f(&r)
				if err != nil {
					return nil, err
				}
				if r.null {
					x = 0
				} else {
					bounds.Lo, bounds.Hi = min(bounds.Lo, x), max(bounds.Hi, x)
				}
				out[i] = x
				null.note(&r, &b, n)
			}
			return b.IntVector(t, out, null.valid, bounds.Lo, bounds.Hi), nil
		}
	}
}

// floatRow makes a DOUBLE of a row.
type floatRow func(r *row) (float64, error)

// doubles evaluates a floatRow, once a value of a dictionary where it can.
func doubles(f floatRow) func() expr.Kernel {
	return perValue(doublesEach(func() floatRow { return f }))
}

func doublesEach(fresh func() floatRow) func() expr.Kernel {
	return func() expr.Kernel {
		var b vector.Buffer
		f := fresh()
		return func(args []*vector.Vector, n int, sel []uint16) (*vector.Vector, error) {
			out := b.Floats(n)
			var null nullable
			r := row{args: args}
			if sel == nil {
				sel = vector.All(n)
			}
			for _, i := range sel {
				r.at = int(i)
				var err error
				if out[i], err = f(&r); err != nil {
					return nil, err
				}
				null.note(&r, &b, n)
			}
			return b.FloatVector(vector.Of(vector.Float64), out, null.valid), nil
		}
	}
}

func truthOf(b bool) int64 {
	if b {
		return 1
	}
	return 0
}
