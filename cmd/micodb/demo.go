package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/progress"
	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/spf13/cobra"

	"github.com/micodb/micodb/client"
	"github.com/micodb/micodb/cmd/micodb/shell"
	"github.com/micodb/micodb/node"
)

// demoFlags size the demo.
type demoFlags struct {
	exit bool
	rows int
	seed uint64
}

// The smaller sets are these shares of the readings.
const (
	demoLogsShare   = 5
	demoTradesShare = 10
)

func newDemo() *cobra.Command {
	f := demoFlags{rows: 1_000_000, seed: 1}
	c := &cobra.Command{
		Use:   "demo",
		Short: "Show the main job: load events, query them by both protocols, say how to connect",
		Args:  noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			ctx, stop := untilEnded(c.Context())
			defer stop()
			return runDemo(ctx, c.OutOrStdout(), f)
		},
	}
	c.Flags().BoolVar(&f.exit, "exit", false, "end when all is shown, in place of serving until Ctrl-C")
	c.Flags().IntVar(&f.rows, "rows", f.rows, "sensor readings to load")
	c.Flags().Uint64Var(&f.seed, "seed", f.seed, "seed of the data")
	return c
}

func runDemo(ctx context.Context, out io.Writer, f demoFlags) (err error) {
	dir, err := os.MkdirTemp("", "micodb-demo-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	cfg := node.Defaults()
	cfg.DataDir, cfg.Version, cfg.AdminPassword = dir, version, rand.Text()
	cfg.JSONPort, cfg.FlightPort, cfg.HTTPPort = 0, 0, 0
	cfg.LogLevel, cfg.Out = "warn", io.Discard
	n, err := node.Start(ctx, cfg)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, n.Close(context.WithoutCancel(ctx))) }()
	d := &demo{out: out, endpoints: n.Endpoints(), password: cfg.AdminPassword}
	d.db, err = client.Open(ctx, client.Options{
		URL: "grpc://" + d.endpoints.Flight, Username: "admin", Password: d.password,
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.db.Close()) }()
	if err := d.load(ctx, f); err != nil {
		return err
	}
	if err := d.queries(ctx); err != nil {
		return err
	}
	if err := d.explain(); err != nil || f.exit {
		return err
	}
	<-ctx.Done()
	return nil
}

type demo struct {
	out       io.Writer
	endpoints node.Endpoints
	password  string
	db        *client.Conn
}

func (d *demo) say(format string, args ...any) error {
	_, err := fmt.Fprintf(d.out, format, args...)
	return err
}

// load makes the tables and sends their rows, each with a progress bar.
func (d *demo) load(ctx context.Context, f demoFlags) (err error) {
	for _, sql := range []string{
		`CREATE DATABASE demo`,
		`CREATE TABLE demo.readings (time TIMESTAMP(9) NOT NULL, sensor INT NOT NULL, site VARCHAR NOT NULL,
			temperature DOUBLE NOT NULL, humidity DOUBLE, healthy BOOLEAN NOT NULL)`,
		`CREATE TABLE demo.logs (time TIMESTAMP(9) NOT NULL, service VARCHAR NOT NULL, level VARCHAR NOT NULL,
			duration_ms BIGINT NOT NULL, message VARCHAR NOT NULL)`,
		`CREATE TABLE demo.trades (time TIMESTAMP(9) NOT NULL, symbol VARCHAR NOT NULL, price DECIMAL(12,2) NOT NULL,
			quantity INT NOT NULL, day DATE NOT NULL)`,
	} {
		if _, err := d.db.Execute(ctx, sql); err != nil {
			return err
		}
	}
	if err := d.say("\n1. Loading events through Arrow Flight\n\n"); err != nil {
		return err
	}
	bars := progress.NewWriter()
	bars.SetOutputWriter(d.out)
	bars.SetAutoStop(true)
	bars.SetNumTrackersExpected(3)
	bars.SetUpdateFrequency(100 * time.Millisecond)
	bars.SetStyle(progress.StyleBlocks)
	bars.Style().Visibility.ETA = true
	bars.Style().Visibility.Speed = true
	bars.Style().Options.SpeedSuffix = " rows/s"
	rendered := make(chan struct{})
	go func() { defer close(rendered); bars.Render() }()
	defer func() {
		if err != nil { // else it stops when the last bar is done
			bars.Stop()
		}
		<-rendered
	}()
	for _, t := range []struct {
		name string
		rows *generator
	}{
		{"readings", newReadings(f.rows, f.seed)},
		{"logs", newLogs(f.rows/demoLogsShare, f.seed)},
		{"trades", newTrades(f.rows/demoTradesShare, f.seed)},
	} {
		bar := &progress.Tracker{Message: t.name, Total: int64(t.rows.rows), Units: progress.UnitsDefault}
		bars.AppendTracker(bar)
		t.rows.onBatch = func(n int) { bar.Increment(int64(n)) }
		var n int64
		n, err = d.db.Append(ctx, "demo", t.name, t.rows)
		t.rows.Release()
		if err == nil && n != int64(t.rows.rows) {
			err = fmt.Errorf("%d rows of %s were sent and %d acknowledged", t.rows.rows, t.name, n)
		}
		if err != nil {
			bar.MarkAsErrored()
			return err
		}
		bar.MarkAsDone()
	}
	return nil
}

