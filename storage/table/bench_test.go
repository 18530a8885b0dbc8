package table

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/internal/parquetfile"
	"github.com/micodb/micodb/internal/vector"
	"github.com/micodb/micodb/storage/segment"
)

const benchRows = 4 * parquetfile.RowGroupRows

// benchVersion returns a version with a segment of four row groups.
func benchVersion(b *testing.B) *Version {
	b.Helper()
	env := testEnvironment(1 << 30)
	require.NoError(b, env.FS.MkdirAll(env.Dir))
	v, err := New(env, modelTable)
	require.NoError(b, err)
	v, err = v.AddSegments([]*segment.Descriptor{writeBench(b, v, modelChunk(1, vector.ChunkRows))})
	require.NoError(b, err)
	return v
}

func writeBench(b *testing.B, v *Version, c *vector.Chunk) *segment.Descriptor {
	b.Helper()
	w, err := v.NewSegment()
	require.NoError(b, err)
	for range benchRows / vector.ChunkRows {
		require.NoError(b, w.Append(b.Context(), c))
	}
	d, err := w.Finish(b.Context())
	require.NoError(b, err)
	return d
}

func scanAll(b *testing.B, v *Version, request catalog.ScanRequest) {
	b.Helper()
	scan, err := v.Scan(b.Context(), request, nil)
	require.NoError(b, err)
	source, err := scan.Open(0)
	require.NoError(b, err)
	rows := 0
	for {
		c, err := source.Next(context.Background())
		require.NoError(b, err)
		if c == nil {
			break
		}
		rows += c.Count()
	}
	require.Equal(b, benchRows, rows)
}

func BenchmarkCachedScan(b *testing.B) {
	v := benchVersion(b)
	request := catalog.ScanRequest{Columns: []catalog.ColumnID{1, 2, 4, 5, 6}}
	scanAll(b, v, request)
	for b.Loop() {
		scanAll(b, v, request)
	}
	b.ReportMetric(float64(b.N)*benchRows/b.Elapsed().Seconds()/1e6, "Mrows/s")
}

func BenchmarkColdScan(b *testing.B) {
	v := benchVersion(b)
	request := catalog.ScanRequest{Columns: []catalog.ColumnID{1, 2, 3, 5, 6}}
	for b.Loop() {
		v.table.env.Cache.Forget(v.segments[0].Descriptor.ID)
		scanAll(b, v, request)
	}
	b.ReportMetric(float64(b.N)*benchRows/b.Elapsed().Seconds()/1e6, "Mrows/s")
}

func BenchmarkWriteSegment(b *testing.B) {
	v := benchVersion(b)
	c := modelChunk(1, vector.ChunkRows)
	for b.Loop() {
		writeBench(b, v, c)
	}
	b.ReportMetric(float64(b.N)*benchRows/b.Elapsed().Seconds()/1e6, "Mrows/s")
}

func BenchmarkAppend(b *testing.B) {
	v := benchVersion(b)
	c := modelChunk(1, vector.ChunkRows)
	for b.Loop() {
		set := v.NewWriteSet()
		for range benchRows / vector.ChunkRows {
			require.NoError(b, set.Add(c))
		}
	}
	b.ReportMetric(float64(b.N)*benchRows/b.Elapsed().Seconds()/1e6, "Mrows/s")
}
