package exec

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/internal/budget"
	"github.com/micodb/micodb/internal/vector"
)

// codedTable has rows of a key below groups, as codes of 32 bits, and of a value below 10,000, as codes of 16.
// Where texts is set, the key comes as a text as well.
func codedTable(rows, groups int, texts bool) *testTable {
	r := rand.New(rand.NewPCG(1, uint64(groups)))
	of := vector.Of(vector.Int64)
	t := &testTable{columns: []testColumn{{name: "k", of: of}, {name: "v", of: of}}}
	column := func(id int, hi int64) catalog.ScanColumn {
		return catalog.ScanColumn{ID: catalog.ColumnID(id), Type: of, Physical: vector.Integer, Lo: 0, Hi: hi}
	}
	t.known = []catalog.ScanColumn{column(1, int64(groups-1)), column(2, 9999)}
	if texts {
		t.columns = append(t.columns, testColumn{name: "t", of: vector.Of(vector.Text)})
		t.known = append(t.known, catalog.ScanColumn{ID: 3, Type: vector.Of(vector.Text), Physical: vector.Bytes})
	}
	for first := 0; first < rows; first += vector.ChunkRows {
		n := min(vector.ChunkRows, rows-first)
		keys, values := make([]uint32, n), make([]uint16, n)
		for i := range keys {
			keys[i], values[i] = uint32(r.IntN(groups)), uint16(r.IntN(10000))
		}
		k := &vector.Vector{Type: of, Encoding: vector.Frame, Scale: 1, Lo: 0, Hi: int64(groups - 1)}
		v := &vector.Vector{Type: of, Encoding: vector.Frame, Scale: 1, Lo: 0, Hi: 9999}
		vector.SetCodes(k, keys)
		vector.SetCodes(v, values)
		c := &vector.Chunk{Len: n, Columns: []*vector.Vector{k, v}}
		if texts {
			s := make([]vector.Scalar, n)
			for i, k := range keys {
				s[i] = vector.TextOf(fmt.Sprintf("key number %09d", k))
			}
			c.Columns = append(c.Columns, vector.ScalarsOf(vector.Of(vector.Text), s...))
		}
		t.chunks = append(t.chunks, c)
	}
	return t
}

func BenchmarkAggregate(b *testing.B) {
	big, float := vector.Of(vector.Int64), vector.Of(vector.Float64)
	calls := []AggregateCall{{Kind: CountRows, Of: big}, {Kind: Sum, Arg: 1, Of: big}, {Kind: Average, Arg: 1, Of: float}}
	for _, c := range []struct {
		name         string
		rows, groups int
		keys         []int
		calls        []AggregateCall
	}{
		{"rows=6M/groups=10K", 6_000_000, 10_000, []int{0}, calls},
		{"rows=6M/groups=200K", 6_000_000, 200_000, []int{0}, calls},
		{"rows=6M/groups=1500K", 6_000_000, 1_500_000, []int{0}, calls},
		{"rows=6M/groups=1500K/distinct", 6_000_000, 1_500_000, []int{0}, nil},
		{"rows=6M/groups=1500K/two", 6_000_000, 1_500_000, []int{0, 1}, calls[:1]},
		{"rows=6M/groups=1500K/texts", 6_000_000, 1_500_000, []int{2}, calls},
		{"rows=30M/groups=10M", 30_000_000, 10_000_000, []int{0}, calls},
	} {
		b.Run(c.name, func(b *testing.B) {
			table := codedTable(c.rows, c.groups, len(c.keys) == 1 && c.keys[0] == 2)
			for _, workers := range []int{1, 2} {
				b.Run(fmt.Sprintf("workers=%d", workers), func(b *testing.B) {
					scheduler, server := NewScheduler(workers), budget.NewServer(8<<30)
					for b.Loop() {
						q := NewQuery(scheduler, server.Query(0))
						err := q.run(b.Context(), NewAggregate(table.scan(), c.keys, c.calls), func(int) (Consumer, error) {
							return consumerOf(func(context.Context, *vector.Chunk) error { return nil }), nil
						})
						require.NoError(b, err)
						require.NoError(b, q.Close())
					}
				})
			}
		})
	}
}
