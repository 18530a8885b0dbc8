package expr

import "github.com/micodb/micodb/internal/vector"

// roundInts divides rows of x by unit, half away from zero.
func roundInts(x []int64, unit int64, rows []uint16, out []int64) {
	for _, i := range rows {
		q, r := x[i]/unit, x[i]%unit
		switch {
		case r >= unit-r:
			q++
		case -r >= unit+r:
			q--
		}
		out[i] = q
	}
}

// roundWides is roundInts in 128 bits. What a NULL becomes is not looked at.
func roundWides(v *vector.Vector, unit vector.Int128, rows []uint16, out []vector.Int128) {
	one := vector.Int128Of(1)
	for _, i := range rows {
		q, r := v.Wide(int(i)).QuoRem(unit)
		switch rest, _ := unit.Sub(r); {
		case r.Hi >= 0 && r.Cmp(rest) >= 0:
			q, _ = q.Add(one)
		case r.Hi < 0:
			if rest, _ := unit.Add(r); r.Neg().Cmp(rest) >= 0 {
				q, _ = q.Sub(one)
			}
		}
		out[i] = q
	}
}