// demoQueries are what a dashboard would ask.
func demoQueries() []struct{ title, sql string } {
	return []struct{ title, sql string }{
		{"Temperature by site", `SELECT site, COUNT(*) AS readings, ROUND(AVG(temperature), 2) AS average,
			ROUND(MIN(temperature), 2) AS lowest, ROUND(MAX(temperature), 2) AS highest
			FROM demo.readings GROUP BY site ORDER BY site`},
		{"Sensors with missed measurements", `SELECT sensor, COUNT(*) - COUNT(humidity) AS missed
			FROM demo.readings GROUP BY sensor ORDER BY missed DESC, sensor LIMIT 5`},
		{"Errors and slow requests by service", `SELECT service, COUNT(*) AS events,
			SUM(CASE WHEN level = 'ERROR' THEN 1 ELSE 0 END) AS errors, MAX(duration_ms) AS slowest_ms
			FROM demo.logs GROUP BY service ORDER BY errors DESC, service`},
		{"Turnover by symbol", `SELECT symbol, SUM(quantity) AS shares, SUM(price * quantity) AS turnover,
			MIN(price) AS low, MAX(price) AS high FROM demo.trades GROUP BY symbol ORDER BY turnover DESC`},
	}
}

func (d *demo) queries(ctx context.Context) error {
	old, err := dialJSON(ctx, d.endpoints.JSON, "admin", d.password)
	if err != nil {
		return err
	}
	defer old.close() //nolint:errcheck // the queries are done
	if err := d.say("\n2. Dashboard queries by Flight SQL, and the same by the JSON protocol\n"); err != nil {
		return err
	}
	for _, q := range demoQueries() {
		start := time.Now()
		rows, err := d.db.Stream(ctx, q.sql)
		if err != nil {
			return err
		}
		header, body, err := shell.Collect(rows)
		flight := time.Since(start)
		if err != nil {
			return err
		}
		start = time.Now()
		n, err := old.countRows(q.sql)
		if err != nil {
			return err
		}
		if n != len(body) {
			return fmt.Errorf("%s: Flight SQL gives %d rows and JSON %d", q.title, len(body), n)
		}
		took := shell.Round(time.Since(start))
		if err := d.say("\n%s (Flight SQL %s, JSON %s)\n%s\n", q.title, shell.Round(flight), took,
			renderTable(header, body)); err != nil {
			return err
		}
	}
	return nil
}

func renderTable(header []string, body [][]string) string {
	t := table.NewWriter()
	t.SetStyle(table.StyleRounded)
	t.Style().Format.Header = text.FormatDefault
	t.AppendHeader(toRow(header))
	for _, line := range body {
		t.AppendRow(toRow(line))
	}
	return t.Render()
}

func toRow(cells []string) table.Row {
	row := make(table.Row, len(cells))
	for i, c := range cells {
		row[i] = c
	}
	return row
}

// explain says how to connect to the server that now runs.
func (d *demo) explain() error {
	host, port, _ := strings.Cut(d.endpoints.JSON, ":")
	return d.say(`
3. Connect to this server: user admin, password %[1]s

  shell        MICODB_USER=admin MICODB_PASSWORD=%[1]s bin/micodb sql --url grpc://%[2]s
  Python ADBC  adbc_driver_flightsql.dbapi.connect("grpc://%[2]s", db_kwargs={"username": "admin", "password": "%[1]s"})
  JDBC         jdbc:arrow-flight-sql://%[2]s?useEncryption=false&user=admin&password=%[1]s
  JSON         nc %[3]s %[4]s
  metrics      http://%[5]s/metrics

Ctrl-C ends it and removes its data.
`, d.password, d.endpoints.Flight, host, port, d.endpoints.HTTP)
}
