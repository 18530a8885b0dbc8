package function

import (
	"fmt"
	"math"

	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

func roundEven(r *row) (float64, error) {
	const mostDigits = 308 // of a double
	x, digits := r.float(0), r.int(1)
	unit := math.Pow10(int(min(max(digits, -digits, 0), mostDigits)))
	switch {
	case digits >= 0 && math.IsInf(x*unit, 0):
		return x, nil
	case digits >= 0:
		return math.RoundToEven(x*unit) / unit, nil
	default:
		return math.RoundToEven(x/unit) * unit, nil
	}
}

func evenOf(x float64) float64 {
	up := math.Ceil(math.Abs(x)/2) * 2
	return math.Copysign(up, x)
}

func logTo(r *row) (float64, error) {
	base, x := r.float(0), r.float(1)
	if base <= 0 || base == 1 {
		return 0, outOfDomain("log to base", base)
	}
	if x == 0 {
		return 0, outOfDomain("log", x)
	}
	switch base { // exact where the library is
	case 2:
		return inDomain("log", math.Log2(x), r)
	case 10:
		return inDomain("log", math.Log10(x), r)
	}
	return inDomain("log", math.Log2(x)/math.Log2(base), r)
}

func noRoom(name string) error {
	return sqlerr.New(sqlerr.NumericOutOfRange, "the result of %s does not fit BIGINT", name)
}

func gcd(a, b int64) (int64, error) {
	for b != 0 {
		if b == -1 { // whose remainder of the least BIGINT the processor refuses
			return 1, nil
		}
		a, b = b, a%b
	}
	if a == math.MinInt64 {
		return 0, noRoom("gcd")
	}
	return max(a, -a), nil
}

func lcm(r *row) (int64, error) {
	a, b := r.int(0), r.int(1)
	if a == 0 || b == 0 {
		return 0, nil
	}
	g, err := gcd(a, b)
	if err != nil {
		return 0, noRoom("lcm")
	}
	product, _ := vector.Int128Of(a / g).Mul(vector.Int128Of(b))
	if product.Hi < 0 {
		product = product.Neg()
	}
	out, ok := product.Int64()
	if !ok {
		return 0, noRoom("lcm")
	}
	return out, nil
}

func factorial() expr.Overload {
	const most = 33 // whose factorial has 37 digits
	result := vector.DecimalType(vector.MaxDecimalDigits, 0)
	table := [most + 1]vector.Int128{vector.Int128Of(1)}
	for i := int64(1); i <= most; i++ {
		table[i], _ = table[i-1].Mul(vector.Int128Of(i))
	}
	return Fixed(result, expr.NullIfAny, func() expr.Kernel {
		var b vector.Buffer
		return func(args []*vector.Vector, n int, sel []uint16) (*vector.Vector, error) {
			return exactRows(&b, result, rowsOf{n, sel}, func(i int) (vector.Int128, error) {
				x := args[0].Int(i)
				if x < 0 || x > most {
					return vector.Int128{}, sqlerr.New(sqlerr.NumericOutOfRange, "factorial takes 0 to %d, not %d",
						most, x)
				}
				return table[x], nil
			})
		}
	}, bigType())
}

func widthBucket(r *row) (int64, error) {
	x, lo, hi, count := r.float(0), r.float(1), r.float(2), r.int(3)
	if count < 1 || lo == hi || math.IsNaN(lo) || math.IsNaN(hi) || math.IsInf(lo, 0) || math.IsInf(hi, 0) {
		return 0, sqlerr.New(sqlerr.InvalidParameterValue, "width_bucket needs a range and a count of at least 1")
	}
	if hi < lo {
		x, lo, hi = -x, -lo, -hi
	}
	switch {
	case x < lo:
		return 0, nil
	case x >= hi || math.IsNaN(x):
		if count == math.MaxInt64 {
			return 0, noRoom("width_bucket")
		}
		return count + 1, nil
	}
	return min(int64((x-lo)/(hi-lo)*float64(count)), count-1) + 1, nil
}

func formatBytes(dst []byte, r *row) ([]byte, error) {
	const unit = 1024
	units := [...]string{"bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"}
	n := r.int(0)
	size, at := math.Abs(float64(n)), 0
	for size >= unit && at < len(units)-1 {
		size /= unit
		at++
	}
	if n < 0 {
		dst = append(dst, '-')
	}
	if at == 0 {
		return fmt.Appendf(dst, "%d bytes", int64(size)), nil
	}
	return fmt.Appendf(dst, "%.1f %s", size, units[at]), nil
}
