package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/decimal128"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// generatorBatchRows is how many rows the demo sends at once.
const generatorBatchRows = 1 << 14

// generator makes a table's rows batch by batch; it is an Arrow record reader.
type generator struct {
	schema  *arrow.Schema
	rows    int
	made    int
	columns func(first, n int) []arrow.Array // rows first to first+n-1
	current arrow.RecordBatch
	onBatch func(rows int) // told after each batch; may be nil
}

var _ array.RecordReader = (*generator)(nil)

// Retain does nothing: a generator has one owner.
func (*generator) Retain() {}

// Release drops the current batch.
func (g *generator) Release() {
	if g.current != nil {
		g.current.Release()
		g.current = nil
	}
}

// Schema returns the columns.
func (g *generator) Schema() *arrow.Schema { return g.schema }

// Err is always nil.
func (*generator) Err() error { return nil }

// RecordBatch returns the current batch.
func (g *generator) RecordBatch() arrow.RecordBatch { return g.current }

// Record is RecordBatch by the name that the interface had before.
func (g *generator) Record() arrow.RecordBatch { return g.current }

// Next makes the next batch.
func (g *generator) Next() bool {
	g.Release()
	n := min(generatorBatchRows, g.rows-g.made)
	if n == 0 {
		return false
	}
	columns := g.columns(g.made, n)
	g.current = array.NewRecordBatch(g.schema, columns, int64(n))
	for _, c := range columns {
		c.Release()
	}
	g.made += n
	if g.onBatch != nil {
		g.onBatch(n)
	}
	return true
}

// demoTime is the time of an event: they follow each other by step from the start of 2026.
func demoTime(row int, step time.Duration) time.Time {
	return time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(row) * step)
}

// newReadings makes sensor readings: one a second from each of 64 sensors, with the day in their temperature.
func newReadings(rows int, seed uint64) *generator {
	const sensors = 64
	sites := []string{"berlin", "lisbon", "oslo", "tallinn"}
	random := rand.New(rand.NewPCG(seed, 1))
	g := &generator{rows: rows, schema: arrow.NewSchema([]arrow.Field{
		{Name: "time", Type: &arrow.TimestampType{Unit: arrow.Nanosecond}},
		{Name: "sensor", Type: arrow.PrimitiveTypes.Int32},
		{Name: "site", Type: arrow.BinaryTypes.String},
		{Name: "temperature", Type: arrow.PrimitiveTypes.Float64},
		{Name: "humidity", Type: arrow.PrimitiveTypes.Float64, Nullable: true},
		{Name: "healthy", Type: arrow.FixedWidthTypes.Boolean},
	}, nil)}
	g.columns = func(first, n int) []arrow.Array {
		at := array.NewTimestampBuilder(memory.DefaultAllocator, &arrow.TimestampType{Unit: arrow.Nanosecond})
		sensor := array.NewInt32Builder(memory.DefaultAllocator)
		site := array.NewStringBuilder(memory.DefaultAllocator)
		temperature := array.NewFloat64Builder(memory.DefaultAllocator)
		humidity := array.NewFloat64Builder(memory.DefaultAllocator)
		healthy := array.NewBooleanBuilder(memory.DefaultAllocator)
		for row := first; row < first+n; row++ {
			number, second := row%sensors, row/sensors
			at.Append(arrow.Timestamp(demoTime(second, time.Second).UnixNano()))
			sensor.Append(int32(number))
			site.Append(sites[number%len(sites)])
			day := math.Sin(2 * math.Pi * float64(second) / 86400)
			temperature.Append(15 + 8*day + float64(number%7) + random.NormFloat64())
			if random.IntN(200) == 0 { // a measurement that was missed
				humidity.AppendNull()
			} else {
				humidity.Append(55 + 10*random.Float64())
			}
			healthy.Append(random.IntN(1000) != 0)
		}
		return finish(at, sensor, site, temperature, humidity, healthy)
	}
	return g
}

