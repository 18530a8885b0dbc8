package function

import (
	"slices"

	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/internal/vector"
)

// listEntry documents one function of lists; names are its name and its aliases, separated by blanks.
func listEntry(names, arguments string, d doc, o listOverload) Entry {
	name, aliases := cutNames(names)
	return Entry{
		Name: name, Aliases: aliases, Family: "list", Signature: name + arguments, Help: d.help, Example: d.example,
		Gives: d.gives, Resolve: resolveList(name, o),
	}
}

// listFunctions make lists, and take them apart.
func listFunctions() []Entry {
	return []Entry{
		listEntry(ListValue+" list_pack", "(value, …) → LIST",
			shown("Makes a list of its arguments.", "list_value(1, 2, 3)", "[1, 2, 3]"), listValue),
		listEntry(ListLength+" len length cardinality list_length", "(list) → BIGINT",
			shown("Counts the elements.", "len([1, 2, NULL])", "3"), listLength),
		listEntry(ListExtract+" list_element array_extract", "(list, index) → its element",
			shown("The element at an index from 1, below 0 from the end; NULL outside.", "list_extract([1, 2, 3], -1)",
				"3"), listExtract),
		listEntry(ListSlice+" array_slice", "(list, from, to) → LIST",
			shown("The elements from one index to another, both included, below 0 from the end.",
				"list_slice([1, 2, 3, 4], 2, -1)", "[2, 3, 4]"), listSlice),
		listEntry("list_contains array_contains list_has array_has contains", "(list, value) → BOOLEAN",
			shown("Whether a value is an element.", "list_contains([1, 2, 3], 2)", "true"), listContains),
		listEntry("list_position array_position list_indexof", "(list, value) → BIGINT",
			shown("The index of the first element that is the value, from 1; NULL when none is.",
				"list_position([5, 6, 7], 6)", "2"), listPosition),
		listEntry("list_concat list_cat array_concat array_cat", "(list, list) → LIST",
			shown("The elements of both; NULL has none.", "list_concat([1], [2, 3])", "[1, 2, 3]"),
			listOfLists(2, expr.NullNever, joined)),
		listEntry(Concat, "(list, list) → LIST", shown("The elements of both.", "[1] || [2, 3]", "[1, 2, 3]"),
			listOfLists(2, expr.NullIfAny, joined)),
		listEntry("list_append array_append array_push_back", "(list, value) → LIST",
			shown("A list and a value behind it; NULL has no elements.", "list_append([1, 2], 3)", "[1, 2, 3]"),
			listAdd(false)),
		listEntry("list_prepend array_prepend", "(value, list) → LIST",
			shown("A list and a value before it; NULL has no elements.", "list_prepend(1, [2, 3])", "[1, 2, 3]"),
			listAdd(true)),
		listEntry("list_sort array_sort", "(list [, 'ASC' or 'DESC' [, 'NULLS FIRST']]) → LIST",
			shown("The elements in order, NULLs last unless they are to be first.", "list_sort([3, 1, 2], 'DESC')",
				"[3, 2, 1]"), listSort(false)),
		listEntry("list_reverse_sort array_reverse_sort", "(list) → LIST",
			shown("The elements in falling order, NULLs last.", "list_reverse_sort([3, 1, NULL])", "[3, 1, NULL]"),
			listSort(true)),
		listEntry("list_reverse array_reverse reverse", "(list) → LIST",
			shown("The elements from the last to the first.", "list_reverse([1, 2, 3])", "[3, 2, 1]"),
			listOfLists(1, expr.NullIfAny, func(out members, in []members) members {
				out = append(out, in[0]...)
				slices.Reverse(out)
				return out
			})),
		listEntry("flatten", "(list of lists) → LIST",
			shown("The elements of the elements.", "flatten([[1], [2, 3]])", "[1, 2, 3]"), flatten),
		listEntry("range", "([start,] stop [, step]) → BIGINT[]",
			shown("The numbers from start, else 0, to below stop.", "range(1, 4)", "[1, 2, 3]"), listRange(false)),
		listEntry("generate_series", "([start,] stop [, step]) → BIGINT[]",
			shown("The numbers from start, else 0, up to stop.", "generate_series(1, 3)", "[1, 2, 3]"),
			listRange(true)),
	}
}

// listSets see lists as sets of their elements.
func listSets() []Entry {
	return []Entry{
		listEntry("list_distinct array_distinct", "(list) → LIST",
			shown("Each different element once, in the order in which they come first, without NULLs.",
				"list_distinct([2, 1, 2, NULL])", "[2, 1]"),
			listOfLists(1, expr.NullIfAny, func(out members, in []members) members {
				return distinctMembers(out, in[0])
			})),
		listEntry("list_unique array_unique", "(list) → BIGINT",
			shown("Counts the different elements but NULL.", "list_unique([2, 1, 2, NULL])", "2"), listUnique),
		listEntry("list_intersect array_intersect", "(list, list) → LIST",
			shown("Each different element of the first list that is one of the second.",
				"list_intersect([1, 2, 3], [2, 3, 4])", "[2, 3]"),
			listOfLists(2, expr.NullIfAny, func(out members, in []members) members {
				out = distinctMembers(out, in[0])
				return slices.DeleteFunc(out, func(m vector.Member) bool { return memberAt(in[1], m) < 0 })
			})),
		listEntry("list_has_any array_has_any", "(list, list) → BOOLEAN",
			shown("Whether two lists share an element but NULL.", "list_has_any([1, 2], [2, 3])", "true"),
			listPair(func(a, b members) bool {
				return slices.ContainsFunc(a, func(m vector.Member) bool { return !m.IsNull() && memberAt(b, m) >= 0 })
			})),
		listEntry("list_has_all array_has_all", "(list, list) → BOOLEAN",
			shown("Whether each element of the second but NULL is one of the first.", "list_has_all([1, 2, 3], [3, 1])",
				"true"),
			listPair(func(a, b members) bool {
				return !slices.ContainsFunc(b, func(m vector.Member) bool { return !m.IsNull() && memberAt(a, m) < 0 })
			})),
	}
}

