package client

import (
	"database/sql/driver"
	"fmt"
	"math/big"
	"reflect"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// bind makes a batch of one row of the values of a statement's parameters. A value whose Go type has no counterpart in
// its parameter's type goes as it is, and the server casts it, or says that it can't.
func bind(schema *arrow.Schema, args []any) (arrow.RecordBatch, error) {
	columns := make([]arrow.Array, 0, len(args))
	defer func() {
		for _, c := range columns {
			c.Release()
		}
	}()
	fields := make([]arrow.Field, len(args))
	for i, arg := range args {
		fields[i] = schema.Field(i)
		column, err := single(fields[i].Type, arg)
		if err != nil {
			return nil, fmt.Errorf("parameter $%d: %w", i+1, err)
		}
		fields[i].Type = column.DataType()
		columns = append(columns, column)
	}
	return array.NewRecordBatch(arrow.NewSchema(fields, nil), columns, 1), nil
}

// single returns an array of one value.
func single(of arrow.DataType, arg any) (arrow.Array, error) {
	v, err := plain(arg)
	if err != nil {
		return nil, err
	}
	if of.ID() == arrow.NULL && v != nil {
		of = natural(v)
	}
	column, err := arrayOf(of, v)
	if err == nil || natural(v).ID() == of.ID() {
		return column, err
	}
	return arrayOf(natural(v), v)
}

func arrayOf(of arrow.DataType, v any) (arrow.Array, error) {
	b := array.NewBuilder(memory.DefaultAllocator, of)
	defer b.Release()
	if err := appendValue(b, v); err != nil {
		return nil, err
	}
	return b.NewArray(), nil
}

// natural is the type in which a plain value goes when nothing better is known.
func natural(v any) arrow.DataType {
	switch v.(type) {
	case bool:
		return arrow.FixedWidthTypes.Boolean
	case int64:
		return arrow.PrimitiveTypes.Int64
	case uint64:
		return arrow.PrimitiveTypes.Uint64
	case float64:
		return arrow.PrimitiveTypes.Float64
	case string, *big.Rat:
		return arrow.BinaryTypes.String
	case []byte:
		return arrow.BinaryTypes.Binary
	case time.Time:
		return arrow.FixedWidthTypes.Timestamp_us
	case time.Duration:
		return arrow.FixedWidthTypes.Time64ns
	default:
		return arrow.Null
	}
}

// plain turns a Go value into one of nil, bool, int64, uint64, float64, string, []byte, time.Time, time.Duration and
// *big.Rat.
func plain(v any) (any, error) {
	switch v := v.(type) {
	case nil, bool, int64, uint64, float64, string, time.Time, time.Duration:
		return v, nil
	case *big.Rat:
		if v == nil {
			return nil, nil //nolint:nilnil // NULL
		}
		return v, nil
	case *big.Int:
		if v == nil {
			return nil, nil //nolint:nilnil // NULL
		}
		return new(big.Rat).SetInt(v), nil
	case driver.Valuer:
		if r := reflect.ValueOf(v); r.Kind() == reflect.Pointer && r.IsNil() {
			return nil, nil //nolint:nilnil // NULL
		}
		inner, err := v.Value()
		if err != nil {
			return nil, err
		}
		return plainKind(inner)
	default:
		return plainKind(v)
	}
}

// plainKind looks at what a value is made of, whatever its type is called.
func plainKind(v any) (any, error) {
	r := reflect.ValueOf(v)
	switch r.Kind() {
	case reflect.Invalid:
		return nil, nil //nolint:nilnil // NULL
	case reflect.Bool:
		return r.Bool(), nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		if d, ok := v.(time.Duration); ok {
			return d, nil
		}
		return r.Int(), nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return r.Uint(), nil
	case reflect.Float32, reflect.Float64:
		return r.Float(), nil
	case reflect.String:
		return r.String(), nil
	case reflect.Slice:
		if r.Type().Elem().Kind() == reflect.Uint8 {
			if r.IsNil() {
				return nil, nil //nolint:nilnil // NULL
			}
			return r.Bytes(), nil
		}
	case reflect.Pointer:
		if r.IsNil() {
			return nil, nil //nolint:nilnil // NULL
		}
		return plain(r.Elem().Interface())
	default:
		if t, ok := v.(time.Time); ok {
			return t, nil
		}
	}
	return nil, fmt.Errorf("a value of Go type %T can't be sent", v)
}
