package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/micodb/micodb/client"
	"github.com/micodb/micodb/cmd/micodb/shell"
	"github.com/micodb/micodb/internal/tablefile"
	"github.com/micodb/micodb/internal/textfile"
)

type exportFlags struct {
	table     string
	query     string
	format    string
	overwrite bool
	dialect   dialectFlags
}

func newExport() *cobra.Command {
	var at connectFlags
	var f exportFlags
	c := &cobra.Command{
		Use:   "export (--table [DATABASE.]TABLE | --query SQL) FILE",
		Short: "Write a table or a query's rows to a Parquet, CSV or NDJSON file, or to standard output (-)",
		RunE: func(c *cobra.Command, args []string) error {
			o, sql, err := f.check(args)
			if err != nil {
				return usage(err)
			}
			db, err := at.open(c.Context())
			if err != nil {
				return err
			}
			e := &exporter{db: db, sql: sql, options: o, overwrite: f.overwrite, notes: c.ErrOrStderr()}
			return errors.Join(e.run(c.Context(), args[0], c.OutOrStdout()), db.Close())
		},
	}
	at.add(c.Flags())
	c.Flags().StringVarP(&f.table, "table", "t", "", "the table, with its database or in main")
	c.Flags().StringVarP(&f.query, "query", "q", "", "the query whose rows are written")
	c.Flags().StringVar(&f.format, "format", "", "parquet, csv or ndjson; else the file's ending says it")
	c.Flags().BoolVar(&f.overwrite, "overwrite", false, "replace the file when it exists")
	f.dialect.add(c.Flags())
	return c
}

func (f *exportFlags) check(files []string) (o tablefile.WriteOptions, sql string, err error) {
	switch {
	case (f.table == "") == (f.query == ""):
		return o, "", errors.New("name the rows by one of --table and --query")
	case len(files) != 1:
		return o, "", errors.New("name one file, or - for standard output")
	case files[0] == "-" && f.format == "":
		return o, "", errors.New("--format is missing: name the format of standard output")
	}
	if o.Format, err = formatOf(f.format, files[0]); err != nil {
		return o, "", err
	}
	if o.Dialect, err = f.dialect.dialect(o.Format); err != nil {
		return o, "", err
	}
	if o.Dialect.Header == textfile.SniffHeader {
		o.Dialect.Header = textfile.WithHeader
	}
	if f.query != "" {
		return o, f.query, nil
	}
	table, err := quoteTable(f.table)
	return o, "SELECT * FROM " + table, err
}

// exporter writes the rows of a query.
type exporter struct {
	db        *client.Conn
	sql       string
	options   tablefile.WriteOptions
	overwrite bool
	notes     io.Writer
}

// run writes a file whole or not at all.
func (e *exporter) run(ctx context.Context, name string, stdout io.Writer) (err error) {
	started := time.Now()
	if name == "-" {
		_, err = e.write(ctx, stdout)
		return err
	}
	dir, err := tablefile.OpenDirectory(filepath.Dir(name))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, dir.Close()) }()
	out, err := dir.Create(filepath.Base(name), e.overwrite)
	if err != nil {
		return err
	}
	n, err := e.write(ctx, out)
	if err != nil {
		return errors.Join(err, out.Discard())
	}
	if err := out.Commit(); err != nil {
		return err
	}
	_, err = fmt.Fprintf(e.notes, "%s are in %s (%s)\n", shell.Plural(n, "row"), name, shell.Round(time.Since(started)))
	return err
}

func (e *exporter) write(ctx context.Context, out io.Writer) (n int64, err error) {
	rows, err := e.db.Stream(ctx, e.sql)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	if rows.Schema() == nil {
		return 0, errors.New("the statement returns no rows")
	}
	w, err := tablefile.NewWriter(out, rows.Schema(), e.options)
	if err != nil {
		return 0, err
	}
	for rows.Next() {
		n += rows.Batch().NumRows()
		if err := w.Write(rows.Batch()); err != nil {
			return 0, err
		}
	}
	if err := rows.Err(); err != nil {
		return 0, err
	}
	return n, w.Close()
}