func joined(out members, in []members) members { return append(append(out, in[0]...), in[1]...) }

// withElement is an overload of a list and one that may be its element.
func withElement(result func(list vector.Type) vector.Type, null expr.NullRule,
	kernel func(list vector.Type) expr.Kernel,
) listOverload {
	return func(args []vector.Type) (expr.Overload, bool) {
		if len(args) != 2 {
			return expr.Overload{}, false
		}
		t, element, ok := listAndElement(args[0], args[1])
		if !ok {
			return expr.Overload{}, false
		}
		return Fixed(result(t), null, func() expr.Kernel { return kernel(t) }, t, element), true
	}
}

func listContains(args []vector.Type) (expr.Overload, bool) {
	if len(args) > 0 && args[0].Kind != vector.List {
		return expr.Overload{}, false
	}
	boolean := vector.Of(vector.Boolean)
	return withElement(func(vector.Type) vector.Type { return boolean }, expr.NullIfAny, func(vector.Type) expr.Kernel {
		return listInts(boolean, 1, func(in []members, m vector.Member) (int64, bool) {
			return vector.BoolOf(memberAt(in[0], m) >= 0).Int, true
		})
	})(args)
}

func listPosition(args []vector.Type) (expr.Overload, bool) {
	big := vector.Of(vector.Int64)
	return withElement(func(vector.Type) vector.Type { return big }, expr.NullResult, func(vector.Type) expr.Kernel {
		return listInts(big, 1, func(in []members, m vector.Member) (int64, bool) {
			at := memberAt(in[0], m)
			return int64(at) + 1, at >= 0
		})
	})(args)
}

func listUnique(args []vector.Type) (expr.Overload, bool) {
	if len(args) != 1 || args[0].Kind != vector.List {
		return expr.Overload{}, false
	}
	big := vector.Of(vector.Int64)
	return Fixed(big, expr.NullIfAny, func() expr.Kernel {
		var scratch members
		return listInts(big, 1, func(in []members, _ vector.Member) (int64, bool) {
			scratch = distinctMembers(scratch[:0], in[0])
			return int64(len(scratch)), true
		})
	}, args[0]), true
}

func listPair(f func(a, b members) bool) listOverload {
	boolean := vector.Of(vector.Boolean)
	return func(args []vector.Type) (expr.Overload, bool) {
		if len(args) != 2 || args[0].Kind != vector.List {
			return expr.Overload{}, false
		}
		t, ok := Common(args[0], args[1])
		if !ok || t.Kind != vector.List {
			return expr.Overload{}, false
		}
		return Fixed(boolean, expr.NullIfAny, func() expr.Kernel {
			return listInts(boolean, 2, func(in []members, _ vector.Member) (int64, bool) {
				return vector.BoolOf(f(in[0], in[1])).Int, true
			})
		}, t, t), true
	}
}

// listAdd puts a value behind a list, or before it; the value then stands first among the arguments.
func listAdd(before bool) listOverload {
	return func(args []vector.Type) (expr.Overload, bool) {
		if len(args) != 2 {
			return expr.Overload{}, false
		}
		list, one := 0, 1
		if before {
			list, one = 1, 0
		}
		t, element, ok := listAndElement(args[list], args[one])
		if !ok {
			return expr.Overload{}, false
		}
		types := []vector.Type{t, element}
		if before {
			types = []vector.Type{element, t}
		}
		return Fixed(t, expr.NullNever, func() expr.Kernel {
			var b vector.Buffer
			return func(args []*vector.Vector, n int, sel []uint16) (*vector.Vector, error) {
				return packedRows(&b, t, n, sel, func(dst []byte, i int) ([]byte, error) {
					if before {
						dst = vector.AppendMember(dst, args[one], i)
					}
					if p := args[list].Bytes(i); !args[list].IsNull(i) && len(p) > 0 {
						dst = append(dst, p[:len(p)-1]...) // without its end
					}
					if !before {
						dst = vector.AppendMember(dst, args[one], i)
					}
					return vector.EndList(dst), nil
				})
			}
		}, types...), true
	}
}

func flatten(args []vector.Type) (expr.Overload, bool) {
	if len(args) != 1 || args[0].Kind != vector.List {
		return expr.Overload{}, false
	}
	outer := args[0]
	t, ok := listType(outer.Element())
	if !ok {
		return expr.Overload{}, false
	}
	outer = vector.ListOf(t)
	return Fixed(t, expr.NullIfAny, func() expr.Kernel {
		var b vector.Buffer
		var rows listRows
		return func(args []*vector.Vector, n int, sel []uint16) (*vector.Vector, error) {
			return packedRows(&b, t, n, sel, func(dst []byte, i int) ([]byte, error) {
				if err := rows.read(args, i); err != nil {
					return dst, err
				}
				for _, m := range rows.in[0] {
					if !m.IsNull() {
						dst = append(dst, m[1:len(m)-1]...)
					}
				}
				return vector.EndList(dst), nil
			})
		}
	}, outer), true
}