// newLogs makes log events of a few services.
func newLogs(rows int, seed uint64) *generator {
	services := []string{"checkout", "search", "login", "stock", "mail"}
	random := rand.New(rand.NewPCG(seed, 2))
	g := &generator{rows: rows, schema: arrow.NewSchema([]arrow.Field{
		{Name: "time", Type: &arrow.TimestampType{Unit: arrow.Nanosecond}},
		{Name: "service", Type: arrow.BinaryTypes.String},
		{Name: "level", Type: arrow.BinaryTypes.String},
		{Name: "duration_ms", Type: arrow.PrimitiveTypes.Int64},
		{Name: "message", Type: arrow.BinaryTypes.String},
	}, nil)}
	g.columns = func(first, n int) []arrow.Array {
		at := array.NewTimestampBuilder(memory.DefaultAllocator, &arrow.TimestampType{Unit: arrow.Nanosecond})
		service := array.NewStringBuilder(memory.DefaultAllocator)
		level := array.NewStringBuilder(memory.DefaultAllocator)
		duration := array.NewInt64Builder(memory.DefaultAllocator)
		message := array.NewStringBuilder(memory.DefaultAllocator)
		for row := first; row < first+n; row++ {
			at.Append(arrow.Timestamp(demoTime(row, 40*time.Millisecond).UnixNano()))
			service.Append(services[random.IntN(len(services))])
			switch dice := random.IntN(100); {
			case dice < 3:
				level.Append("ERROR")
			case dice < 12:
				level.Append("WARN")
			default:
				level.Append("INFO")
			}
			duration.Append(int64(random.ExpFloat64() * 30))
			message.Append(fmt.Sprintf("request %08x was answered", random.Uint32()))
		}
		return finish(at, service, level, duration, message)
	}
	return g
}

// newTrades makes trades whose prices walk.
func newTrades(rows int, seed uint64) *generator {
	symbols := []string{"AUR", "BOL", "CYG", "DRA", "ERI", "FOR"}
	cents := []int64{10250, 3120, 58800, 940, 21075, 7700}
	priceType := &arrow.Decimal128Type{Precision: 12, Scale: 2}
	random := rand.New(rand.NewPCG(seed, 3))
	g := &generator{rows: rows, schema: arrow.NewSchema([]arrow.Field{
		{Name: "time", Type: &arrow.TimestampType{Unit: arrow.Nanosecond}},
		{Name: "symbol", Type: arrow.BinaryTypes.String},
		{Name: "price", Type: priceType},
		{Name: "quantity", Type: arrow.PrimitiveTypes.Int32},
		{Name: "day", Type: arrow.FixedWidthTypes.Date32},
	}, nil)}
	g.columns = func(first, n int) []arrow.Array {
		at := array.NewTimestampBuilder(memory.DefaultAllocator, &arrow.TimestampType{Unit: arrow.Nanosecond})
		symbol := array.NewStringBuilder(memory.DefaultAllocator)
		price := array.NewDecimal128Builder(memory.DefaultAllocator, priceType)
		quantity := array.NewInt32Builder(memory.DefaultAllocator)
		day := array.NewDate32Builder(memory.DefaultAllocator)
		for row := first; row < first+n; row++ {
			i := random.IntN(len(symbols))
			cents[i] = max(100, cents[i]+int64(random.NormFloat64()*float64(cents[i])/2000))
			when := demoTime(row, 700*time.Millisecond)
			at.Append(arrow.Timestamp(when.UnixNano()))
			symbol.Append(symbols[i])
			price.Append(decimal128.FromI64(cents[i]))
			quantity.Append(int32(1 + random.IntN(500)))
			day.Append(arrow.Date32FromTime(when))
		}
		return finish(at, symbol, price, quantity, day)
	}
	return g
}

func finish(builders ...array.Builder) []arrow.Array {
	out := make([]arrow.Array, len(builders))
	for i, b := range builders {
		out[i] = b.NewArray()
		b.Release()
	}
	return out
}
