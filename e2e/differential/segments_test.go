package differential_test

import (
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/e2e/toolchain"
	"github.com/micodb/micodb/internal/parquetfile"
	"github.com/micodb/micodb/internal/vector"
)

// edges is a column with its row groups; nil is NULL. A row group's last value fills it up to the length of the others.
type edges struct {
	of     vector.Type
	groups [][]any
}

// between are the row groups of a type whose least and greatest values are known, and some in between.
func between(of vector.Type, least, greatest any, some ...any) edges {
	return edges{of, [][]any{
		some,
		{least},
		{greatest},
		{nil},
		{least, nil, greatest},
		append([]any{nil}, some...),
		{some[0], least},
		{greatest, some[0]},
		{some[0]},
		{nil, some[len(some)-1]},
	}}
}

func edgeColumns() []edges {
	top := func(digits int) (least, greatest vector.Int128) {
		greatest, _ = vector.PowerOfTen(digits).Add(vector.Int128Of(-1))
		return greatest.Neg(), greatest
	}
	var all []edges
	for k := vector.Int8; k <= vector.UInt32; k++ {
		of := vector.Of(k)
		lo, hi := of.Limits()
		all = append(all, between(of, lo, hi, int64(0), int64(1), lo+1, hi-1))
	}
	of := vector.Of(vector.UInt64)
	all = append(all, between(of, vector.Int128{}, vector.Int128{Lo: math.MaxUint64}, vector.Int128{Lo: 1 << 63},
		vector.Int128Of(1), vector.Int128{Lo: 1<<63 - 1}))
	for _, digits := range []int{4, 9, 18} {
		of := vector.DecimalType(digits, 2)
		lo, hi := of.Limits()
		all = append(all, between(of, lo, hi, int64(0), int64(1), int64(-1), int64(-129)))
	}
	for _, digits := range []int{19, 38} {
		lo, hi := top(digits)
		all = append(all, between(vector.DecimalType(digits, 4), lo, hi, vector.Int128{}, vector.Int128Of(1),
			vector.Int128Of(-1), vector.Int128{Lo: 1 << 63}, vector.Int128{Lo: 1<<63 - 1, Hi: -1}))
	}
	nan, zero := math.NaN(), math.Copysign(0, -1)
	for _, k := range []vector.Kind{vector.Float32, vector.Float64} {
		all = append(all, edges{vector.Of(k), [][]any{
			{1.5, -2.5},
			{nan},
			{1.5, nan},
			{nil},
			{nil, nan},
			{zero},
			{0.0},
			{zero, 1.5},
			{-1.5, 0.0},
			{math.Inf(-1), math.Inf(1)},
		}})
	}
	for _, k := range []vector.Kind{vector.Text, vector.Binary, vector.JSON} {
		all = append(all, texts(vector.Of(k)))
	}
	id := func(first byte, rest byte) string {
		return string([]byte{first}) + strings.Repeat(string([]byte{rest}), 15)
	}
	all = append(all, between(vector.Of(vector.UUID), id(0, 0), id(0xff, 0xff), id(0x7f, 0xff), id(0x80, 0), id(1, 2)))
	for _, precision := range []uint8{0, 3, 6, 9} {
		all = append(all, between(vector.Type{Kind: vector.Timestamp, Precision: precision, Zone: precision == 6},
			int64(-1e9-1), int64(1e9+1), int64(0), int64(-1)))
	}
	for _, precision := range []uint8{0, 3, 6} {
		end := int64(86399)
		for range precision {
			end = end*10 + 9
		}
		all = append(all, between(vector.Type{Kind: vector.Time, Precision: precision}, int64(0), end, int64(1), int64(77)))
	}
	all = append(all,
		between(vector.Of(vector.Date), int64(-719_162), int64(2_932_896), int64(0), int64(-1), int64(1)),
		between(vector.Of(vector.Boolean), int64(0), int64(1), int64(0), int64(1)))
	return all
}

// texts have bounds that are cut, in the middle of a character too, and some that no text is above of.
func texts(of vector.Type) edges {
	last := strings.Repeat("\U0010ffff", 40)
	some := []any{"m", "", "a\x00b"}
	if of.Kind == vector.Binary {
		last = strings.Repeat("\xff", 70)
	}
	if of.Kind == vector.JSON {
		some, last = []any{"1", "[]"}, `"`+last+`"`
	}
	c := between(of, some[len(some)-1], last, some...)
	quoted := func(x string, n int) string {
		if x = strings.Repeat(x, n); of.Kind == vector.JSON {
			return `"` + x + `"`
		}
		return x
	}
	c.groups[6] = []any{quoted("\x7f", 64), quoted("\x7f", 65)}
	c.groups[7] = []any{quoted("aé", 60), quoted("é", 60)}
	c.groups[8] = []any{quoted("a", 64), quoted("a", 65), quoted("\u07ff", 50)}
	return c
}

// vectorOf makes a row group's column.
func vectorOf(of vector.Type, values []any) *vector.Vector {
	b := vector.NewBuilder(of)
	for i := range edgeRows {
		switch x := values[min(i, len(values)-1)].(type) {
		case nil:
			b.AppendNull()
		case int64:
			b.AppendInt(x)
		case vector.Int128:
			b.AppendWide(x)
		case float64:
			b.AppendFloat(x)
		case string:
			b.AppendText(x)
		}
	}
	return b.Build()
}

// edgeRows is the rows of a row group.
const edgeRows = 8

// Other engines leave out row groups by the bounds in a segment's footer, and find the same rows as when they read
// all of it: at the edges of every type, with NaN, both zeros, and row groups of NULLs alone.
func TestOthersPruneSegments(t *testing.T) {
	path := filepath.Join(t.TempDir(), "segment.parquet")
	columns := edgeColumns()
	f, err := os.Create(path)
	require.NoError(t, err)
	var of []parquetfile.Column
	for i, c := range columns {
		of = append(of, parquetfile.Column{Name: fmt.Sprint("c", i), ID: int32(i + 1), Type: c.of})
	}
	w, err := parquetfile.NewWriter(f, of)
	require.NoError(t, err)
	for g := range columns[0].groups {
		chunk := &vector.Chunk{}
		for _, c := range columns {
			chunk.Columns = append(chunk.Columns, vectorOf(c.of, c.groups[g]))
		}
		chunk.Len = chunk.Columns[0].Len
		require.NoError(t, w.Append(chunk))
		require.NoError(t, w.Flush())
	}
	groups, err := w.Close()
	require.NoError(t, err)
	require.Len(t, groups, len(columns[0].groups))
	require.NoError(t, f.Close())
	out, err := exec.CommandContext(t.Context(), toolchain.Python(t), "segments.py", path).CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.Equal(t, len(columns), strings.Count(string(out), " equal"), "%s", out)
	t.Logf("%s", out)
}
