package memtable

import (
	"unicode/utf8"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

// BlockRows is the most rows of a block.
const BlockRows = vector.ChunkRows

// MaxBlockBytes is the most bytes of text that a block may hold in all its columns, far below the 2 GiB that
// the offsets of one column can tell apart.
const MaxBlockBytes = 1 << 30

// Range is a run of addresses within one block.
type Range struct {
	Block catalog.BlockID
	First uint32
	Count uint32
}

// Tail is where the next row of a table goes. The sequencer keeps one and places commits with it before they
// are published. The same chunks placed on the same Tail give the same addresses, given the same new ids.
type Tail struct {
	Block catalog.BlockID
	Used  uint32 // rows
	Bytes int64  // of text
}

// Place gives addresses to the chosen rows of a chunk that Check has accepted. Each block that begins takes
// an id from newBlock.
func (t *Tail) Place(rows *vector.Chunk, newBlock func() catalog.BlockID) []Range {
	n, size := uint32(rows.Count()), TextBytes(rows)
	if n == 0 {
		return nil
	}
	if t.Block == 0 || t.Used == BlockRows || t.Bytes+size > MaxBlockBytes {
		*t = Tail{Block: newBlock()}
	}
	first := min(n, BlockRows-t.Used)
	ranges := []Range{{Block: t.Block, First: t.Used, Count: first}}
	t.Used, t.Bytes = t.Used+first, t.Bytes+size
	if rest := n - first; rest > 0 {
		*t = Tail{Block: newBlock(), Used: rest, Bytes: size}
		ranges = append(ranges, Range{Block: t.Block, Count: rest})
	}
	return ranges
}

// Check tells whether a chunk may be appended: its columns have the types of the table's, NULL comes only
// where it may (23502), every value fits its type (22003) and its column's length (22001), and the texts fit a block
// (54000).
func Check(columns []catalog.Column, rows *vector.Chunk) error {
	if len(rows.Columns) != len(columns) {
		return sqlerr.New(sqlerr.InternalError, "%d columns of rows for a table of %d", len(rows.Columns), len(columns))
	}
	for i := range columns {
		if err := checkColumn(&columns[i], rows.Columns[i], rows.Sel); err != nil {
			return err
		}
	}
	if size := TextBytes(rows); size > MaxBlockBytes {
		return sqlerr.New(sqlerr.ProgramLimitExceeded,
			"%d rows hold %d MiB of text, more than %d MiB at once", rows.Count(), size>>20, MaxBlockBytes>>20).
			WithHint("insert fewer rows at a time")
	}
	return nil
}

func checkColumn(c *catalog.Column, v *vector.Vector, sel []uint16) error {
	fits := v.Physical == c.Type.Physical() || c.Type.Physical() == vector.Wide && v.Physical == vector.Integer
	if !fits || !v.Type.Equal(c.Type) {
		return sqlerr.New(sqlerr.InternalError, "a vector of %s for column %q of %s", v.Type, c.Name, c.Type)
	}
	if v.Len == 0 {
		return nil
	}
	if sel == nil {
		sel = vector.All(v.Len)
	}
	if c.NotNull && v.Valid != nil {
		for _, i := range sel {
			if v.IsNull(int(i)) {
				return sqlerr.New(sqlerr.NotNullViolation, "NULL for column %q, which is NOT NULL", c.Name)
			}
		}
	}
	switch v.Physical {
	case vector.Integer, vector.Wide:
		return checkRange(c, v, sel)
	case vector.Bytes:
		if c.Type.Kind == vector.UUID {
			return checkUUID(c, v, sel)
		}
		return checkLength(c, v, sel)
	default:
	}
	return nil
}

func checkRange(c *catalog.Column, v *vector.Vector, sel []uint16) error {
	lo, hi := limits(c.Type)
	if v.Physical == vector.Integer && vector.Int128Of(v.Lo).Cmp(lo) >= 0 && vector.Int128Of(v.Hi).Cmp(hi) <= 0 {
		return nil
	}
	for _, i := range sel {
		if x := v.Wide(int(i)); !v.IsNull(int(i)) && (x.Cmp(lo) < 0 || x.Cmp(hi) > 0) {
			return sqlerr.New(sqlerr.NumericOutOfRange, "a value does not fit column %q of type %s", c.Name, c.Type)
		}
	}
	return nil
}

func checkUUID(c *catalog.Column, v *vector.Vector, sel []uint16) error {
	for _, i := range sel {
		if n := len(v.Bytes(int(i))); n != 16 && !v.IsNull(int(i)) {
			return sqlerr.New(sqlerr.InvalidText, "%d bytes for column %q: a UUID has 16", n, c.Name)
		}
	}
	return nil
}

// checkLength counts characters only where there are more bytes than characters may be.
func checkLength(c *catalog.Column, v *vector.Vector, sel []uint16) error {
	if c.Length == 0 {
		return nil
	}
	for _, i := range sel {
		if v.IsNull(int(i)) {
			continue
		}
		n, unit := len(v.Bytes(int(i))), "bytes"
		if n > c.Length && c.Type.Kind == vector.Text {
			n, unit = utf8.RuneCount(v.Bytes(int(i))), "characters"
		}
		if n > c.Length {
			return sqlerr.New(sqlerr.StringTooLong, "a value of %d %s for column %q of type %s", n, unit, c.Name,
				c.TypeName()).WithHint("shorten it, or cast it to %s, which cuts it off", c.TypeName())
		}
	}
	return nil
}

// limits returns what a column may hold: what its type allows and a segment can store. A TIME ends with its
// day; TIMESTAMP(0) lies in the file as milliseconds.
func limits(t vector.Type) (lo, hi vector.Int128) {
	switch {
	case t.Kind == vector.Timestamp && t.Precision == 0:
		return vector.Int128Of(vector.MinInt / 1000), vector.Int128Of(vector.MaxInt / 1000)
	case t.Kind == vector.Time:
		day := int64(24 * 60 * 60)
		for range t.Precision {
			day *= 10
		}
		return vector.Int128{}, vector.Int128Of(day)
	case t.Kind == vector.UInt64:
		return vector.Int128{}, vector.Int128{Lo: ^uint64(0)}
	case t.Kind == vector.Decimal && t.Precision > 18:
		top := vector.Int128Of(1)
		for range t.Precision {
			top = times10(top)
		}
		top, _ = top.Add(vector.Int128Of(-1))
		return top.Neg(), top
	default:
		l, h := t.Limits()
		return vector.Int128Of(l), vector.Int128Of(h)
	}
}

func times10(x vector.Int128) vector.Int128 {
	double, _ := x.Add(x)
	four, _ := double.Add(double)
	eight, _ := four.Add(four)
	ten, _ := eight.Add(double)
	return ten
}

// TextBytes returns the bytes of the chosen texts, written out.
func TextBytes(rows *vector.Chunk) int64 {
	var size int64
	for _, v := range rows.Columns {
		if v.Physical != vector.Bytes {
			continue
		}
		if rows.Sel == nil && v.Encoding == vector.Flat && v.Valid == nil {
			size += int64(v.Offsets[v.Len] - v.Offsets[0])
			continue
		}
		for _, i := range chosen(rows) {
			if !v.IsNull(int(i)) {
				size += int64(len(v.Bytes(int(i))))
			}
		}
	}
	return size
}

func chosen(rows *vector.Chunk) []uint16 {
	if rows.Sel != nil {
		return rows.Sel
	}
	return vector.All(rows.Len)
}
