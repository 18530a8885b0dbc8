package textfile

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/micodb/micodb/internal/sqlerr"
)

// found is what a sample says of a file.
type found struct {
	names   []string
	guesses []guess
}

// guess is what the values of one column may be.
type guess struct {
	values                        int
	boolean, integer, date, stamp bool
	number, quoted                bool
	zone                          bool // a timestamp has an offset
	whole, scale                  int  // the most digits before the point; the digits after it
	exact                         bool // all fractions have as many digits, and there is no exponent
}

// decimalDigitsMax is the precision of the decimals that are found.
const decimalDigitsMax = 18

func (g *guess) add(c cell) {
	if c.kind == absent {
		return
	}
	if g.values++; g.values == 1 {
		*g = guess{
			values: 1, boolean: true, integer: true, number: true, exact: true,
			date: true, stamp: true, scale: -1,
		}
	}
	g.quoted = g.quoted || c.kind == quoted
	s := strings.TrimSpace(string(c.text))
	if c.kind == nested || len(s) > 64 {
		*g = guess{values: g.values}
		return
	}
	g.boolean = g.boolean && (strings.EqualFold(s, "true") || strings.EqualFold(s, "false"))
	_, err := parseDate(s)
	g.date = g.date && err == nil
	t, err := parseTimestamp(s)
	if err == nil {
		_, err = instant(t, arrow.Nanosecond)
	}
	g.stamp = g.stamp && err == nil
	g.zone = g.zone || strings.HasSuffix(s, "Z") || len(s) > len(dateForm) && strings.ContainsAny(s[10:], "+-")
	g.addNumber(s)
}

func (g *guess) addNumber(s string) {
	_, err := parseInteger(s, 64)
	g.integer = g.integer && err == nil
	_, err = parseFloat(s, 64)
	word := strings.ContainsAny(s, "nNiI") // inf and nan are texts more often than numbers
	whole, fraction, plainly := decimalDigits(s)
	identity := plainly && len(whole) > 1 && whole[0] == '0' // 007 is no number
	g.number = g.number && err == nil && !word && !identity
	g.integer = g.integer && !identity
	g.exact = g.exact && plainly && (g.scale < 0 || g.scale == len(fraction))
	g.scale = len(fraction)
	g.whole = max(g.whole, len(whole))
}

// typed tells whether the values are something else than text.
func (g *guess) typed() bool {
	return g.values > 0 && (g.boolean || g.number || g.date || g.stamp)
}

func (g *guess) field(name string) arrow.Field {
	f := arrow.Field{Name: name, Nullable: true, Type: arrow.BinaryTypes.String}
	switch {
	case g.values == 0:
	case g.boolean:
		f.Type = arrow.FixedWidthTypes.Boolean
	case g.integer:
		f.Type = arrow.PrimitiveTypes.Int64
	case g.number && g.exact && g.scale > 0 && g.whole+g.scale < decimalDigitsMax:
		f.Type = &arrow.Decimal128Type{Precision: decimalDigitsMax, Scale: int32(g.scale)}
	case g.number:
		f.Type = arrow.PrimitiveTypes.Float64
	case g.date:
		f.Type = arrow.FixedWidthTypes.Date32
	case g.stamp && g.zone:
		f.Type = &arrow.TimestampType{Unit: arrow.Nanosecond, TimeZone: "UTC"}
	case g.stamp:
		f.Type = &arrow.TimestampType{Unit: arrow.Nanosecond}
	}
	return f
}

func (f *found) schema() *arrow.Schema {
	fields := make([]arrow.Field, len(f.names))
	for i, name := range f.names {
		g := guess{}
		if i < len(f.guesses) {
			g = f.guesses[i]
		}
		fields[i] = g.field(name)
	}
	return arrow.NewSchema(fields, nil)
}

func (f *found) add(cells []cell) {
	for len(f.guesses) < len(cells) {
		f.guesses = append(f.guesses, guess{})
	}
	for i, c := range cells {
		f.guesses[i].add(c)
	}
}

// sampled reads the sample's records; those that are wrong are met again later, and told then.
func sampled(r records, each func([]cell)) error {
	var wrong *RecordError
	for {
		cells, err := r.next()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case errors.As(err, &wrong):
		case err != nil:
			return err
		default:
			each(cells)
		}
	}
}

// sniffDelimiter takes the one that gives the most fields in the first record of all lines alike.
func sniffDelimiter(sample []byte, o Options) byte {
	best, most := byte(','), 0
	for _, d := range []byte(",;\t|") {
		r := newCSV(sample, d, o.Null)
		good, wrong := 0, 0
		for good+wrong < 100 {
			_, err := r.next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				wrong++
			} else {
				good++
			}
		}
		if score := (r.width - 1) * good / (1 + wrong*wrong); score > most {
			best, most = d, score
		}
	}
	return best
}

func newCSV(sample []byte, delimiter byte, null string) *csvRecords {
	l, _ := newLines(bufio.NewReader(bytes.NewReader(sample))) // reading memory does not fail
	return &csvRecords{lines: l, delimiter: delimiter, null: null}
}

// sniffCSV finds names and types; header tells whether the first record holds the names.
func sniffCSV(sample []byte, o Options) (f found, header bool, err error) {
	r := newCSV(sample, o.Delimiter, o.Null)
	var first []cell
	err = sampled(r, func(cells []cell) {
		if first == nil {
			for _, c := range cells {
				first = append(first, cell{text: bytes.Clone(c.text), kind: c.kind})
			}
			return
		}
		f.add(cells)
	})
	if err != nil {
		return f, false, err
	}
	header = o.Header == WithHeader || o.Header == SniffHeader && looksLikeNames(first)
	f.names = make([]string, len(first))
	for i, c := range first {
		f.names[i] = fmt.Sprintf("c%d", i+1)
		if header && len(bytes.TrimSpace(c.text)) > 0 {
			f.names[i] = string(bytes.TrimSpace(c.text))
		}
	}
	if !header {
		f.add(first)
	}
	return f, header, nil
}

func looksLikeNames(first []cell) bool {
	seen := map[string]bool{}
	for _, c := range first {
		g := guess{}
		g.add(c)
		name := strings.ToLower(string(c.text))
		if g.values == 0 || g.typed() || seen[name] {
			return false
		}
		seen[name] = true
	}
	return len(first) > 0
}

func sniffJSON(sample []byte) (found, error) {
	l, err := newLines(bufio.NewReader(bytes.NewReader(sample)))
	if err != nil {
		return found{}, err
	}
	var f found
	r := &jsonRecords{lines: l, columns: map[string]int{}, growing: true}
	err = sampled(r, f.add)
	f.names = r.names
	for i := range f.guesses {
		if f.guesses[i].quoted { // JSON tells texts from numbers; dates it writes as texts
			f.guesses[i].boolean, f.guesses[i].integer, f.guesses[i].number = false, false, false
		}
	}
	return f, err
}

func noColumns() error {
	return sqlerr.New(sqlerr.InvalidText, "the file has no record from which columns could be known").
		WithHint("look whether it is empty, or of another format")
}
