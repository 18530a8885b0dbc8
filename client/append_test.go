package client_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/client"
)

func TestAppendRows(t *testing.T) {
	db := newClient(t)
	execute(t, db, "CREATE DATABASE appended")
	execute(t, db, `CREATE TABLE appended."odd ""name" (i INT NOT NULL, d DECIMAL(6,2), s VARCHAR, at TIMESTAMP(3))`)
	into := client.Table{Database: "appended", Name: `odd "name`, Columns: []string{"s", "i"}}
	rows := make([][]any, 20_000)
	for i := range rows {
		rows[i] = []any{"text", i}
	}
	n, err := db.AppendRows(t.Context(), into, rows)
	require.NoError(t, err)
	require.Equal(t, int64(20_000), n)
	all := `SELECT count(*), sum(i), count(d), count(DISTINCT s) FROM appended."odd ""name"`
	state := func() []any {
		r, err := db.Stream(t.Context(), all)
		require.NoError(t, err)
		defer r.Close()
		require.True(t, r.NextRow())
		return r.Values()
	}
	want := []any{int64(20_000), int64(199_990_000), int64(0), int64(1)}
	require.Equal(t, want, state())

	for _, c := range []struct {
		name    string
		columns []string
		last    []any
		message string
	}{
		{"too large", []string{"s", "i"}, []any{"x", 1 << 40}, `row 20000, column "i": 1099511627776 does not fit int32`},
		{"another type", []string{"s", "i"}, []any{"x", "y"}, `row 20000, column "i": a value of Go type string`},
		{"short", []string{"s", "i"}, []any{"x"}, "row 20000 has 1 values for 2 columns"},
		{"NULL", []string{"s", "i"}, []any{"x", nil}, "23502"},
		{"no column", []string{"s", "j"}, []any{"x", 1}, "42703"},
		{"no Go type", []string{"s", "i"}, []any{"x", struct{}{}}, "can't be sent"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := db.AppendRows(t.Context(), client.Table{Database: into.Database, Name: into.Name, Columns: c.columns},
				append(rows[:20_000:20_000], c.last))
			require.ErrorContains(t, err, c.message)
			require.Equal(t, want, state(), "all or none")
		})
	}
	n, err = db.AppendRows(t.Context(), client.Table{Database: into.Database, Name: into.Name},
		[][]any{{1, "1234.565", nil, time.Unix(0, 0)}})
	require.NoError(t, err)
	require.Equal(t, int64(1), n)
	require.Equal(t, "1234.57", value(t, db, `SELECT d FROM appended."odd ""name" WHERE d IS NOT NULL`))
	_, err = db.AppendRows(t.Context(), client.Table{Database: into.Database, Name: into.Name}, [][]any{{1, "12345.67", nil, nil}})
	require.ErrorContains(t, err, `column "d": 12345.67 does not fit decimal(6, 2)`)
}

func TestAppendStructs(t *testing.T) {
	db := newClient(t)
	execute(t, db, "CREATE TABLE structs (id INT, label VARCHAR, inner_id BIGINT)")
	defer db.Execute(t.Context(), "DROP TABLE structs")
	type Inner struct {
		InnerID int64 `micodb:"inner_id"`
	}
	type row struct {
		*Inner

		ID     uint8
		Label  *string
		hidden int
		Extra  bool `micodb:"-"`
	}
	label := "x"
	n, err := client.AppendStructs(t.Context(), db, client.Table{Name: "structs"}, []row{
		{Inner: &Inner{7}, ID: 1, Label: &label, hidden: 1}, {ID: 2},
	})
	require.NoError(t, err)
	require.Equal(t, int64(2), n)
	rows, err := db.Stream(t.Context(), "SELECT id, label, inner_id FROM structs ORDER BY id")
	require.NoError(t, err)
	defer rows.Close()
	require.True(t, rows.NextRow())
	require.Equal(t, []any{int64(1), "x", int64(7)}, rows.Values())
	require.True(t, rows.NextRow())
	require.Equal(t, []any{int64(2), nil, nil}, rows.Values())

	_, err = client.AppendStructs(t.Context(), db, client.Table{Name: "structs"}, []int{1})
	require.ErrorContains(t, err, "int is no struct")
	_, err = client.AppendStructs(t.Context(), db, client.Table{Name: "structs"}, []struct{ hidden int }{{1}})
	require.ErrorContains(t, err, "no field to send")
}

func TestScan(t *testing.T) {
	db := newClient(t)
	rows, err := db.Stream(t.Context(), "SELECT 1 AS i, 'text' AS s, NULL AS n, CAST(1.50 AS DECIMAL(4,2)) AS d, true AS b")
	require.NoError(t, err)
	defer rows.Close()
	require.True(t, rows.NextRow())
	type named string
	var (
		i    int8
		s    named
		n    *int
		d    float32
		b    bool
		any1 any
		u    *uint64
	)
	require.NoError(t, rows.Scan(&i, &s, &n, &d, &b))
	require.Equal(t, []any{int8(1), named("text"), (*int)(nil), float32(1.5), true}, []any{i, s, n, d, b})
	require.NoError(t, rows.Scan(&u, &any1, &n, &any1, &any1))
	require.Equal(t, uint64(1), *u)
	require.ErrorContains(t, rows.Scan(&i, &i, &n, &d, &b), `column "s": text (string) does not fit int8`)
	require.ErrorContains(t, rows.Scan(&i, &s, &i, &d, &b), `column "n": NULL does not fit int8: use *int8`)
	require.ErrorContains(t, rows.Scan(&i), "5 columns")
	require.ErrorContains(t, rows.Scan(i, &s, &n, &d, &b), "wants a pointer")
	require.NoError(t, rows.Close())
	require.ErrorContains(t, rows.Scan(&i, &s, &n, &d, &b), "call NextRow first")
}
