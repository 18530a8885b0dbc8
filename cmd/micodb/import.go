package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/jedib0t/go-pretty/v6/progress"
	"github.com/spf13/cobra"

	"github.com/micodb/micodb/client"
	"github.com/micodb/micodb/cmd/micodb/shell"
	"github.com/micodb/micodb/internal/tablefile"
)

// rejectsShown is how many rejected lines a report shows.
const rejectsShown = 20

type importFlags struct {
	table     string
	format    string
	create    bool
	maxErrors int
	dialect   dialectFlags
}

func newImport() *cobra.Command {
	var at connectFlags
	var f importFlags
	c := &cobra.Command{
		Use:   "import --table [DATABASE.]TABLE FILES...",
		Short: "Load Parquet, CSV and NDJSON files into a table, all of them or none",
		RunE: func(c *cobra.Command, args []string) error {
			if err := f.check(args); err != nil {
				return err
			}
			db, err := at.open(c.Context())
			if err != nil {
				return err
			}
			i := &importer{db: db, flags: f, out: c.OutOrStdout(), notes: c.ErrOrStderr()}
			return errors.Join(i.run(c.Context(), args), db.Close())
		},
	}
	at.add(c.Flags())
	c.Flags().StringVarP(&f.table, "table", "t", "", "the table, with its database or in main")
	c.Flags().StringVar(&f.format, "format", "", "parquet, csv or ndjson; else the file's ending says it")
	c.Flags().BoolVar(&f.create, "create", false, "make the table, with the columns and types of the first file")
	f.dialect.add(c.Flags())
	c.Flags().BoolVar(&f.dialect.header, "header", false, "the first line of CSV has the names of the columns; else "+
		"that is found out")
	c.Flags().IntVar(&f.maxErrors, "max-errors", 0, "leave out and report up to so many wrong lines of text files")
	return c
}

func (f *importFlags) check(files []string) error {
	if f.table == "" {
		return usage(errors.New("--table is missing: name the table to fill"))
	}
	if _, err := quoteTable(f.table); err != nil {
		return usage(err)
	}
	switch {
	case len(files) == 0:
		return usage(errors.New("name the files to import"))
	case f.maxErrors < 0:
		return usage(fmt.Errorf("--max-errors %d is negative", f.maxErrors))
	}
	for _, name := range files {
		if _, err := f.options(name); err != nil {
			return usage(err)
		}
	}
	return nil
}

// options says how to read a file.
func (f *importFlags) options(name string) (o tablefile.ReadOptions, err error) {
	if o.Format, err = formatOf(f.format, name); err != nil {
		return o, err
	}
	o.Dialect, err = f.dialect.dialect(o.Format)
	return o, err
}

// importer loads files in one transaction.
type importer struct {
	db       *client.Conn
	flags    importFlags
	out      io.Writer
	notes    io.Writer
	bars     progress.Writer
	schema   *arrow.Schema // the table's; nil until it is made
	rejected int
}

func (i *importer) run(ctx context.Context, files []string) error {
	started := time.Now()
	if _, err := i.db.Execute(ctx, "BEGIN"); err != nil {
		return err
	}
	rows, err := i.files(ctx, files)
	if err == nil {
		_, err = i.db.Execute(ctx, "COMMIT")
	}
	if err != nil {
		// Whatever ended it, also when the server is gone: a transaction without COMMIT changes nothing.
		_, _ = i.db.Execute(context.WithoutCancel(ctx), "ROLLBACK")
		return fmt.Errorf("nothing was imported: %w", err)
	}
	took := time.Since(started)
	_, err = fmt.Fprintf(i.out, "%d rows of %d files are in %s (%s, %.0f rows/s)\n", rows, len(files), i.flags.table,
		shell.Round(took), float64(rows)/took.Seconds())
	if err == nil && i.rejected > 0 {
		_, err = fmt.Fprintf(i.out, "%d lines were left out\n", i.rejected)
	}
	return err
}

