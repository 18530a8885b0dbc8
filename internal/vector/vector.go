package vector

import "unsafe"

// Encoding is how a vector's data stands for its values.
type Encoding uint8

// The encodings.
const (
	Flat     Encoding = iota // int64, float64 or Int128 values; Bytes: Offsets into Data
	Constant                 // one value for all rows: Base, Real, Big, or Dictionary.Values[0]
	Frame                    // Integer: value = Base + Scale*code
	Dict                     // Bytes: codes into Dictionary; NULL has the code len(Dictionary.Values)
	View                     // Bytes: Refs into Pages, so that gathers move 8 bytes and never the text
)

// Width is the size of a code in the data: 1<<Width bytes.
type Width uint8

// The widths. Flat integers and floats are W8, Wide values W16.
const (
	W1 Width = iota
	W2
	W4
	W8
	W16
)

// Code is a Go type that holds codes or flat integers.
type Code interface {
	~uint8 | ~uint16 | ~uint32 | ~int64
}

// ChunkRows is the most rows a chunk has.
const ChunkRows = 4096

// Vector is one column of a chunk. Which fields count depends on Physical and Encoding. The zero Scale of a
// Frame is never used: one code for all rows is a Constant.
type Vector struct {
	Type     Type
	Physical Physical
	Encoding Encoding
	Width    Width
	NullCode bool     // Frame: NULLs carry a code outside [code(Lo), code(Hi)]
	Len      int      // rows
	Valid    []uint64 // bit i&63 of word i>>6 set: row i is not NULL; nil: no NULLs. Arrow's bitmap
	data     unsafe.Pointer

	Base, Scale int64 // Frame; a Constant integer in Base
	Lo, Hi      int64 // Integer: proven bounds of the non-NULL values
	Real        float64
	Big         Int128

	Dictionary *Dictionary
	Offsets    []int32 // Flat Bytes: Len+1
	Data       []byte  // Flat Bytes
	Refs       []uint64
	Pages      [][]byte
}

// Codes returns the data as a slice of T, whose size must be the vector's width.
func Codes[T any](v *Vector) []T { return unsafe.Slice((*T)(v.data), v.Len) }

// MemoryOf returns the bytes of a slice, in the order of the machine, which is little-endian wherever MicoDB runs.
func MemoryOf[T any](s []T) []byte {
	var t T
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(s))), len(s)*int(unsafe.Sizeof(t)))
}

// SetCodes makes d the data, its length the vector's, and its element size the width.
func SetCodes[T any](v *Vector, d []T) {
	var t T
	v.Len = len(d)
	v.data = unsafe.Pointer(unsafe.SliceData(d))
	switch unsafe.Sizeof(t) {
	case 1:
		v.Width = W1
	case 2:
		v.Width = W2
	case 4:
		v.Width = W4
	case 8:
		v.Width = W8
	default:
		v.Width = W16
	}
}

// Slice makes out a view of rows [lo, hi); lo is a multiple of 64.
func (v *Vector) Slice(out *Vector, lo, hi int) {
	*out = *v
	out.Len = hi - lo
	if v.Valid != nil {
		out.Valid = v.Valid[lo/64 : (hi+63)/64]
	}
	switch {
	case v.Encoding == Constant:
	case v.Encoding == View:
		out.Refs = v.Refs[lo:hi]
	case v.Encoding == Flat && v.Physical == Bytes:
		out.Offsets = v.Offsets[lo : hi+1]
	default:
		out.data = unsafe.Add(v.data, lo<<v.Width)
	}
}

// IsNull tells whether row i is NULL.
func (v *Vector) IsNull(i int) bool {
	return v.Valid != nil && v.Valid[i>>6]>>(uint(i)&63)&1 == 0
}

// CodeAt returns the code, or the flat integer, of row i.
func (v *Vector) CodeAt(i int) int64 {
	switch v.Width {
	case W1:
		return int64(Codes[uint8](v)[i])
	case W2:
		return int64(Codes[uint16](v)[i])
	case W4:
		return int64(Codes[uint32](v)[i])
	default:
		return Codes[int64](v)[i]
	}
}

// Int returns the value of row i of an Integer vector; of a NULL row anything.
func (v *Vector) Int(i int) int64 {
	switch v.Encoding {
	case Constant:
		return v.Base
	case Frame:
		return v.Base + v.Scale*v.CodeAt(i)
	default:
		return Codes[int64](v)[i]
	}
}

// Float returns the value of row i of a Float vector; of a NULL row anything.
func (v *Vector) Float(i int) float64 {
	if v.Encoding == Constant {
		return v.Real
	}
	return Codes[float64](v)[i]
}

// Wide returns the value of row i of a Wide or an Integer vector; of a NULL row anything.
func (v *Vector) Wide(i int) Int128 {
	switch {
	case v.Physical == Integer:
		return Int128Of(v.Int(i))
	case v.Encoding == Constant:
		return v.Big
	default:
		return Codes[Int128](v)[i]
	}
}

// Bytes returns the value of row i of a Bytes vector without a copy; of a NULL row anything.
func (v *Vector) Bytes(i int) []byte {
	switch v.Encoding {
	case Constant:
		return v.Dictionary.Values[0]
	case View:
		return v.Pages[v.Refs[i]>>44][v.Refs[i]>>20&(1<<24-1):][:v.Refs[i]&(1<<20-1)]
	case Dict:
		c := v.CodeAt(i)
		if c >= int64(len(v.Dictionary.Values)) {
			return nil
		}
		return v.Dictionary.Values[c]
	default:
		return v.Data[v.Offsets[i]:v.Offsets[i+1]]
	}
}

// Affine returns base and scale such that an Integer vector's value is base + scale*code, constants included.
func (v *Vector) Affine() (base, scale int64) {
	switch v.Encoding {
	case Constant:
		return v.Base, 0
	case Frame:
		return v.Base, v.Scale
	default:
		return 0, 1
	}
}

// Chunk is a horizontal slice of a relation: Len rows of every column, of which Sel, ascending, are chosen.
type Chunk struct {
	Len     int      // rows that the columns hold
	Sel     []uint16 // chosen rows; nil: all
	Columns []*Vector
}

// Count returns the number of chosen rows.
func (c *Chunk) Count() int {
	if c.Sel != nil {
		return len(c.Sel)
	}
	return c.Len
}
