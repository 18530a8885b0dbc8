package vector

import "fmt"

// Check returns what is wrong with a vector of n rows, if anything: its length, bounds that a chosen value leaves
// (sel nil: all rows), codes outside a dictionary, NULLs that have the code of a value. Tests call it on what
// operators hand out; bounds are proven, never estimated, and a wrong one would cut off keys silently.
func Check(v *Vector, n int, sel []uint16) error {
	if v.Len != n {
		return fmt.Errorf("a vector of %s has %d rows, its chunk %d", v.Type, v.Len, n)
	}
	if v.Valid != nil && len(v.Valid) < (n+63)/64 {
		return fmt.Errorf("the validity of %d rows has %d words", n, len(v.Valid))
	}
	if sel == nil {
		sel = All(n)
	}
	for _, r := range sel {
		i := int(r)
		switch {
		case i >= n:
			return fmt.Errorf("row %d of %d is chosen", i, n)
		case v.Physical == Integer:
			if err := v.checkInt(i); err != nil {
				return err
			}
		case v.Physical == Bytes && v.Encoding == Dict:
			if err := v.checkCode(i); err != nil {
				return err
			}
		}
	}
	return nil
}

func (v *Vector) checkInt(i int) error {
	x := v.Int(i)
	inside := x >= v.Lo && x <= v.Hi
	switch {
	case !v.IsNull(i) && !inside:
		return fmt.Errorf("row %d of a vector of %s is %d, outside [%d, %d]", i, v.Type, x, v.Lo, v.Hi)
	case v.IsNull(i) && inside && v.Encoding == Frame && v.NullCode:
		return fmt.Errorf("row %d of a vector of %s is NULL with the code of a value", i, v.Type)
	default:
		return nil
	}
}

func (v *Vector) checkCode(i int) error {
	code, n := v.CodeAt(i), int64(len(v.Dictionary.Values))
	if code < 0 || code > n || v.IsNull(i) != (code == n) {
		return fmt.Errorf("row %d has code %d of a dictionary of %d values; NULL is %t", i, code, n, v.IsNull(i))
	}
	return nil
}
