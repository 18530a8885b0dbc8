package client_test

import (
	"context"
	"fmt"

	"github.com/micodb/micodb/client"
)

// The first steps that MicoDB's first README showed: log in, make a database, query it, stream a large result.
func Example_firstSteps() {
	ctx := context.Background()
	db, err := client.NewClient(client.Options{URL: url})
	if err != nil {
		panic(err)
	}
	defer db.Close()
	if err := db.Login(ctx, client.Credentials{Username: user, Password: password}); err != nil {
		panic(err)
	}
	if err := db.CreateDatabase(ctx, "mydb"); err != nil {
		panic(err)
	}
	for _, sql := range []string{
		"CREATE TABLE mydb.users (id INT NOT NULL, name VARCHAR NOT NULL, active BOOLEAN)",
		"INSERT INTO mydb.users VALUES (1, 'Alice', true), (2, 'Bob', false), (3, 'Carol', true)",
	} {
		if _, err := db.Execute(ctx, sql); err != nil {
			panic(err)
		}
	}
	rows, err := db.Stream(ctx, "SELECT * FROM mydb.users WHERE active = ? ORDER BY id", true)
	if err != nil {
		panic(err)
	}
	defer rows.Close()
	for rows.NextRow() {
		fmt.Println("Row:", rows.Values())
	}

	tx, err := db.Begin(ctx, client.TxOptions{})
	if err != nil {
		panic(err)
	}
	defer tx.Rollback(ctx)
	if _, err := tx.Execute(ctx, "CREATE TABLE mydb.orders (order_id INT NOT NULL, user_id INT NOT NULL, total DOUBLE NOT NULL)"); err != nil {
		panic(err)
	}
	n, err := tx.AppendRows(ctx, client.Table{Database: "mydb", Name: "orders"}, [][]any{{101, 1, 99.99}, {102, 2, 149.95}})
	fmt.Println(n, err, tx.Commit(ctx))
	// Output:
	// Row: [1 Alice true]
	// Row: [3 Carol true]
	// 2 <nil> <nil>
}
