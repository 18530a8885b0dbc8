package client_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/micodb/micodb/client"
)

func Example() {
	ctx := context.Background()
	db, err := client.NewClient(client.Options{URL: url, Username: user, Password: password})
	if err != nil {
		panic(err)
	}
	defer db.Close()
	if _, err := db.Execute(ctx, "CREATE TABLE events (id BIGINT NOT NULL, city VARCHAR, price DECIMAL(10,2))"); err != nil {
		panic(err)
	}
	n, err := db.Execute(ctx, "INSERT INTO events VALUES (?, ?, ?), (?, ?, ?)", 1, "Berlin", "9.50", 2, nil, 7.25)
	if err != nil {
		panic(err)
	}
	fmt.Println(n, "rows")

	rows, err := db.Stream(ctx, "SELECT id, city, price FROM events WHERE price > ? ORDER BY id", 5)
	if err != nil {
		panic(err)
	}
	defer rows.Close()
	for rows.NextRow() {
		var (
			id    int64
			city  *string
			price string
		)
		if err := rows.Scan(&id, &city, &price); err != nil {
			panic(err)
		}
		fmt.Println(id, city != nil, price)
	}
	if err := rows.Err(); err != nil {
		panic(err)
	}
	// Output:
	// 2 rows
	// 1 true 9.50
	// 2 false 7.25
}

func ExampleClient_Login() {
	ctx := context.Background()
	db, err := client.NewClient(client.Options{URL: url})
	if err != nil {
		panic(err)
	}
	defer db.Close()

	err = db.Login(ctx, client.Credentials{Username: user, Password: "wrong"})
	fmt.Println(err)
	err = db.Login(ctx, client.Credentials{Username: user, Password: password})
	fmt.Println(err)
	// A token of an earlier login, or an API key: client.Credentials{Token: …}, client.Credentials{APIKey: …}

	// Output:
	// 28P01: user name or password is wrong
	// <nil>
}

// Rows come as Arrow batches too, without a copy.
func ExampleRows_Next() {
	db := exampleClient()
	defer db.Close()
	rows, err := db.Stream(context.Background(), "SELECT n, n * n AS square FROM (VALUES (1), (2), (3)) AS v(n)")
	if err != nil {
		panic(err)
	}
	defer rows.Close()
	for rows.Next() {
		b := rows.Batch()
		fmt.Println(b.NumRows(), b.Column(0), b.Column(1))
	}
	fmt.Println(rows.Err())
	// Output:
	// 3 [1 2 3] [1 4 9]
	// <nil>
}

func ExampleClient_Begin() {
	ctx := context.Background()
	db := exampleClient()
	defer db.Close()
	if _, err := db.Execute(ctx, "CREATE TABLE accounts AS SELECT 1 AS id, 100 AS balance"); err != nil {
		panic(err)
	}
	tx, err := db.Begin(ctx, client.TxOptions{})
	if err != nil {
		panic(err)
	}
	defer tx.Rollback(ctx) // does nothing after Commit
	if _, err := tx.Execute(ctx, "UPDATE accounts SET balance = balance - 10 WHERE id = ?", 1); err != nil {
		panic(err)
	}
	point, err := tx.Savepoint(ctx, "before")
	if err != nil {
		panic(err)
	}
	if _, err := tx.Execute(ctx, "DELETE FROM accounts"); err != nil {
		panic(err)
	}
	if err := point.Rollback(ctx); err != nil {
		panic(err)
	}
	fmt.Println(tx.Commit(ctx))
	// Output: <nil>
}

// Two transactions that change one row collide, and the later one is run again.
func ExampleClient_Retry() {
	ctx := context.Background()
	db := exampleClient()
	defer db.Close()
	if _, err := db.Execute(ctx, "CREATE TABLE counters AS SELECT 'visits' AS name, 0 AS n"); err != nil {
		panic(err)
	}
	err := db.Retry(ctx, client.TxOptions{}, func(tx *client.Tx) error {
		_, err := tx.Execute(ctx, "UPDATE counters SET n = n + 1 WHERE name = ?", "visits")
		return err
	})
	if errors.Is(err, client.ErrOutcomeUnknown) {
		fmt.Println("look whether it was counted before you count again")
	}
	fmt.Println(err)
	// Output: <nil>
}

func ExampleAppendStructs() {
	ctx := context.Background()
	db := exampleClient()
	defer db.Close()
	if _, err := db.Execute(ctx, "CREATE TABLE readings (sensor VARCHAR, at TIMESTAMP(3), value DOUBLE)"); err != nil {
		panic(err)
	}
	type reading struct {
		Sensor string
		At     time.Time
		Degree *float64 `micodb:"value"`
	}
	degree := 21.5
	n, err := client.AppendStructs(ctx, db, client.Table{Name: "readings"}, []reading{
		{"kitchen", time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), &degree},
		{"attic", time.Now(), nil},
	})
	fmt.Println(n, err)
	// Output: 2 <nil>
}

// A reader of record batches: of a Parquet file, of another server's rows, or made here.
func ExampleClient_Append() {
	ctx := context.Background()
	db := exampleClient()
	defer db.Close()
	if _, err := db.Execute(ctx, "CREATE TABLE numbers (n BIGINT)"); err != nil {
		panic(err)
	}
	schema := arrow.NewSchema([]arrow.Field{{Name: "n", Type: arrow.PrimitiveTypes.Int64}}, nil)
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	defer b.Release()
	b.Field(0).(*array.Int64Builder).AppendValues([]int64{1, 2, 3}, nil)
	batch := b.NewRecordBatch()
	defer batch.Release()
	reader, err := array.NewRecordReader(schema, []arrow.RecordBatch{batch})
	if err != nil {
		panic(err)
	}
	defer reader.Release()
	n, err := db.Append(ctx, "", "numbers", reader)
	fmt.Println(n, err)
	// Output: 3 <nil>
}

func exampleClient() *client.Client {
	db, err := client.NewClient(client.Options{URL: url, Username: user, Password: password})
	if err != nil {
		panic(err)
	}
	return db
}
