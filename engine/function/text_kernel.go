package function

import (
	"encoding/binary"

	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/internal/vector"
)

// argument are a text function's arguments but the first, of one row.
type argument struct {
	ints  []int64 // by position; 0 for texts
	texts [][]byte
}

// load reads row i.
func (a *argument) load(args []*vector.Vector, i int) {
	a.ints, a.texts = a.ints[:0], a.texts[:0]
	for _, v := range args {
		x, s := int64(0), []byte(nil)
		if v.Physical == vector.Bytes {
			s = v.Bytes(i)
		} else {
			x = v.Int(i)
		}
		a.ints, a.texts = append(a.ints, x), append(a.texts, s)
	}
}

// textFunction appends what it makes of a text to dst.
type textFunction func(dst, text []byte, a *argument) ([]byte, error)

// intFunction makes an integer or a boolean of a text.
type intFunction func(text []byte, a *argument) int64

// Where all arguments but the first are constants a function of a text is computed once a value of a dictionary; a
// dictionary of more than worth values a row is not.
const worth = 8

// textKernel evaluates a textFunction.
type textKernel struct {
	f    textFunction
	b    vector.Buffer
	arg  argument
	last *vector.Dictionary
	key  string // the constants for which last was mapped
	out  *vector.Dictionary
	code []uint32 // of out, by code of last
}

func texts(f textFunction) func() expr.Kernel {
	return func() expr.Kernel { return (&textKernel{f: f}).run }
}

func (k *textKernel) run(args []*vector.Vector, n int, sel []uint16) (*vector.Vector, error) {
	v, rest := args[0], args[1:]
	fixed := allConstant(rest)
	if fixed {
		k.arg.load(rest, 0)
		small := v.Encoding == vector.Dict && len(v.Dictionary.Values) <= worth*count(sel, n)
		if (small || v.Encoding == vector.Constant) && k.mapped(v.Dictionary) {
			return k.byDictionary(v, n, sel), nil
		}
	}
	offsets, data := k.b.Texts(n)
	next := 0
	for i := range n {
		offsets[i] = int32(len(data))
		if sel != nil && (next == len(sel) || int(sel[next]) != i) {
			continue
		}
		next++
		if !fixed {
			k.arg.load(rest, i)
		}
		var err error
		if data, err = k.f(data, v.Bytes(i), &k.arg); err != nil {
			return nil, err
		}
		if err := checkLength(len(data)); err != nil {
			return nil, err
		}
	}
	offsets[n] = int32(len(data))
	return k.b.TextVector(vector.Of(vector.Text), offsets, data, nil), nil
}

func allConstant(vs []*vector.Vector) bool {
	for _, v := range vs {
		if v.Encoding != vector.Constant {
			return false
		}
	}
	return true
}

func count(sel []uint16, n int) int {
	if sel == nil {
		return n
	}
	return len(sel)
}

// byDictionary gives each row the code of what its value was mapped to.
func (k *textKernel) byDictionary(v *vector.Vector, n int, sel []uint16) *vector.Vector {
	out := &vector.Vector{Type: vector.Of(vector.Text), Physical: vector.Bytes, Encoding: v.Encoding, Len: n}
	out.Dictionary, out.Valid = k.out, v.Valid
	if v.Encoding == vector.Dict {
		codes := make([]uint32, n)
		for i := range codes {
			codes[i] = uint32(len(k.out.Values)) // NULL, also for rows that are not looked at
		}
		each(sel, n, func(i int) { codes[i] = k.code[v.CodeAt(i)] })
		vector.SetCodes(out, codes)
	}
	return out
}

// mapped maps the values of a dictionary, or of a constant. Values that become the same get one code. It gives up
// where a value fails, which may belong to no row.
func (k *textKernel) mapped(d *vector.Dictionary) bool {
	key := k.arg.key()
	if d == k.last && key == k.key {
		return true
	}
	k.last, k.out, k.code = nil, &vector.Dictionary{}, make([]uint32, len(d.Values)+1)
	seen := make(map[string]uint32, len(d.Values))
	for i, value := range d.Values {
		made, err := k.f(nil, value, &k.arg)
		if err != nil {
			return false
		}
		code, ok := seen[string(made)]
		if !ok {
			code = uint32(len(k.out.Values))
			seen[string(made)] = code
			k.out.Values = append(k.out.Values, made)
		}
		k.code[i] = code
	}
	k.code[len(d.Values)] = uint32(len(k.out.Values))
	k.last, k.key = d, key
	return true
}

// key tells constants apart.
func (a *argument) key() string {
	var key []byte
	for i, x := range a.ints {
		key = binary.LittleEndian.AppendUint64(key, uint64(x))
		key = binary.LittleEndian.AppendUint64(key, uint64(len(a.texts[i])))
		key = append(key, a.texts[i]...)
	}
	return string(key)
}

// intKernel evaluates an intFunction.
type intKernel struct {
	f     intFunction
	of    vector.Type
	b     vector.Buffer
	arg   argument
	last  *vector.Dictionary
	key   string
	table []int64 // by code of last; 0 for NULL
}

func ints(of vector.Type, f intFunction) func() expr.Kernel {
	return func() expr.Kernel { return (&intKernel{f: f, of: of}).run }
}

func (k *intKernel) run(args []*vector.Vector, n int, sel []uint16) (*vector.Vector, error) {
	v, rest := args[0], args[1:]
	fixed := allConstant(rest)
	out := k.b.Ints(n)
	lo, hi := k.of.Limits()
	if fixed {
		k.arg.load(rest, 0)
	}
	if fixed && v.Encoding == vector.Dict && len(v.Dictionary.Values) <= worth*count(sel, n) {
		if key := k.arg.key(); v.Dictionary != k.last || key != k.key {
			k.table = make([]int64, len(v.Dictionary.Values)+1)
			for i, value := range v.Dictionary.Values {
				k.table[i] = k.f(value, &k.arg)
			}
			k.last, k.key = v.Dictionary, key
		}
		each(sel, n, func(i int) { out[i] = k.table[v.CodeAt(i)] })
		return k.b.IntVector(k.of, out, nil, lo, hi), nil
	}
	each(sel, n, func(i int) {
		if !fixed {
			k.arg.load(rest, i)
		}
		out[i] = k.f(v.Bytes(i), &k.arg)
	})
	return k.b.IntVector(k.of, out, nil, lo, hi), nil
}
