package function

import (
	"bytes"
	"slices"

	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

// members are the elements of one row's lists; packed elements of one type are equal where their bytes are, and in
// order as these are.
type members = []vector.Member

// listOverload says what arguments of a list function become; ok is false when it does not take them.
type listOverload func(args []vector.Type) (expr.Overload, bool)

func resolveList(name string, o listOverload) func([]vector.Type) (expr.Overload, error) {
	return func(args []vector.Type) (expr.Overload, error) {
		if out, ok := o(args); ok {
			return out, nil
		}
		return expr.Overload{}, NoOverload(name, args)
	}
}

// listType reads an argument as a list: of a bare NULL one of NULLs.
func listType(t vector.Type) (vector.Type, bool) {
	if t.Kind == vector.Unknown {
		return vector.ListOf(t), true
	}
	return t, t.Kind == vector.List
}

// listAndElement reads two arguments as a list and one that may be its element.
func listAndElement(list, element vector.Type) (vector.Type, vector.Type, bool) {
	l, ok := listType(list)
	if !ok {
		return l, element, false
	}
	of, ok := Common(l.Element(), element)
	return vector.ListOf(of), of, ok
}

// listOfLists is an overload that makes a list of lists of one type.
func listOfLists(count int, null expr.NullRule, f func(out members, in []members) members) listOverload {
	return func(args []vector.Type) (expr.Overload, bool) {
		if len(args) != count {
			return expr.Overload{}, false
		}
		of := vector.Of(vector.Unknown)
		for _, a := range args {
			l, ok := listType(a)
			if !ok {
				return expr.Overload{}, false
			}
			if of, ok = Common(of, l.Element()); !ok {
				return expr.Overload{}, false
			}
		}
		t := vector.ListOf(of)
		return Fixed(t, null, func() expr.Kernel { return listKernel(t, f) }, Repeat(t, count)...), true
	}
}

// listRows reads the lists of rows into members.
type listRows struct {
	in  []members
	out members
}

// read cuts the lists of row i; NULL has no members. The error is XX001.
func (r *listRows) read(args []*vector.Vector, i int) error {
	for len(r.in) < len(args) {
		r.in = append(r.in, nil)
	}
	for k, v := range args {
		r.in[k] = r.in[k][:0]
		if v.IsNull(i) {
			continue
		}
		var whole bool
		if r.in[k], whole = vector.Members(r.in[k], v.Type, v.Bytes(i)); !whole {
			return expr.DamagedNested(v.Type)
		}
	}
	return nil
}

// packedRows makes a vector of packed lists or texts, whose bytes f appends for each chosen row.
func packedRows(b *vector.Buffer, t vector.Type, n int, sel []uint16, f func(dst []byte, i int) ([]byte, error)) (
	*vector.Vector, error,
) {
	offsets, data := b.Texts(n)
	next := 0
	for i := range n {
		offsets[i] = int32(len(data))
		if sel != nil && (next == len(sel) || int(sel[next]) != i) {
			continue
		}
		next++
		before := len(data)
		var err error
		if data, err = f(data, i); err != nil {
			return nil, err
		}
		if err := checkLength(len(data)-before, len(data)); err != nil {
			return nil, err
		}
	}
	offsets[n] = int32(len(data))
	return b.TextVector(t, offsets, data, nil), nil
}

// listKernel makes a list of the lists of each row.
func listKernel(t vector.Type, f func(out members, in []members) members) expr.Kernel {
	var b vector.Buffer
	var rows listRows
	return func(args []*vector.Vector, n int, sel []uint16) (*vector.Vector, error) {
		return packedRows(&b, t, n, sel, func(dst []byte, i int) ([]byte, error) {
			if err := rows.read(args, i); err != nil {
				return dst, err
			}
			rows.out = f(rows.out[:0], rows.in)
			return vector.AppendMembers(dst, t, rows.out), nil
		})
	}
}

// elementKernel makes one value of the list of each row, with the other arguments at hand: nil is NULL.
func elementKernel(of vector.Type, f func(list []byte, args []*vector.Vector, i int) vector.Member) expr.Kernel {
	out := vector.NewBuilder(of)
	return func(args []*vector.Vector, n int, sel []uint16) (*vector.Vector, error) {
		next, whole := 0, true
		for i := range n {
			if sel != nil && (next == len(sel) || int(sel[next]) != i) {
				out.AppendNull()
				continue
			}
			next++
			if m := f(args[0].Bytes(i), args, i); m != nil {
				whole = out.AppendMember(m) && whole
			} else {
				out.AppendNull()
			}
		}
		v := out.Build()
		if !whole {
			return nil, expr.DamagedNested(args[0].Type)
		}
		return v, nil
	}
}

// listInts makes an integer of the lists of each row and an element, which the last argument is where there is one.
func listInts(result vector.Type, lists int, f func(in []members, element vector.Member) (int64, bool)) expr.Kernel {
	var b vector.Buffer
	var rows listRows
	var element []byte
	return func(args []*vector.Vector, n int, sel []uint16) (*vector.Vector, error) {
		out, valid := b.Ints(n), []uint64(nil)
		r := vector.Bounds{Lo: vector.MaxInt, Hi: vector.MinInt}
		var failed error
		each(sel, n, func(i int) {
			if err := rows.read(args[:lists], i); err != nil {
				failed = err
			}
			if len(args) > lists {
				element = vector.AppendMember(element[:0], args[lists], i)
			}
			x, ok := f(rows.in, element)
			if !ok {
				if valid == nil {
					valid = b.AllValid(n)
				}
				valid[i>>6] &^= 1 << (i & 63)
			}
			out[i] = x
			r.Lo, r.Hi = min(r.Lo, x), max(r.Hi, x)
		})
		return b.IntVector(result, out, valid, r.Lo, r.Hi), failed
	}
}

func listExtract(args []vector.Type) (expr.Overload, bool) {
	if len(args) != 2 {
		return expr.Overload{}, false
	}
	t, ok := listType(args[0])
	big := vector.Of(vector.Int64)
	if !ok || !Implicit(args[1], big) {
		return expr.Overload{}, false
	}
	return Fixed(t.Element(), expr.NullResult, func() expr.Kernel {
		return elementKernel(t.Element(), func(list []byte, args []*vector.Vector, i int) vector.Member {
			index := args[1].Int(i)
			if index < 0 {
				n, _ := vector.Length(t, list)
				index += int64(n) + 1
			}
			if index < 1 || index > int64(len(list)) {
				return nil
			}
			return vector.ElementAt(t, list, int(index-1))
		})
	}, t, big), true
}

func listLength(args []vector.Type) (expr.Overload, bool) {
	if len(args) != 1 || args[0].Kind != vector.List {
		return expr.Overload{}, false
	}
	t, big := args[0], vector.Of(vector.Int64)
	o := Fixed(big, expr.NullIfAny, func() expr.Kernel {
		var b vector.Buffer
		return func(args []*vector.Vector, n int, sel []uint16) (*vector.Vector, error) {
			out, most, whole := b.Ints(n), int64(0), true
			each(sel, n, func(i int) {
				k, ok := vector.Length(t, args[0].Bytes(i))
				whole = whole && ok
				out[i] = int64(k)
				most = max(most, out[i])
			})
			if !whole {
				return nil, expr.DamagedNested(t)
			}
			return b.IntVector(big, out, nil, 0, most), nil
		}
	}, t)
	o.Bounds = func([]vector.Bounds) vector.Bounds { return vector.Bounds{Lo: 0, Hi: vector.MaxInt} }
	return o, true
}

// listSlice keeps the elements from one index to another, both included; below 0 they count from the end.
func listSlice(args []vector.Type) (expr.Overload, bool) {
	if len(args) != 3 {
		return expr.Overload{}, false
	}
	t, ok := listType(args[0])
	big := vector.Of(vector.Int64)
	if !ok || !Implicit(args[1], big) || !Implicit(args[2], big) {
		return expr.Overload{}, false
	}
	return Fixed(t, expr.NullIfAny, func() expr.Kernel {
		var b vector.Buffer
		var rows listRows
		return func(args []*vector.Vector, n int, sel []uint16) (*vector.Vector, error) {
			return packedRows(&b, t, n, sel, func(dst []byte, i int) ([]byte, error) {
				if err := rows.read(args[:1], i); err != nil {
					return dst, err
				}
				all := rows.in[0]
				from, to := args[1].Int(i), args[2].Int(i)
				if from < 0 {
					from = max(from+int64(len(all))+1, 1)
				}
				if to < 0 {
					to += int64(len(all)) + 1
				}
				from, to = max(from, 1), min(to, int64(len(all)))
				if from > to {
					return vector.EndList(dst), nil
				}
				return vector.AppendMembers(dst, t, all[from-1:to]), nil
			})
		}
	}, t, big, big), true
}

// listValue makes a list of its arguments.
func listValue(args []vector.Type) (expr.Overload, bool) {
	of := vector.Of(vector.Unknown)
	for _, a := range args {
		var ok bool
		if of, ok = Common(of, a); !ok {
			return expr.Overload{}, false
		}
	}
	t := vector.ListOf(of)
	return Fixed(t, expr.NullNever, func() expr.Kernel { return packing(t) }, Repeat(of, len(args))...), true
}

func packing(t vector.Type) expr.Kernel {
	var b vector.Buffer
	return func(args []*vector.Vector, n int, sel []uint16) (*vector.Vector, error) {
		return packedRows(&b, t, n, sel, func(dst []byte, i int) ([]byte, error) {
			for _, v := range args {
				dst = vector.AppendMember(dst, v, i)
				if err := checkLength(0, len(dst)); err != nil {
					return dst, err
				}
			}
			if t.Kind == vector.List {
				dst = vector.EndList(dst)
			}
			return dst, nil
		})
	}
}

// StructOf makes a struct of its members' values.
func StructOf(t vector.Type, values []expr.Expr) expr.Expr {
	args := make([]vector.Type, len(values))
	for i, v := range values {
		args[i] = v.Type()
	}
	return expr.Call{Name: "struct_pack", Args: values, Bound: Fixed(t, expr.NullNever,
		func() expr.Kernel { return packing(t) }, args...)}
}

// MemberOf reads the member at a place of a struct.
func MemberOf(of expr.Expr, at int) expr.Expr {
	t := of.Type()
	f := t.Fields[at]
	name := expr.Literal{Value: vector.TextOf(f.Name)}
	kernel := func() expr.Kernel {
		var all members
		return elementKernel(f.Type, func(list []byte, _ []*vector.Vector, _ int) vector.Member {
			var whole bool
			if all, whole = vector.Members(all[:0], t, list); !whole {
				return vector.Member{}
			}
			return all[at]
		})
	}
	return expr.Call{Name: "struct_extract", Args: []expr.Expr{of, name}, Bound: Fixed(f.Type, expr.NullResult, kernel,
		t, vector.Of(vector.Text))}
}

func sorted(out, in members) members {
	out = append(out, in...)
	slices.SortFunc(out, func(a, b vector.Member) int { return bytes.Compare(a, b) })
	return out
}

// distinctMembers keeps the first of equal members, and no NULL.
func distinctMembers(out, in members) members {
	seen := make(map[string]struct{}, len(in))
	for _, m := range in {
		if _, ok := seen[string(m)]; !ok && !m.IsNull() {
			seen[string(m)] = struct{}{}
			out = append(out, m)
		}
	}
	return out
}

func memberAt(in members, m vector.Member) int {
	return slices.IndexFunc(in, func(o vector.Member) bool { return bytes.Equal(o, m) })
}

// listSort sorts by order, 'ASC' or 'DESC', and where NULLs go, 'NULLS FIRST' or 'NULLS LAST'.
func listSort(descending bool) listOverload {
	return func(args []vector.Type) (expr.Overload, bool) {
		if len(args) == 0 || len(args) > 3 {
			return expr.Overload{}, false
		}
		t, ok := listType(args[0])
		text := vector.Of(vector.Text)
		for _, a := range args[1:] {
			ok = ok && Implicit(a, text)
		}
		if !ok {
			return expr.Overload{}, false
		}
		return Fixed(t, expr.NullIfAny, func() expr.Kernel { return sortKernel(t, descending) },
			append([]vector.Type{t}, Repeat(text, len(args)-1)...)...), true
	}
}

func sortKernel(t vector.Type, turned bool) expr.Kernel {
	var b vector.Buffer
	var rows listRows
	return func(args []*vector.Vector, n int, sel []uint16) (*vector.Vector, error) {
		return packedRows(&b, t, n, sel, func(dst []byte, i int) ([]byte, error) {
			if err := rows.read(args[:1], i); err != nil {
				return dst, err
			}
			descending, first := turned, false
			for _, v := range args[1:] {
				switch word := string(bytes.ToUpper(v.Bytes(i))); word {
				case "ASC", "DESC":
					descending = (word == "DESC") != turned
				case "NULLS FIRST", "NULLS LAST":
					first = word == "NULLS FIRST"
				default:
					return dst, sqlerr.New(sqlerr.InvalidParameterValue,
						"a list is sorted 'ASC' or 'DESC', 'NULLS FIRST' or 'NULLS LAST', not '%s'", v.Bytes(i))
				}
			}
			rows.out = sorted(rows.out[:0], rows.in[0])
			values := len(rows.out) - countNulls(rows.out)
			if descending {
				slices.Reverse(rows.out[:values])
			}
			if first {
				dst = append(dst, bytes.Join(asBytes(rows.out[values:]), nil)...)
				return vector.AppendMembers(dst, t, rows.out[:values]), nil
			}
			return vector.AppendMembers(dst, t, rows.out), nil
		})
	}
}

func asBytes(in members) [][]byte {
	out := make([][]byte, len(in))
	for i, m := range in {
		out[i] = m
	}
	return out
}

func countNulls(in members) int {
	n := 0
	for _, m := range in {
		if m.IsNull() {
			n++
		}
	}
	return n
}

// ElementOf is list[index], an index that is a BIGINT.
func ElementOf(list, index expr.Expr) expr.Expr {
	o, _ := listExtract([]vector.Type{list.Type(), index.Type()})
	return expr.Call{Name: ListExtract, Args: []expr.Expr{list, index}, Bound: o}
}

// ListOfOne is the list of a value, which may be NULL.
func ListOfOne(e expr.Expr) expr.Expr {
	o, _ := listValue([]vector.Type{e.Type()})
	return expr.Call{Name: ListValue, Args: []expr.Expr{e}, Bound: o}
}

// LengthOf is the number of a list's elements.
func LengthOf(list expr.Expr) expr.Expr {
	o, _ := listLength([]vector.Type{list.Type()})
	return expr.Call{Name: ListLength, Args: []expr.Expr{list}, Bound: o}
}

// Unnest stands for an element of a list until bind has put the rows of all in its place; it can't be computed.
func Unnest(list expr.Expr) expr.Expr {
	refuse := func([]*vector.Vector, int, []uint16) (*vector.Vector, error) {
		return nil, sqlerr.NotSupported("unnest within an aggregate, or of another query's row")
	}
	return expr.Call{Name: "unnest", Args: []expr.Expr{list}, Bound: Fixed(list.Type().Element(), expr.NullOwn,
		func() expr.Kernel { return refuse }, list.Type())}
}
