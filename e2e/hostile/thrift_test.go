package hostile_test

import (
	"encoding/binary"
	"fmt"
)

// record is a structure of Thrift's compact protocol, in which Parquet's headers are written.
type record []field

// field is a field of a record. Its value is an int32, int64, bool, string, list or record.
type field struct {
	id    int
	value any
}

// list has elements of one type, which are no truths.
type list []any

// set writes over a field.
func (r record) set(id int, value any) record {
	out := append(record{}, r...)
	for i := range out {
		if out[i].id == id {
			out[i].value = value
		}
	}
	return out
}

func (r record) append(out []byte) []byte {
	for _, f := range r {
		of := typeOf(f.value)
		if truth, ok := f.value.(bool); ok && !truth {
			of = 2
		}
		out = append(out, of) // the long form: the number follows
		out = binary.AppendVarint(out, int64(f.id))
		out = appendValue(out, f.value)
	}
	return append(out, 0)
}

func typeOf(value any) byte {
	switch value.(type) {
	case bool:
		return 1
	case int32:
		return 5
	case int64:
		return 6
	case string:
		return 8
	case list:
		return 9
	case record:
		return 12
	default:
		panic(fmt.Sprintf("%T is no value", value))
	}
}

func appendValue(out []byte, value any) []byte {
	switch v := value.(type) {
	case int32:
		return binary.AppendVarint(out, int64(v))
	case int64:
		return binary.AppendVarint(out, v)
	case string:
		return append(binary.AppendUvarint(out, uint64(len(v))), v...)
	case list:
		of := byte(5)
		if len(v) > 0 {
			of = typeOf(v[0])
		}
		out = binary.AppendUvarint(append(out, 0xf0|of), uint64(len(v)))
		for _, x := range v {
			out = appendValue(out, x)
		}
		return out
	case record:
		return v.append(out)
	default:
		return out
	}
}