func (i *importer) files(ctx context.Context, files []string) (total int64, err error) {
	if !i.flags.create {
		if err := i.look(ctx); err != nil {
			return 0, err
		}
	}
	i.bars = newBars(i.notes, len(files))
	rendered := make(chan struct{})
	go func() { defer close(rendered); i.bars.Render() }()
	defer func() {
		for err != nil { // else it stops when the last bar is done
			i.bars.Stop() // does nothing while Render has not begun
			select {
			case <-rendered:
				return
			case <-time.After(10 * time.Millisecond):
			}
		}
		<-rendered
	}()
	for _, name := range files {
		n, err := i.file(ctx, name)
		if err != nil {
			return 0, err
		}
		total += n
	}
	return total, nil
}

func newBars(out io.Writer, n int) progress.Writer {
	bars := progress.NewWriter()
	bars.SetOutputWriter(out)
	bars.SetAutoStop(true)
	bars.SetNumTrackersExpected(n)
	bars.SetUpdateFrequency(100 * time.Millisecond)
	bars.SetStyle(progress.StyleBlocks)
	bars.Style().Visibility.ETA = true
	bars.Style().Visibility.Speed = true
	return bars
}

// quoted is the table's name as SQL has it.
func (i *importer) quoted() string {
	database, table := i.name()
	if database == "" {
		return quoteName(table)
	}
	return quoteName(database) + "." + quoteName(table)
}

func (i *importer) name() (database, table string) {
	database, table, dotted := strings.Cut(i.flags.table, ".")
	if !dotted {
		return "", database
	}
	return database, table
}

// look learns the table's columns.
func (i *importer) look(ctx context.Context) error {
	rows, err := i.db.Stream(ctx, "SELECT * FROM "+i.quoted()+" LIMIT 0")
	if err != nil {
		return err
	}
	i.schema = rows.Schema()
	for rows.Next() {
	}
	return errors.Join(rows.Err(), rows.Close())
}

// file loads one file.
func (i *importer) file(ctx context.Context, name string) (n int64, err error) {
	o, err := i.flags.options(name)
	if err != nil {
		return 0, err
	}
	o.Table, o.MaxErrors = i.schema, i.flags.maxErrors-i.rejected
	rows, err := openRows(ctx, name, o)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, rows.close()) }()
	bar := &progress.Tracker{Message: filepath.Base(name), Total: max(rows.size, 1), Units: progress.UnitsBytes}
	i.bars.AppendTracker(bar)
	begun := time.Now()
	rows.onBatch = func() {
		bar.SetValue(rows.Read())
		bar.UpdateMessage(fmt.Sprintf("%s, %d rows, %.0f rows/s", filepath.Base(name), rows.Rows(),
			float64(rows.Rows())/time.Since(begun).Seconds()))
	}
	database, table := i.name()
	send := i.db.Append
	if i.schema == nil {
		send = i.db.Create
	}
	n, err = send(ctx, database, table, rows)
	if rows.err != nil { // the cause of what the server says of a stream that ends early
		err = rows.err
	}
	if err == nil && n != rows.Rows() {
		err = fmt.Errorf("%d rows were sent and %d acknowledged", rows.Rows(), n)
	}
	if err != nil {
		bar.MarkAsErrored()
		return 0, err
	}
	bar.MarkAsDone()
	if err := i.report(name, rows); err != nil {
		return 0, err
	}
	if i.schema == nil {
		err = i.look(ctx)
	}
	return n, err
}

func (i *importer) report(name string, rows *fileRows) error {
	for at, wrong := range rows.Rejects() {
		if i.rejected+at >= rejectsShown {
			break
		}
		if _, err := fmt.Fprintf(i.out, "%s: %s\n", name, wrong.Error()); err != nil {
			return err
		}
	}
	i.rejected += rows.Rejected()
	return nil
}
