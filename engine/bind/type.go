package bind

import (
	"maps"
	"slices"
	"strings"

	"github.com/micodb/micodb/engine/parser/ast"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

// typeOf reads a type's name, but for its length. TIME and TIMESTAMP have nanoseconds unless they say less.
func typeOf(n ast.TypeName) (vector.Type, error) {
	switch {
	case n.List != nil:
		element, err := typeOf(*n.List)
		return vector.ListOf(element), err
	case len(n.Members) > 0:
		return structType(n)
	}
	name, unsigned := strings.CutSuffix(n.Name, " UNSIGNED")
	kind, ok := typeNames[name]
	if !ok {
		e := sqlerr.New(sqlerr.UndefinedObject, "type %s does not exist", n.Name)
		return vector.Type{}, at(suggest(e, n.Name, slices.Sorted(maps.Keys(typeNames))), n)
	}
	t := vector.Of(kind)
	switch {
	case unsigned && kind >= vector.Int8 && kind <= vector.Int64:
		t = vector.Of(kind + vector.UInt8 - vector.Int8)
	case unsigned:
		return t, fail(n, sqlerr.SyntaxError, "%s can't be UNSIGNED", name)
	case kind == vector.Decimal:
		return decimalType(n)
	case kind == vector.Float32 && len(n.Args) == 1 && n.Args[0] > 24:
		t = vector.Of(vector.Float64)
	case kind == vector.Time || kind == vector.Timestamp:
		return timeType(n, t)
	}
	return t, nil
}

// lengthOf reads the length of VARCHAR(n), VARBINARY(n) and their other names: 0 is none.
func lengthOf(n ast.TypeName, t vector.Type) (int, error) {
	if len(n.Args) == 0 || t.Kind != vector.Text && t.Kind != vector.Binary {
		return 0, nil
	}
	const most = 1 << 30
	if n.Args[0] < 1 || n.Args[0] > most {
		return 0, fail(n, sqlerr.InvalidParameterValue, "%s(%d) does not exist: its length is from 1 to %d",
			n.Name, n.Args[0], most)
	}
	return n.Args[0], nil
}

func decimalType(n ast.TypeName) (vector.Type, error) {
	if len(n.Args) == 0 {
		return vector.Of(vector.Decimal), nil
	}
	precision, scale := n.Args[0], 0
	if len(n.Args) > 1 {
		scale = n.Args[1]
	}
	if precision < 1 || precision > vector.MaxDecimalDigits || scale < 0 || scale > precision {
		return vector.Type{}, fail(n, sqlerr.InvalidParameterValue,
			"DECIMAL(%d,%d) does not exist: it has 1 to %d digits, of which 0 to all stand after the point",
			precision, scale, vector.MaxDecimalDigits)
	}
	return vector.DecimalType(precision, scale), nil
}

// timeType rounds the number of fractional digits up to one of 0, 3, 6, 9.
func timeType(n ast.TypeName, t vector.Type) (vector.Type, error) {
	t.Zone = strings.HasSuffix(n.Name, "TZ") || strings.HasSuffix(n.Name, "WITH TIME ZONE")
	if t.Zone && t.Kind == vector.Time {
		return t, unsupported("TIME WITH TIME ZONE", n)
	}
	digits, ok := map[string]int{"TIMESTAMP_S": 0, "TIMESTAMP_MS": 3, "TIMESTAMP_US": 6, "TIMESTAMP_NS": 9}[n.Name]
	if !ok {
		digits = 9
	}
	if len(n.Args) > 0 {
		digits = n.Args[0]
	}
	if digits < 0 || digits > 9 {
		return t, fail(n, sqlerr.InvalidParameterValue, "%s(%d) does not exist: it has 0 to 9 digits", n.Name, digits)
	}
	t.Precision = uint8((digits + 2) / 3 * 3)
	return t, nil
}
