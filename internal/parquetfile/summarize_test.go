package parquetfile

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/internal/vector"
)

// TestSummarizerAgreesWithTheWriter compares what both tell of rows that fit one row group, in chunks whose memory is
// used again.
func TestSummarizerAgreesWithTheWriter(t *testing.T) {
	columns := []Column{
		{Name: "i", ID: 1, Type: vector.Of(vector.Int64)},
		{Name: "s", ID: 2, Type: vector.Of(vector.Text)},
		{Name: "f", ID: 3, Type: vector.Of(vector.Float64)},
		{Name: "d", ID: 4, Type: vector.DecimalType(38, 2)},
	}
	s := NewSummarizer(columns)
	var file bytes.Buffer
	w, err := NewWriter(&file, columns)
	require.NoError(t, err)
	for n := range 40 {
		builders := make([]*vector.Builder, len(columns))
		for i, c := range columns {
			builders[i] = vector.NewBuilder(c.Type)
		}
		for r := range 2000 {
			x := int64((n*2000 + r) % 30_000)
			if x%7 == 0 {
				for i, c := range columns {
					builders[i].AppendScalar(vector.NullOf(c.Type))
				}
				continue
			}
			builders[0].AppendScalar(vector.IntOf(columns[0].Type, x-100))
			builders[1].AppendScalar(vector.TextOf(string(rune('a'+x%20)) + "x"))
			builders[2].AppendScalar(vector.Scalar{Type: columns[2].Type, Float: float64(x) / 3})
			builders[3].AppendScalar(vector.DecimalOf(columns[3].Type, vector.Int128Of(x*x)))
		}
		chunk := &vector.Chunk{Len: 2000}
		for _, b := range builders {
			chunk.Columns = append(chunk.Columns, b.Build())
		}
		s.Append(chunk)
		require.NoError(t, w.Append(chunk))
	}
	groups, err := w.Close()
	require.NoError(t, err)
	require.Len(t, groups, 1)
	rows, found := s.Result()
	require.EqualValues(t, 80_000, rows)
	for i, want := range groups[0].Columns {
		require.InEpsilon(t, want.Distinct, found[i].Distinct, 0.05)
		want.Distinct, want.Checksum, want.Dictionary = found[i].Distinct, 0, false
		require.Equal(t, want, found[i], columns[i].Name)
	}
}
