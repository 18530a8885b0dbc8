package query_test

import (
	"fmt"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/client"
	"github.com/micodb/micodb/client/query"
	"github.com/micodb/micodb/e2e/harness"
)

var server *harness.Server

func TestMain(m *testing.M) {
	os.Exit(harness.Shared(func(s *harness.Server) int {
		server = s
		return m.Run()
	}))
}

func Example() {
	sql, args, err := query.Select("id", "total").From("shop.orders").
		Where(query.Equal("customer", 7), query.Greater("total", 10)).
		OrderByDescending("total").OrderBy("id").Limit(10).SQL()
	fmt.Println(sql)
	fmt.Println(args, err)
	// Output:
	// SELECT "id", "total" FROM "shop"."orders" WHERE "customer" = $1 AND "total" > $2 ORDER BY "total" DESC, "id" LIMIT $3
	// [7 10 10] <nil>
}

type builder interface {
	SQL() (text string, args []any, err error)
}

func TestTexts(t *testing.T) {
	for _, c := range []struct {
		q    builder
		text string
		args []any
	}{
		{query.Select().From("t"), `SELECT * FROM "t"`, nil},
		{query.Select(`a"; DROP TABLE t; --`).From("t"), `SELECT "a""; DROP TABLE t; --" FROM "t"`, nil},
		{
			query.Select("a").From("t").Where(query.In("a", 1, 2), query.In("b"), query.Like("c", "x%")).Offset(5),
			`SELECT "a" FROM "t" WHERE "a" IN ($1, $2) AND FALSE AND "c" LIKE $3 OFFSET $4`,
			[]any{1, 2, "x%", int64(5)},
		},
		{
			query.Select("a").From("t").Where(query.Equal("a", nil), query.NotEqual("b", nil), query.NotEqual("c", 1)),
			`SELECT "a" FROM "t" WHERE "a" IS NULL AND "b" IS NOT NULL AND "c" <> $1`,
			[]any{1},
		},
		{
			query.Insert("t", "a", "b").Values(1, nil).Values("x'", 2),
			`INSERT INTO "t" ("a", "b") VALUES ($1, $2), ($3, $4)`,
			[]any{1, nil, "x'", 2},
		},
		{
			query.Update("t").Set("a", 1).Set("b", nil).Where(query.Less("c", 2), query.AtMost("d", 3), query.AtLeast("e", 4)),
			`UPDATE "t" SET "a" = $1, "b" = $2 WHERE "c" < $3 AND "d" <= $4 AND "e" >= $5`,
			[]any{1, nil, 2, 3, 4},
		},
		{query.Update("t").Set("a", 1).AllRows(), `UPDATE "t" SET "a" = $1`, []any{1}},
		{query.Delete("t").Where(query.Equal("a", 1)), `DELETE FROM "t" WHERE "a" = $1`, []any{1}},
		{query.Delete("t").AllRows(), `DELETE FROM "t"`, nil},
	} {
		text, args, err := c.q.SQL()
		require.NoError(t, err)
		require.Equal(t, c.text, text)
		require.Equal(t, c.args, args)
	}
	for _, q := range []builder{
		query.Select("a"), query.Select("").From("t"), query.Insert("t"), query.Insert("t").Values(), query.Update("t").AllRows(),
		query.Update("t").Set("a", 1), query.Delete("t"), query.Delete("").AllRows(), query.Delete("a..b").AllRows(),
		query.Delete("t").Where(query.Equal("a", 1)).AllRows(),
	} {
		_, _, err := q.SQL()
		require.ErrorIs(t, err, query.ErrIncomplete)
	}
}

// The server takes what is built.
func TestStatementsRun(t *testing.T) {
	db, err := client.NewClient(client.Options{URL: "grpc://" + server.Flight, Username: "admin", Password: harness.Password})
	require.NoError(t, err)
	defer db.Close()
	_, err = db.Execute(t.Context(), `CREATE TABLE built ("the id" INT, name VARCHAR)`)
	require.NoError(t, err)
	run := func(q builder) int64 {
		text, args, err := q.SQL()
		require.NoError(t, err)
		n, err := db.Execute(t.Context(), text, args...)
		require.NoError(t, err, text)
		return n
	}
	require.Equal(t, int64(3), run(query.Insert("built", "the id", "name").Values(1, "one").Values(2, "t'wo").Values(3, nil)))
	require.Equal(t, int64(1), run(query.Update("main.built").Set("name", "three").Where(query.Equal("name", nil))))
	require.Equal(t, int64(1), run(query.Delete("built").Where(query.In("the id", 1, 17), query.NotEqual("name", "x"))))
	text, args, err := query.Select("name").From("built").Where(query.Like("name", "t%"), query.AtLeast("the id", 1)).
		OrderByDescending("the id").Limit(1).Offset(1).SQL()
	require.NoError(t, err)
	rows, err := db.Stream(t.Context(), text, args...)
	require.NoError(t, err)
	defer rows.Close()
	require.True(t, rows.NextRow())
	require.Equal(t, "t'wo", rows.Value(0))
	require.False(t, rows.NextRow())
	require.Zero(t, run(query.Delete("built").Where(query.In("the id"))))
	require.Equal(t, int64(2), run(query.Delete("built").AllRows()))
}
