// Package batch is the Arrow record-batch stream that carries every result and every ingest between the
// protocols, the session and the engine, and the conversion between Arrow batches and the engine's chunks.
package batch

import (
	"context"

	"github.com/apache/arrow-go/v18/arrow"
)

// Stream hands out a result batch by batch. It has one owner and is not safe for concurrent use.
type Stream interface {
	Schema() *arrow.Schema

	// Next returns the next batch, which is immutable and belongs to the caller, who releases it. It returns
	// io.EOF at the end, and after an error the same error ever after.
	Next(ctx context.Context) (arrow.RecordBatch, error)

	// Close is idempotent and legal at any time; it stops what still works for the stream, and waits for it.
	Close() error
}
