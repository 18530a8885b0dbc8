package parquetfile

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

// FuzzRead feeds damaged files to the reader: it must answer with rows or an error of a known code, and never
// panic or take memory without bound.
func FuzzRead(f *testing.F) {
	r := rand.New(rand.NewPCG(7, 8))
	for _, of := range types() {
		var out bytes.Buffer
		w, err := NewWriter(&out, []Column{{Name: "c", ID: 1, Type: of}})
		if err != nil {
			f.Fatal(err)
		}
		v := sample(r, of, 50, true, true)
		if err := w.Append(&vector.Chunk{Len: 50, Columns: []*vector.Vector{v}}); err != nil {
			f.Fatal(err)
		}
		if _, err := w.Close(); err != nil {
			f.Fatal(err)
		}
		f.Add(out.Bytes(), uint8(of.Kind))
	}
	f.Fuzz(func(t *testing.T, data []byte, kind uint8) {
		of := vector.Of(vector.Kind(kind))
		in := Input{Name: "x", Bytes: bytes.NewReader(data), Size: int64(len(data)), Limit: 1 << 20}
		file, err := Open(in)
		if err != nil || file.Groups() == 0 {
			return
		}
		rows := file.Rows(0)
		if rows < 0 || rows > 1<<16 {
			return
		}
		v, _, err := file.Read(t.Context(), in, Chunk{Type: of, Rows: int(rows), Codes: true})
		switch code := sqlerr.CodeOf(err); code {
		case "":
			for i := range v.Len {
				cell(v, i)
			}
		case sqlerr.DataCorrupted, sqlerr.FeatureNotSupported, sqlerr.OutOfMemory:
		default:
			t.Fatalf("%s: %v", code, err)
		}
	})
}
