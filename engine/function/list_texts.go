package function

import (
	"bytes"
	"unicode/utf8"

	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/internal/vector"
)

// listTexts are the functions between texts and lists of them.
func listTexts() []Entry {
	return []Entry{
		listEntry("string_split str_split string_to_array", "(text, separator) → VARCHAR[]",
			shown("The parts of a text between separators; of an empty separator its characters.",
				"string_split('a,b,c', ',')", "[a, b, c]"), splitText),
		listEntry("array_to_string list_to_string array_join", "(list, separator [, null text]) → VARCHAR",
			shown("The elements as a text with separators; NULL is left out unless a text stands for it.",
				"array_to_string([1, 2, 3], '-')", "1-2-3"), joinTexts),
	}
}

func splitText(args []vector.Type) (expr.Overload, bool) {
	text := vector.Of(vector.Text)
	t := vector.ListOf(text)
	if len(args) != 2 || !Implicit(args[0], text) || !Implicit(args[1], text) {
		return expr.Overload{}, false
	}
	return Fixed(t, expr.NullIfAny, func() expr.Kernel {
		var b vector.Buffer
		return func(args []*vector.Vector, n int, sel []uint16) (*vector.Vector, error) {
			return packedRows(&b, t, n, sel, func(dst []byte, i int) ([]byte, error) {
				rest, separator := args[0].Bytes(i), args[1].Bytes(i)
				for len(separator) == 0 && len(rest) > 0 {
					_, size := utf8.DecodeRune(rest)
					dst = vector.AppendTextMember(dst, rest[:size])
					rest = rest[size:]
				}
				for len(separator) > 0 {
					at := bytes.Index(rest, separator)
					if at < 0 {
						dst = vector.AppendTextMember(dst, rest)
						break
					}
					dst = vector.AppendTextMember(dst, rest[:at])
					rest = rest[at+len(separator):]
				}
				return vector.EndList(dst), nil
			})
		}
	}, text, text), true
}

func joinTexts(args []vector.Type) (expr.Overload, bool) {
	text := vector.Of(vector.Text)
	if len(args) < 2 || len(args) > 3 || args[0].Kind != vector.List || args[0].Element().IsNested() {
		return expr.Overload{}, false
	}
	for _, a := range args[1:] {
		if !Implicit(a, text) {
			return expr.Overload{}, false
		}
	}
	t := vector.ListOf(text)
	return Fixed(text, expr.NullIfAny, func() expr.Kernel {
		var b vector.Buffer
		var u vector.Unpacked
		return func(args []*vector.Vector, n int, sel []uint16) (*vector.Vector, error) {
			if !u.Unpack(args[0], sel) {
				return nil, expr.DamagedNested(t)
			}
			elements := u.Children[0]
			return packedRows(&b, text, n, sel, func(dst []byte, i int) ([]byte, error) {
				first := true
				for k := int(u.Offsets[i]); k < int(u.Offsets[i+1]); k++ {
					part := elements.Bytes(k)
					if elements.IsNull(k) {
						if len(args) < 3 {
							continue
						}
						part = args[2].Bytes(i)
					}
					if !first {
						dst = append(dst, args[1].Bytes(i)...)
					}
					dst, first = append(dst, part...), false
				}
				return dst, nil
			})
		}
	}, append([]vector.Type{t, text}, Repeat(text, len(args)-2)...)...), true
}
