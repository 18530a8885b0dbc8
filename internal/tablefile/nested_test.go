package tablefile_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/tablefile"
)

// nestedBatch has lists and structs beside columns that are neither.
func nestedBatch(t *testing.T) arrow.RecordBatch {
	t.Helper()
	point := arrow.StructOf(
		arrow.Field{Name: "x", Type: arrow.PrimitiveTypes.Int32, Nullable: true},
		arrow.Field{Name: "tags", Type: arrow.ListOf(arrow.BinaryTypes.String), Nullable: true},
	)
	schema := arrow.NewSchema([]arrow.Field{
		{Name: "id", Type: arrow.PrimitiveTypes.Int64, Nullable: true},
		{Name: "l", Type: arrow.ListOf(arrow.PrimitiveTypes.Int64), Nullable: true},
		{Name: "s", Type: point, Nullable: true},
		{Name: "t", Type: arrow.BinaryTypes.String, Nullable: true},
		{Name: "ls", Type: arrow.ListOf(point), Nullable: true},
	}, nil)
	b, _, err := array.RecordFromJSON(memory.DefaultAllocator, schema, strings.NewReader(`[
		{"id": 1, "l": [1, null, -3], "s": {"x": 1, "tags": ["a", null]}, "t": "x", "ls": [{"x": 1, "tags": []}, null]},
		{"id": 2, "l": [], "s": {"x": null, "tags": null}, "t": null, "ls": []},
		{"id": 3, "l": null, "s": null, "t": "z", "ls": null},
		{"id": null, "l": [9], "s": {"x": 5, "tags": []}, "t": "", "ls": [{"x": null, "tags": ["b"]}]}]`))
	require.NoError(t, err)
	return b
}

func readAll(t *testing.T, file []byte, o tablefile.ReadOptions) (*arrow.Schema, string) {
	t.Helper()
	r, err := tablefile.Open(t.Context(), tablefile.Source{Name: "f", Bytes: bytes.NewReader(file), Size: int64(len(file))}, o)
	require.NoError(t, err)
	defer r.Close()
	var all strings.Builder
	for {
		b, err := r.Next(t.Context())
		if errors.Is(err, io.EOF) || err == nil && b == nil {
			return r.Schema(), all.String()
		}
		require.NoError(t, err)
		json, err := b.MarshalJSON()
		require.NoError(t, err)
		all.Write(json)
		b.Release()
	}
}

// TestNestedParquet reads lists and structs as another writer and as MicoDB writes them.
func TestNestedParquet(t *testing.T) {
	b := nestedBatch(t)
	want, err := b.MarshalJSON()
	require.NoError(t, err)
	var foreign, own bytes.Buffer
	p, err := pqarrow.NewFileWriter(b.Schema(), &foreign, parquet.NewWriterProperties(), pqarrow.DefaultWriterProps())
	require.NoError(t, err)
	require.NoError(t, p.Write(b))
	require.NoError(t, p.Close())
	w, err := tablefile.NewWriter(&own, b.Schema(), tablefile.WriteOptions{Format: tablefile.Parquet})
	require.NoError(t, err)
	require.NoError(t, w.Write(b))
	require.NoError(t, w.Close())
	for _, file := range [][]byte{foreign.Bytes(), own.Bytes()} {
		schema, got := readAll(t, file, tablefile.ReadOptions{Format: tablefile.Parquet})
		require.Equal(t, []string{"id", "l", "s", "t", "ls"}, names(schema))
		require.JSONEq(t, string(want), got)
		schema, got = readAll(t, file, tablefile.ReadOptions{Format: tablefile.Parquet, Columns: []string{"T", "S"}})
		require.Equal(t, []string{"s", "t"}, names(schema))
		require.JSONEq(t, `[{"s": {"x": 1, "tags": ["a", null]}, "t": "x"}, {"s": {"x": null, "tags": null}, "t": null},
			{"s": null, "t": "z"}, {"s": {"x": 5, "tags": []}, "t": ""}]`, got)
	}
}

func names(s *arrow.Schema) (out []string) {
	for _, f := range s.Fields() {
		out = append(out, f.Name)
	}
	return out
}

func TestNestedParquetHasNoIntervals(t *testing.T) {
	schema := arrow.NewSchema([]arrow.Field{
		{Name: "l", Type: arrow.ListOf(arrow.FixedWidthTypes.MonthDayNanoInterval), Nullable: true},
	}, nil)
	_, err := tablefile.NewWriter(io.Discard, schema, tablefile.WriteOptions{Format: tablefile.Parquet})
	require.Equal(t, sqlerr.FeatureNotSupported, sqlerr.CodeOf(err))
}

// TestNestedParquetInGroups writes more rows than a row group has, within what is reserved.
func TestNestedParquetInGroups(t *testing.T) {
	b := nestedBatch(t)
	var file bytes.Buffer
	reserved := int64(0)
	w, err := tablefile.NewWriter(&file, b.Schema(), tablefile.WriteOptions{
		Format:  tablefile.Parquet,
		Reserve: func(n int64) error { reserved += n; return nil }, Release: func(n int64) { reserved -= n },
	})
	require.NoError(t, err)
	const times = 40_000
	for range times {
		require.NoError(t, w.Write(b))
	}
	require.NoError(t, w.Close())
	require.Zero(t, reserved)
	in := tablefile.Source{Name: "f", Bytes: bytes.NewReader(file.Bytes()), Size: int64(file.Len())}
	r, err := tablefile.Open(t.Context(), in, tablefile.ReadOptions{Format: tablefile.Parquet})
	require.NoError(t, err)
	defer r.Close()
	require.Equal(t, []int64{128 << 10, times*4 - 128<<10}, r.Groups())
}
