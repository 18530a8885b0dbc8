package txn

import (
	"context"
	"maps"
	"slices"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/internal/vector"
	"github.com/micodb/micodb/storage/manifest"
	"github.com/micodb/micodb/storage/segment"
	"github.com/micodb/micodb/storage/wal"
)

// request is a commit on its way through the sequencer. All that can be made before its place in the order is
// known has been made.
type request struct {
	snapshot *published
	async    bool
	changes  []manifest.Change
	tables   []tableRequest
	records  []wal.Record // definitions, then each table's inserts and segments
	bytes    int          // of the records
	done     chan result  // has room for one

	// The sequencer fills in:
	sequence catalog.Sequence
	time     catalog.Timestamp
	appends  []appended
}

// tableRequest is what a commit does to one table.
type tableRequest struct {
	id       catalog.TableID
	version  catalog.Version // of the definition that the transaction saw; 0 when it made the table itself
	created  bool
	altered  bool // its definition has changed
	chunks   []*vector.Chunk
	segments []*segment.Descriptor
	deletes  *catalog.AddressSet // as of the snapshot
}

// appended is a chunk with its place in a memtable.
type appended struct {
	table catalog.TableID
	rows  *vector.Chunk
	at    []wal.Range
}

// alters tells whether the commit changes the definition of a table that has rows.
func (r *request) alters() bool {
	return slices.ContainsFunc(r.tables, func(of tableRequest) bool { return of.altered && !of.created })
}

type result struct {
	time catalog.Timestamp
	err  error
}

// newRequest encodes a write set.
func newRequest(ctx context.Context, t *Transaction) (*request, error) {
	r := &request{
		snapshot: t.snapshot, async: t.options.Async, changes: t.writes.changes, done: make(chan result, 1),
	}
	if len(r.changes) > 0 {
		body, err := manifest.Encode(r.changes)
		if err != nil {
			return nil, err
		}
		r.records = append(r.records, &wal.Definition{Body: body})
		r.bytes += len(body)
	}
	for _, id := range slices.Sorted(maps.Keys(t.writes.tables)) {
		w := t.writes.tables[id]
		if _, exists := t.writes.definitions.tables[id]; !exists || w.empty() && !w.created && !w.altered {
			continue // dropped by the transaction itself, or not changed
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err := t.settle(ctx, w); err != nil {
			return nil, err
		}
		if err := r.add(id, w); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// add encodes the changes of a table.
func (r *request) add(id catalog.TableID, w *tableWrites) error {
	definition := w.version.Definition()
	w.deletes.Compress()
	of := tableRequest{
		id: id, version: w.base, created: w.created, altered: w.altered, segments: w.segments, deletes: w.deletes,
		chunks: chunksOf(w.rows.View(), definition.Columns),
	}
	schema := schemaOf(definition.Columns)
	for _, chunk := range of.chunks {
		body, err := encodeRows(schema, chunk)
		if err != nil {
			return err
		}
		r.records = append(r.records, &wal.Insert{Table: id, Version: of.version, Body: body})
		r.bytes += len(body)
	}
	if len(of.segments) > 0 {
		body, err := encodeSegments(id, of.segments)
		if err != nil {
			return err
		}
		r.records = append(r.records, &wal.Segments{Body: body})
		r.bytes += len(body)
	}
	r.tables = append(r.tables, of)
	return nil
}
