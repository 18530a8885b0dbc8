package client

import (
	"database/sql"
	"fmt"
	"math"
	"reflect"
	"strconv"
)

// assign copies a value of a row to where dest points: an error when it does not fit there.
func assign(dest, v any) error {
	if s, ok := dest.(sql.Scanner); ok {
		return s.Scan(v)
	}
	if d, ok := dest.(*any); ok {
		*d = v
		return nil
	}
	to := reflect.ValueOf(dest)
	if to.Kind() != reflect.Pointer || to.IsNil() {
		return fmt.Errorf("Scan wants a pointer, not %T", dest)
	}
	return assignTo(to.Elem(), v)
}

func assignTo(to reflect.Value, v any) error {
	if to.Kind() == reflect.Pointer {
		if v == nil {
			to.SetZero()
			return nil
		}
		to.Set(reflect.New(to.Type().Elem()))
		return assign(to.Interface(), v)
	}
	if v == nil {
		return fmt.Errorf("NULL does not fit %s: use *%s, or sql.Null", to.Type(), to.Type())
	}
	from := reflect.ValueOf(v)
	if from.Type().AssignableTo(to.Type()) {
		to.Set(from)
		return nil
	}
	var ok bool
	switch to.Kind() {
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		ok = assignSigned(to, v)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		ok = assignUnsigned(to, v)
	case reflect.Float32, reflect.Float64:
		ok = assignFloat(to, v)
	default:
		if ok = from.Kind() == to.Kind() && from.CanConvert(to.Type()); ok {
			to.Set(from.Convert(to.Type()))
		}
	}
	if !ok {
		return fmt.Errorf("%v (%T) does not fit %s", v, v, to.Type())
	}
	return nil
}

func assignSigned(to reflect.Value, v any) bool {
	var n int64
	switch v := v.(type) {
	case int64:
		n = v
	case uint64:
		if v > math.MaxInt64 {
			return false
		}
		n = int64(v)
	default:
		return false
	}
	if to.OverflowInt(n) {
		return false
	}
	to.SetInt(n)
	return true
}

func assignUnsigned(to reflect.Value, v any) bool {
	var n uint64
	switch v := v.(type) {
	case int64:
		if v < 0 {
			return false
		}
		n = uint64(v)
	case uint64:
		n = v
	default:
		return false
	}
	if to.OverflowUint(n) {
		return false
	}
	to.SetUint(n)
	return true
}

// assignFloat takes numbers and decimals: whoever asks for a float gets the nearest.
func assignFloat(to reflect.Value, v any) bool {
	var f float64
	switch v := v.(type) {
	case float64:
		f = v
	case int64:
		f = float64(v)
	case uint64:
		f = float64(v)
	case string:
		parsed, err := strconv.ParseFloat(v, 64)
		if err != nil {
			return false
		}
		f = parsed
	default:
		return false
	}
	to.SetFloat(f)
	return true
}
