package exec

import (
	"context"
	"fmt"
	"math/rand/v2"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/internal/budget"
	"github.com/micodb/micodb/internal/spill"
	"github.com/micodb/micodb/internal/vector"
	"github.com/micodb/micodb/internal/vfs"
)

// benchTable has rows of a small integer, a large one, and a text of 1,000,000.
func benchTable(rows int) *testTable {
	r := rand.New(rand.NewPCG(1, 2))
	of, text := vector.Of(vector.Int64), vector.Of(vector.Text)
	t := &testTable{columns: []testColumn{{name: "k", of: of}, {name: "v", of: of}, {name: "t", of: text}}}
	for i, c := range t.columns {
		known := catalog.ScanColumn{ID: catalog.ColumnID(i + 1), Type: c.of, Physical: c.of.Physical()}
		known.Hi = []int64{9999, 1<<62 - 1, 0}[i]
		t.known = append(t.known, known)
	}
	names := make([][]byte, 1<<16)
	for i := range names {
		names[i] = fmt.Appendf(nil, "customer %d", r.IntN(1_000_000))
	}
	for first := 0; first < rows; first += vector.ChunkRows {
		k, v, d := make([]int64, vector.ChunkRows), make([]int64, vector.ChunkRows), make([]uint16, vector.ChunkRows)
		for i := range k {
			k[i], v[i], d[i] = r.Int64N(10000), r.Int64N(1<<62), uint16(r.IntN(len(names)))
		}
		c := &vector.Chunk{Len: vector.ChunkRows, Columns: []*vector.Vector{
			{Type: of, Hi: 9999},
			{Type: of, Hi: 1<<62 - 1},
			{Type: text, Physical: vector.Bytes, Encoding: vector.Dict, Dictionary: &vector.Dictionary{Values: names}},
		}}
		vector.SetCodes(c.Columns[0], k)
		vector.SetCodes(c.Columns[1], v)
		vector.SetCodes(c.Columns[2], d)
		t.chunks = append(t.chunks, c)
	}
	return t
}

// BenchmarkSort reports the processor's seconds, not the clock's.
func BenchmarkSort(b *testing.B) {
	table := benchTable(6_000_000)
	scratch, err := spill.Open(vfs.Disk{}, b.TempDir(), 1<<40)
	require.NoError(b, err)
	for _, c := range []struct {
		name  string
		keys  []SortKey
		limit int64
	}{
		{"packed", []SortKey{{Column: 0}}, 4 << 30},
		{"words", []SortKey{{Column: 0}, {Column: 1, Descending: true}}, 4 << 30},
		{"texts", []SortKey{{Column: 2}, {Column: 0}}, 4 << 30},
		{"spilled", []SortKey{{Column: 0}, {Column: 1, Descending: true}}, 64 << 20},
	} {
		b.Run(c.name, func(b *testing.B) {
			begun := processorSeconds()
			for b.Loop() {
				q := NewQuery(NewScheduler(2), budget.NewServer(c.limit).Query(0))
				q.Spill = scratch.Files()
				op := &Sort{Input: table.scan(), Keys: c.keys}
				err := q.run(context.Background(), op, func(int) (Consumer, error) {
					return consumerOf(func(context.Context, *vector.Chunk) error { return nil }), nil
				})
				require.NoError(b, err)
				require.NoError(b, q.Close())
			}
			b.ReportMetric((processorSeconds()-begun)/float64(b.N), "cpu-s/op")
		})
	}
}

func processorSeconds() float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return float64(u.Utime.Sec) + float64(u.Utime.Usec)/1e6
}
