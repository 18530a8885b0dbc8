package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/flight/flightsql"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

const pointQuery = "SELECT id, name, amount, shelf FROM points WHERE id = ?"

// load is what a server is asked for.
type load struct {
	connections int
	length      time.Duration
	rows        int64 // keys are from 1 to this
}

// measurement is what a server did.
type measurement struct {
	Rate              float64 `json:"selects_per_second"`
	LatencyP50        float64 `json:"latency_us_p50"`
	LatencyP99        float64 `json:"latency_us_p99"`
	ServerCPU         float64 `json:"server_cpu_us_per_select"`
	Selects           int     `json:"selects"`
	latencies         []time.Duration
	serverCPU, length time.Duration
}

// measure loads a server from so many connections, each with a prepared statement of its own, which selects one random
// key after another.
func (s *server) measure(ctx context.Context, l load) (m measurement, err error) {
	clients := make([]*pointClient, l.connections)
	defer func() {
		for _, c := range clients {
			if c != nil {
				err = errors.Join(err, c.close(ctx))
			}
		}
	}()
	for i := range clients {
		if clients[i], err = newPointClient(ctx, s); err != nil {
			return m, err
		}
	}
	before, err := s.cpu()
	if err != nil {
		return m, err
	}
	begun := time.Now()
	var wg sync.WaitGroup
	for i, c := range clients {
		wg.Go(func() { c.loop(s.context(ctx), begun.Add(l.length), rand.New(rand.NewPCG(uint64(i), 1)), l.rows) })
	}
	wg.Wait()
	m.length = time.Since(begun)
	after, err := s.cpu()
	if err != nil {
		return m, err
	}
	m.serverCPU = after - before
	for _, c := range clients {
		if c.err != nil {
			return m, c.err
		}
		m.latencies = append(m.latencies, c.latencies...)
	}
	m.summarize()
	return m, nil
}

func (m *measurement) summarize() {
	slices.Sort(m.latencies)
	m.Selects = len(m.latencies)
	n := float64(m.Selects)
	m.Rate = n / m.length.Seconds()
	m.ServerCPU = float64(m.serverCPU.Microseconds()) / n
	m.LatencyP50 = microseconds(m.latencies[m.Selects/2])
	m.LatencyP99 = microseconds(m.latencies[m.Selects*99/100])
	m.latencies = nil
}

func microseconds(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1e3 }

// pointClient is one connection.
type pointClient struct {
	client    *flightsql.Client
	statement *flightsql.PreparedStatement
	server    *server
	latencies []time.Duration
	err       error
}

func newPointClient(ctx context.Context, s *server) (*pointClient, error) {
	c, err := flightsql.NewClient(s.address, nil, nil, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return nil, err
	}
	p := &pointClient{client: c, server: s}
	if p.statement, err = c.Prepare(s.context(ctx), pointQuery); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return p, nil
}

func (c *pointClient) close(ctx context.Context) error {
	return errors.Join(c.statement.Close(c.server.context(ctx)), c.client.Close())
}

func (c *pointClient) loop(ctx context.Context, until time.Time, keys *rand.Rand, rows int64) {
	for c.err == nil {
		begun := time.Now()
		if begun.After(until) {
			return
		}
		c.err = c.one(ctx, 1+keys.Int64N(rows))
		c.latencies = append(c.latencies, time.Since(begun))
	}
}

// one selects a key, and holds the row against what the table has.
func (c *pointClient) one(ctx context.Context, key int64) error {
	b := array.NewInt64Builder(memory.DefaultAllocator)
	b.Append(key)
	column := b.NewArray()
	parameters := array.NewRecordBatch(parameterSchema(), []arrow.Array{column}, 1)
	column.Release()
	b.Release()
	c.statement.SetParameters(parameters) // which takes it over
	info, err := c.statement.Execute(ctx)
	if err != nil {
		return err
	}
	rows, err := c.client.DoGet(ctx, info.GetEndpoint()[0].GetTicket())
	if err != nil {
		return err
	}
	defer rows.Release()
	found := int64(0)
	for rows.Next() {
		record := rows.RecordBatch()
		found += record.NumRows()
		if err := c.check(record, key); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	if found != 1 {
		return fmt.Errorf("key %d has %d rows", key, found)
	}
	return nil
}

func (c *pointClient) check(record arrow.RecordBatch, key int64) error {
	if c.server.fixedRow || record.NumRows() == 0 {
		return nil
	}
	want := pointBatch([]int64{key})
	defer want.Release()
	for i, column := range want.Columns() {
		if !array.Equal(column, record.Column(i)) {
			return fmt.Errorf("key %d: column %d is %v, not %v", key, i, record.Column(i), column)
		}
	}
	return nil
}
