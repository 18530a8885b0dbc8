package jsonproto

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"testing"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

func FuzzLine(f *testing.F) {
	for _, seed := range []string{
		`{"command":"append","db_name":"d","table_name":"t","rows":[{"a":1,"b":"x","c":1.25,"d":true}]}`,
		`{"command":"append","rows":[{"a":1e400,"e":"2020-01-01","f":"2020-01-01T00:00:00Z","g":"AA=="}]}`,
		`{"command":"sql","tx_id":18446744073709551615}`, `[[[[`, `{"command":1}`, "\x00", `{"rows":[null]}`,
	} {
		f.Add([]byte(seed))
	}
	table := &catalog.Table{Columns: []catalog.Column{
		{Name: "a", Type: vector.Of(vector.Int32)},
		{Name: "b", Type: vector.Of(vector.Text)},
		{Name: "c", Type: vector.DecimalType(38, 10)},
		{Name: "d", Type: vector.Of(vector.Boolean)},
		{Name: "e", Type: vector.Of(vector.Date)},
		{Name: "f", Type: vector.Type{Kind: vector.Timestamp, Precision: 3}},
		{Name: "g", Type: vector.Of(vector.Binary)},
		{Name: "h", Type: vector.Of(vector.UInt64)},
		{Name: "i", Type: vector.Of(vector.Float32)},
	}}
	f.Fuzz(func(t *testing.T, line []byte) {
		r, err := parseRequest(line, 64)
		if err != nil {
			if sqlerr.CodeOf(err) == sqlerr.InternalError {
				t.Fatalf("%q: %v", line, err)
			}
			if !json.Valid(failure(err, "").line()) {
				t.Fatalf("%q: the answer is no JSON", line)
			}
			return
		}
		s, err := newRowStream(table, r.Rows)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		encoder := newRowEncoder(s.Schema())
		for {
			b, err := s.Next(context.Background())
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				if sqlerr.CodeOf(err) == sqlerr.InternalError {
					t.Fatalf("%q: %v", line, err)
				}
				return
			}
			for i := range int(b.NumRows()) {
				out, err := encoder.appendRow(nil, b, i)
				if err != nil || !json.Valid(out) {
					t.Fatalf("%q: row %d is written as %q: %v", line, i, out, err)
				}
			}
			b.Release()
		}
	})
}
