package jsonproto

import (
	"strings"

	"github.com/micodb/micodb/internal/sqlerr"
)

// typeName returns the SQL type of a name in create_table's schema.
func typeName(s string) (string, error) {
	switch t := strings.ToLower(strings.ReplaceAll(s, " ", "")); {
	case t == "int8":
		return "TINYINT", nil
	case t == "int16":
		return "SMALLINT", nil
	case t == "int32":
		return "INTEGER", nil
	case t == "int64":
		return "BIGINT", nil
	case t == "uint8":
		return "TINYINT UNSIGNED", nil
	case t == "uint16":
		return "SMALLINT UNSIGNED", nil
	case t == "uint32":
		return "INTEGER UNSIGNED", nil
	case t == "uint64":
		return "BIGINT UNSIGNED", nil
	case t == "float32":
		return "FLOAT", nil
	case t == "float64" || t == "double":
		return "DOUBLE", nil
	case t == "utf8" || t == "string":
		return "VARCHAR", nil
	case t == "boolean" || t == "bool":
		return "BOOLEAN", nil
	case t == "binary":
		return "VARBINARY", nil
	case t == "date32" || t == "date":
		return "DATE", nil
	case t == "timestampnanosecond" || t == "timestamp":
		return "TIMESTAMP(9)", nil
	case t == "timestamptz":
		return "TIMESTAMP(9) WITH TIME ZONE", nil
	case isDecimal(t):
		return strings.ToUpper(t), nil
	default:
		return "", sqlerr.New(sqlerr.UndefinedObject, "unknown column type %q", s).
			WithHint("types are int8 to int64, uint8 to uint64, float32, float64, utf8, boolean, binary, " +
				"decimal(p,s), date32, timestampnanosecond, timestamptz")
	}
}

// isDecimal tells whether t is decimal(digits) or decimal(digits,digits).
func isDecimal(t string) bool {
	inner, ok := strings.CutPrefix(t, "decimal(")
	if !ok {
		return false
	}
	if inner, ok = strings.CutSuffix(inner, ")"); !ok {
		return false
	}
	for i, part := range strings.Split(inner, ",") {
		if i > 1 || part == "" || len(part) > 2 || strings.Trim(part, "0123456789") != "" {
			return false
		}
	}
	return true
}
