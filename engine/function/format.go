package function

import (
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

// formats write values into a text.
func formats() []Entry {
	return []Entry{
		{
			Name: "printf", Family: "text", Signature: "printf(format, value, …) → VARCHAR",
			Help: "The format with values in the places of %d, %i, %x, %X, %o, %c, %f, %e, %g, %s and %%, with the " +
				"flags, widths and precisions of C.",
			Example: "printf('%s: %05.1f %%', 'cpu', 7.25)", Gives: "cpu: 007.2 %", Resolve: resolveFormat("printf",
				printf),
		},
		{
			Name: "format", Family: "text", Signature: "format(format, value, …) or format(number, digits) → VARCHAR",
			Help: "The format with values in the places of {}, {0} or {:spec}, a spec as in Python; {{ is a brace. " +
				"Of a number: with commas between thousands, and so many digits after the point.",
			Example: "format('{}, {:>4}|{:.2f}', 'a', 7, 1.005)", Gives: "a,    7|1.00", Resolve: resolveFormatOrNumber,
		},
	}
}

func resolveFormat(
	name string, f textRow,
) func(args []vector.Type) (expr.Overload, error) {
	return func(args []vector.Type) (expr.Overload, error) {
		const most = 1 << 10
		of, ok := castable(args)
		if !ok || len(args) == 0 || len(args) > most || of[0].Kind != vector.Text {
			return expr.Overload{}, NoOverload(name, args)
		}
		return toText(f, of...), nil
	}
}

func resolveFormatOrNumber(args []vector.Type) (expr.Overload, error) {
	if len(args) == 2 && args[0].IsNumeric() && (args[1].IsInteger() || args[1].Kind == vector.Unknown) {
		return toText(thousands, doubleType(), bigType()), nil
	}
	return resolveFormat("format", braces)(args)
}

// thousands is MySQL's FORMAT.
func thousands(dst []byte, r *row) ([]byte, error) {
	const most = 30
	digits := strconv.FormatFloat(r.float(0), 'f', int(min(max(r.int(1), 0), most)), 64)
	return append(dst, grouped(digits)...), nil
}

// grouped puts commas between thousands.
func grouped(number string) string {
	sign := ""
	if strings.HasPrefix(number, "-") {
		sign, number = "-", number[1:]
	}
	whole, fraction, point := strings.Cut(number, ".")
	const group = 3
	if strings.Trim(whole, "0123456789") != "" {
		return sign + number
	}
	for at := len(whole) - group; at > 0; at -= group {
		whole = whole[:at] + "," + whole[at:]
	}
	if point {
		whole += "." + fraction
	}
	return sign + whole
}

// spec is how one value is written.
type spec struct {
	left, center, aligned               bool // aligned: as the spec says
	plus, blank, zero, alternate, group bool
	textsLeft                           bool // texts that are not aligned stand to the left
	fill                                rune
	width, precision                    int // precision -1: none
	verb                                byte
}

// maxFormatWidth bounds widths and precisions.
const maxFormatWidth = 1 << 16

func badFormat(format []byte, why string) error {
	return sqlerr.New(sqlerr.InvalidParameterValue, "the format %s %s", shortText(format), why)
}

// printf writes C's conversions; lengths (l, ll, h) mean nothing.
func printf(dst []byte, r *row) ([]byte, error) {
	format := r.text(0)
	next := 1
	for i := 0; i < len(format); i++ {
		if format[i] != '%' {
			dst = append(dst, format[i])
			continue
		}
		if i++; i < len(format) && format[i] == '%' {
			dst = append(dst, '%')
			continue
		}
		s := spec{precision: -1, fill: ' '}
		i = s.flags(format, i)
		i, s.width = readDigits(format, i, 0)
		if i < len(format) && format[i] == '.' {
			i, s.precision = readDigits(format, i+1, 0)
		}
		for i < len(format) && strings.IndexByte("lhqjzt", format[i]) >= 0 {
			i++
		}
		if i >= len(format) || strings.IndexByte("diuxXocfFeEgGs", format[i]) < 0 {
			return dst, badFormat(format, "has a % before no conversion")
		}
		if !r.has(next) {
			return dst, badFormat(format, "takes more values than there are")
		}
		s.verb = format[i]
		var err error
		if dst, err = s.write(dst, r, next, format); err != nil {
			return dst, err
		}
		next++
	}
	return dst, nil
}

func (s *spec) flags(format []byte, i int) int {
	for ; i < len(format); i++ {
		switch format[i] {
		case '-':
			s.left = true
		case '+':
			s.plus = true
		case ' ':
			s.blank = true
		case '0':
			s.zero = true
		case '#':
			s.alternate = true
		case ',', '\'':
			s.group = true
		default:
			return i
		}
	}
	return i
}

// readDigits reads a number, of which a number beyond the limit is the limit.
func readDigits(format []byte, i, none int) (next, n int) {
	from := i
	for ; i < len(format) && format[i] >= '0' && format[i] <= '9'; i++ {
		n = min(n*10+int(format[i]-'0'), maxFormatWidth)
	}
	if i == from {
		return i, none
	}
	return i, n
}

// braces writes the replacement fields of Python and of the fmt library: {}, {2}, {:*^+10.3f}.
func braces(dst []byte, r *row) ([]byte, error) {
	format := r.text(0)
	next := 1
	for i := 0; i < len(format); i++ {
		c := format[i]
		switch {
		case (c == '{' || c == '}') && i+1 < len(format) && format[i+1] == c:
			i++
			dst = append(dst, c)
			continue
		case c == '}':
			return dst, badFormat(format, "has a } without {")
		case c != '{':
			dst = append(dst, c)
			continue
		}
		s := spec{precision: -1, fill: ' ', textsLeft: true}
		at, which := readDigits(format, i+1, -1)
		if which < 0 {
			which = next - 1
			next++
		}
		if at < len(format) && format[at] == ':' {
			at = s.field(format, at+1)
		}
		if at >= len(format) || format[at] != '}' {
			return dst, badFormat(format, "has a { that is not closed, or a spec that is none")
		}
		if !r.has(which + 1) {
			return dst, badFormat(format, "takes more values than there are")
		}
		var err error
		if dst, err = s.write(dst, r, which+1, format); err != nil {
			return dst, err
		}
		i = at
	}
	return dst, nil
}

// field reads [[fill]align][sign][#][0][width][,][.precision][type].
func (s *spec) field(format []byte, i int) int {
	c, size := utf8.DecodeRune(format[i:])
	switch {
	case i+size < len(format) && strings.IndexByte("<>^", format[i+size]) >= 0 && c != '{' && c != '}':
		s.fill = c
		i = s.align(format[i+size], i+size)
	case size > 0 && strings.ContainsRune("<>^", c):
		i = s.align(byte(c), i)
	}
	if i < len(format) && (format[i] == '+' || format[i] == '-' || format[i] == ' ') {
		s.plus, s.blank = format[i] == '+', format[i] == ' '
		i++
	}
	if i < len(format) && format[i] == '#' {
		s.alternate = true
		i++
	}
	if i < len(format) && format[i] == '0' {
		s.zero = true
		i++
	}
	i, s.width = readDigits(format, i, 0)
	if i < len(format) && (format[i] == ',' || format[i] == '_') {
		s.group = true
		i++
	}
	if i < len(format) && format[i] == '.' {
		i, s.precision = readDigits(format, i+1, 0)
	}
	if i < len(format) && strings.IndexByte("dxXobcfFeEgGs", format[i]) >= 0 {
		s.verb = format[i]
		i++
	}
	return i
}

func (s *spec) align(c byte, i int) int {
	s.left, s.center, s.aligned = c == '<', c == '^', true
	return i + 1
}

// write appends argument k as the spec says; a NULL is an empty text.
func (s *spec) write(dst []byte, r *row, k int, format []byte) ([]byte, error) {
	t := r.args[k].Type
	var body string
	switch verb := s.verb; {
	case verb == 's' || verb == 0 && !t.IsNumeric():
		text, err := r.written(nil, k)
		if err != nil {
			return dst, err
		}
		body = string(text)
		if s.precision >= 0 {
			body = string(text[:offset(text, int64(s.precision))])
		}
		s.left, s.zero = s.left || s.textsLeft && !s.aligned, false
	case !t.IsNumeric() && t.Kind != vector.Boolean:
		return dst, badFormat(format, "writes a "+t.String()+" as a number")
	case verb == 0 && s.precision < 0 && !isFloat(t):
		text, err := r.written(nil, k)
		if err != nil {
			return dst, err
		}
		body = string(text)
	case verb == 0 || strings.IndexByte("fFeEgG", verb) >= 0:
		body = s.float(r.float64(k))
	default:
		whole, err := expr.CastScalar(r.scalar(k), vector.Of(vector.Int64))
		if err != nil {
			return dst, err
		}
		body = s.whole(whole.Int)
	}
	return s.padded(dst, body, t.IsNumeric()), nil
}

// scalar returns an argument's value with its type.
func (r *row) scalar(k int) vector.Scalar {
	s := r.args[k].ScalarAt(r.at)
	s.Type = r.args[k].Type
	return s
}

// float64 returns any number as a DOUBLE.
func (r *row) float64(k int) float64 {
	f, err := expr.CastScalar(r.scalar(k), doubleType())
	if err != nil {
		return math.NaN()
	}
	return f.Float
}

func (s *spec) float(x float64) string {
	precision, verb := s.precision, s.verb
	const usual = 6
	switch {
	case verb == 0 && precision < 0:
		return strconv.FormatFloat(x, 'g', -1, 64)
	case verb == 0:
		verb = 'g'
	case precision < 0:
		precision = usual
	}
	if verb == 'g' || verb == 'G' {
		precision = max(precision, 1)
	}
	if verb == 'F' {
		verb = 'f'
	}
	return strconv.FormatFloat(x, verb, precision, 64)
}

func (s *spec) whole(x int64) string {
	switch s.verb {
	case 'x':
		return s.radix(x, 16, "0x")
	case 'X':
		return strings.ToUpper(s.radix(x, 16, "0x"))
	case 'o':
		return s.radix(x, 8, "0")
	case 'b':
		return s.radix(x, 2, "0b")
	case 'c':
		return string(rune(x))
	default:
		return strconv.FormatInt(x, 10)
	}
}

func (s *spec) radix(x int64, base int, prefix string) string {
	digits := strconv.FormatUint(uint64(x), base)
	if s.alternate {
		digits = prefix + digits
	}
	return digits
}

// padded appends a body with its sign, its groups and its width.
func (s *spec) padded(dst []byte, body string, isNumber bool) []byte {
	if isNumber && s.verb != 's' && s.verb != 'c' {
		if s.group {
			body = grouped(body)
		}
		switch {
		case strings.HasPrefix(body, "-"):
		case s.plus:
			body = "+" + body
		case s.blank:
			body = " " + body
		}
	}
	missing := s.width - utf8.RuneCountInString(body)
	switch {
	case missing <= 0:
		return append(dst, body...)
	case s.center:
		dst = append(dst, strings.Repeat(string(s.fill), missing/2)...)
		dst = append(dst, body...)
		return append(dst, strings.Repeat(string(s.fill), missing-missing/2)...)
	case s.left:
		dst = append(dst, body...)
		return append(dst, strings.Repeat(string(s.fill), missing)...)
	case s.zero && isNumber:
		digits := strings.TrimLeft(body, "+- ")
		dst = append(dst, body[:len(body)-len(digits)]...)
		return append(append(dst, strings.Repeat("0", missing)...), digits...)
	}
	return append(append(dst, strings.Repeat(string(s.fill), missing)...), body...)
}
