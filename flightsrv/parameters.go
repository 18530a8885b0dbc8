package flightsrv

import (
	"bytes"
	"context"
	"errors"
	"io"
	"sync/atomic"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/micodb/micodb/internal/batch"
	"github.com/micodb/micodb/internal/budget"
	"github.com/micodb/micodb/internal/limits"
	"github.com/micodb/micodb/internal/sqlerr"
)

// parameters are rows that a client bound to a statement, nil being none. The handles that they are bound to, and what
// runs with them, share them; the last to let go gives their memory back.
type parameters struct {
	schema  *arrow.Schema
	batches []arrow.RecordBatch
	memory  *budget.Query
	refs    atomic.Int64
}

func (p *parameters) retain() *parameters {
	if p != nil {
		p.refs.Add(1)
	}
	return p
}

func (p *parameters) release() {
	if p != nil && p.refs.Add(-1) == 0 {
		p.memory.Close()
	}
}

// stream returns a new stream of the rows: nil for nil.
func (p *parameters) stream() batch.Stream {
	if p == nil {
		return nil
	}
	return &keptStream{schema: p.schema, batches: p.batches}
}

// collect reads all rows that are to stay bound. They are copied: an array that was decoded in place would keep the
// whole message that it came with.
func (h *handlers) collect(ctx context.Context, in *incoming) (*parameters, error) {
	if in == nil || in.schema.NumFields() == 0 {
		return nil, nil //nolint:nilnil // no parameters
	}
	p := &parameters{schema: in.schema, memory: h.config.Budget.Query(0)}
	p.retain()
	for {
		record, err := in.Next(ctx)
		if errors.Is(err, io.EOF) {
			return p, nil
		}
		if err == nil {
			err = p.keep(record, h.limits.ParameterBytes)
			record.Release()
		}
		if err != nil {
			p.release()
			return nil, err
		}
	}
}

// keep copies a batch to the others, which have most bytes together.
func (p *parameters) keep(record arrow.RecordBatch, most int64) error {
	size := int64(0)
	for _, column := range record.Columns() {
		size += heldBytes(column.Data())
	}
	if p.memory.Used()+size > most {
		return sqlerr.New(sqlerr.LimitExceeded, "the parameters have over %s", limits.SizeText(most)).
			WithHint("execute the statement with fewer rows, or ingest them")
	}
	if err := p.memory.Reserve(size); err != nil {
		return err
	}
	columns := make([]arrow.Array, record.NumCols())
	for i, column := range record.Columns() {
		columns[i] = array.MakeFromData(copied(column.Data()))
	}
	p.batches = append(p.batches, array.NewRecordBatch(record.Schema(), columns, record.NumRows()))
	return nil
}

// heldBytes returns what copied takes.
func heldBytes(of arrow.ArrayData) int64 {
	size := int64(0)
	for _, b := range of.Buffers() {
		if b != nil {
			size += int64(b.Len())
		}
	}
	for _, child := range of.Children() {
		size += heldBytes(child)
	}
	if dictionary := of.Dictionary(); hasData(dictionary) {
		size += heldBytes(dictionary)
	}
	return size
}

// copied returns data that shares no buffer with another.
func copied(of arrow.ArrayData) arrow.ArrayData {
	buffers := make([]*memory.Buffer, len(of.Buffers()))
	for i, b := range of.Buffers() {
		if b != nil {
			buffers[i] = memory.NewBufferBytes(bytes.Clone(b.Bytes()))
		}
	}
	children := make([]arrow.ArrayData, len(of.Children()))
	for i, child := range of.Children() {
		children[i] = copied(child)
	}
	if dictionary := of.Dictionary(); hasData(dictionary) {
		values, _ := copied(dictionary).(*array.Data)
		return array.NewDataWithDictionary(of.DataType(), of.Len(), buffers, of.NullN(), of.Offset(), values)
	}
	return array.NewData(of.DataType(), of.Len(), buffers, children, of.NullN(), of.Offset())
}

// hasData tells a dictionary from none, which may be a nil within the interface.
func hasData(dictionary arrow.ArrayData) bool {
	data, ok := dictionary.(*array.Data)
	return ok && data != nil
}

// keptStream hands out batches, which stay where they are.
type keptStream struct {
	schema  *arrow.Schema
	batches []arrow.RecordBatch // that are left
}

// Schema returns that of the batches.
func (k *keptStream) Schema() *arrow.Schema { return k.schema }

// Next returns the next batch.
func (k *keptStream) Next(ctx context.Context) (arrow.RecordBatch, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if len(k.batches) == 0 {
		return nil, io.EOF
	}
	record := k.batches[0]
	record.Retain()
	k.batches = k.batches[1:]
	return record, nil
}

// Close leaves the batches where they are.
func (*keptStream) Close() error { return nil }
