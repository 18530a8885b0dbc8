package tablefile_test

import (
	"bytes"
	"encoding/binary"
	"runtime"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/tablefile"
)

func open(t *testing.T, data []byte) (*tablefile.Reader, error) {
	t.Helper()
	return tablefile.Open(t.Context(), tablefile.Source{
		Name: "f", Bytes: bytes.NewReader(data), Size: int64(len(data)),
	}, tablefile.ReadOptions{Format: tablefile.Parquet, Memory: memory.DefaultAllocator})
}

// withFooter is a Parquet file that is nothing but a footer.
func withFooter(footer []byte) []byte {
	out := append([]byte("PAR1"), footer...)
	out = binary.LittleEndian.AppendUint32(out, uint32(len(footer)))
	return append(out, "PAR1"...)
}

// A footer that says more than it has is refused before memory is taken for it.
func TestForgedFootersAreRefused(t *testing.T) {
	many := binary.AppendUvarint([]byte{0x29, 0xfc}, 1<<26) // field 2: a list of 2^26 structures
	for name, footer := range map[string][]byte{
		"list":   many,
		"binary": binary.AppendUvarint([]byte{0x68}, 1<<30),
		"deep":   bytes.Repeat([]byte{0x1c}, 100_000),
		"lists":  append([]byte{0x19}, bytes.Repeat([]byte{0x19}, 100_000)...),
		"map":    {0x1b, 0x01, 0x55, 0, 0, 0},
		"cut":    {0x15, 0x04},
		"none":   {},
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := open(t, withFooter(footer))
		runtime.ReadMemStats(&after)
		require.Equal(t, sqlerr.BadFile, sqlerr.CodeOf(err), "%s: %v", name, err)
		require.ErrorContains(t, err, "f: the file is damaged, or of another format: its footer", name)
		require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(1<<20), name)
	}
}

func FuzzParquetFooter(f *testing.F) {
	var whole bytes.Buffer
	w, err := tablefile.NewWriter(&whole, arrow.NewSchema([]arrow.Field{
		{Name: "a", Type: arrow.PrimitiveTypes.Int64, Nullable: true},
	}, nil), tablefile.WriteOptions{Format: tablefile.Parquet})
	require.NoError(f, err)
	require.NoError(f, w.Close())
	f.Add(whole.Bytes())
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := open(t, data)
		if err == nil {
			require.NoError(t, r.Close())
		}
	})
}
