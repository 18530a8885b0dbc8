package session

import (
	"context"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/internal/batch"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

// answer is how a command that gives rows makes them: few, and all at once.
type answer struct {
	columns []catalog.Column
	once    bool // the rows can't be had again: a command that would drop them is refused
	rows    func(ctx context.Context, st *statement, emit emitter) error
}

// schema returns the schema of the rows; nil for no answer.
func (a *answer) schema() *arrow.Schema {
	if a == nil {
		return nil
	}
	fields := make([]arrow.Field, len(a.columns))
	for i, c := range a.columns {
		fields[i] = batch.FieldOf(c.Name, c.Type, !c.NotNull)
	}
	return arrow.NewSchema(fields, nil)
}

// answerRows runs a command that gives rows.
func (st *statement) answerRows(ctx context.Context) (batch.Stream, error) {
	a := st.command.answer
	builders := make([]*vector.Builder, len(a.columns))
	for i, c := range a.columns {
		builders[i] = vector.NewBuilder(c.Type)
	}
	var batches []arrow.RecordBatch
	chunk := &vector.Chunk{}
	flush := func() error {
		if chunk.Len == 0 {
			return nil
		}
		for i, b := range builders {
			chunk.Columns = append(chunk.Columns, b.Build())
			builders[i] = vector.NewBuilder(a.columns[i].Type)
		}
		b, err := batch.RecordOf(st.result, chunk, memory.DefaultAllocator)
		if err != nil {
			return sqlerr.Wrap(err, sqlerr.InternalError, "the rows can't be encoded")
		}
		batches, chunk = append(batches, b), &vector.Chunk{}
		return nil
	}
	err := st.runCommand(ctx, func(ctx context.Context) error {
		err := a.rows(ctx, st, func(row ...vector.Scalar) error {
			for i, value := range row {
				builders[i].AppendScalar(value)
			}
			if chunk.Len++; chunk.Len < vector.ChunkRows {
				return nil
			}
			return flush()
		})
		if err != nil {
			return err
		}
		return flush()
	})
	if err != nil {
		for _, b := range batches {
			b.Release()
		}
		return nil, err
	}
	return batch.NewSlice(st.result, batches...), nil
}
