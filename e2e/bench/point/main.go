// Point measures prepared selects of random keys against an empty Flight server that answers the same calls, and writes
// point.json and point.md. Both servers are processes of their own; all clients are in this one. What it prints is the
// rate of each at each number of connections, their ratio, and the processor time that a server takes for a select,
// which tells what limits a rate and, unlike it, can be read on a busy machine.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"time"
)

// options are what the benchmark is told.
type options struct {
	binary      string        // of MicoDB
	out         string        // folder of the results
	rows        int64         // of the table
	repetitions int           // of each measurement
	length      time.Duration // of one
	threads     int           // of MicoDB
}

func main() {
	var o options
	flag.StringVar(&o.binary, "binary", "bin/micodb", "the server to measure")
	flag.StringVar(&o.out, "out", "e2e/bench/results", "where the results go")
	flag.Int64Var(&o.rows, "rows", 1_000_000, "rows of the table")
	flag.IntVar(&o.repetitions, "repetitions", 5, "measurements of each server at each number of connections")
	flag.DurationVar(&o.length, "length", 3*time.Second, "how long one measurement takes")
	flag.IntVar(&o.threads, "threads", 2, "threads of MicoDB")
	empty := flag.Bool("serve-empty", false, "be the empty server, until standard input ends")
	flag.Parse()
	run := o.run
	if *empty {
		run = serveEmpty
	}
	if err := run(context.Background()); err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "point:", err)
		os.Exit(1)
	}
}

// connectionCounts are at how many connections the servers are compared.
func connectionCounts() []int { return []int{1, 16} }

func (o options) run(ctx context.Context) error {
	servers, err := o.start(ctx)
	if err != nil {
		return err
	}
	defer servers.stop()
	r := newReport(o)
	for _, n := range connectionCounts() {
		c, err := o.compare(ctx, n, servers)
		if err != nil {
			return err
		}
		r.Comparisons = append(r.Comparisons, c)
	}
	return r.write(o.out)
}

// compare measures both servers in turn, after a round that warms them and does not count.
func (o options) compare(ctx context.Context, connections int, s *servers) (comparison, error) {
	c := comparison{Connections: connections}
	for i := range o.repetitions + 1 {
		order := []*server{s.mico, s.empty}
		if i%2 == 1 {
			order = []*server{s.empty, s.mico}
		}
		for _, of := range order {
			m, err := of.measure(ctx, load{connections: connections, length: o.length, rows: o.rows})
			if err != nil {
				return c, fmt.Errorf("%s: %w", of.name, err)
			}
			switch {
			case i == 0:
			case of == s.mico:
				c.MicoDB = append(c.MicoDB, m)
			default:
				c.Empty = append(c.Empty, m)
			}
		}
	}
	c.summarize()
	return c, nil
}
