package session

import (
	"context"
	"errors"
	"io"
	"sync"
	"sync/atomic"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/internal/batch"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/tablefile"
	"github.com/micodb/micodb/internal/vector"
)

// fileScan is one reading of files. The row groups of Parquet files are read by several workers at once; text is split
// into batches by whichever worker needs one, and the batches are worked on by all.
type fileScan struct {
	set     *fileSet
	memory  memory.Allocator
	columns []catalog.Column // the requested ones
	proven  []catalog.ScanColumn
	rows    int // of a chunk

	next     atomic.Int64 // part
	counts   catalog.ScanCounts
	counting sync.Mutex // guards counts

	mu   sync.Mutex // guards text
	text *openPart
}

// Scan implements catalog.Source.
func (s *fileSet) Scan(_ context.Context, req catalog.ScanRequest, m memory.Allocator) (catalog.Scan, error) {
	scan := &fileScan{set: s, memory: m, rows: vector.ChunkRows}
	if req.ChunkRows > 0 {
		scan.rows = min(scan.rows, req.ChunkRows)
	}
	for _, id := range req.Columns {
		i := s.table.ByID(id)
		if i < 0 {
			return nil, sqlerr.NotSupported("to change the rows of a file")
		}
		c := s.table.Columns[i]
		lo, hi := c.Type.Limits()
		scan.columns = append(scan.columns, c)
		scan.proven = append(scan.proven, catalog.ScanColumn{
			ID: id, Type: c.Type, Physical: c.Type.Physical(), Lo: lo, Hi: hi, Nullable: !c.NotNull,
		})
	}
	return scan, nil
}

// Columns implements catalog.Scan.
func (s *fileScan) Columns() []catalog.ScanColumn { return s.proven }

// Morsels implements catalog.Scan; of text nobody knows how many batches it has.
func (s *fileScan) Morsels() int {
	if s.set.options.format == tablefile.Parquet {
		return len(s.set.parts)
	}
	return int(s.set.table.Statistics.Rows/vector.ChunkRows) + 1
}

// Open implements catalog.Scan.
func (s *fileScan) Open(int) (catalog.ChunkSource, error) {
	return &fileSource{scan: s, chunk: vector.Chunk{Columns: make([]*vector.Vector, len(s.columns))}}, nil
}

// Counts implements catalog.Scan.
func (s *fileScan) Counts() catalog.ScanCounts {
	s.counting.Lock()
	defer s.counting.Unlock()
	return s.counts
}

// openPart is a part that is being read.
type openPart struct {
	filePart

	opened io.Closer
	reader *tablefile.Reader
}

// open opens the next part: io.EOF after the last one.
func (s *fileScan) open(ctx context.Context) (*openPart, error) {
	i := s.next.Add(1) - 1
	if i >= int64(len(s.set.parts)) {
		return nil, io.EOF
	}
	p := &openPart{filePart: s.set.parts[i]}
	options := tablefile.ReadOptions{
		Format: s.set.options.format, Dialect: s.set.options.dialect, Table: s.set.texts,
		MaxErrors: s.set.options.maxErrors, Memory: s.memory, Group: p.group, Columns: []string{},
	}
	for _, c := range s.columns {
		options.Columns = append(options.Columns, c.Name)
	}
	f, source, err := s.set.directory.Open(p.file)
	if err != nil {
		return nil, err
	}
	p.opened = f
	if p.reader, err = tablefile.Open(ctx, source, options); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return p, nil
}

// close ends the reading of a part and notes what was read.
func (s *fileScan) close(p *openPart) error {
	s.counting.Lock()
	defer s.counting.Unlock()
	s.counts.Rows += p.reader.Rows()
	s.counts.Bytes += p.reader.Read()
	if p.group == 0 {
		s.counts.Files++
	} else {
		s.counts.RowGroups++
	}
	return errors.Join(p.reader.Close(), p.opened.Close())
}

// nextText returns the next batch of the text files and where it is from: io.EOF after the last one.
func (s *fileScan) nextText(ctx context.Context) (arrow.RecordBatch, *openPart, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		if s.text == nil {
			var err error
			if s.text, err = s.open(ctx); err != nil {
				return nil, nil, err
			}
		}
		b, err := s.text.reader.Next(ctx)
		if !errors.Is(err, io.EOF) {
			return b, s.text, err
		}
		if err := s.closeText(); err != nil {
			return nil, nil, err
		}
	}
}

func (s *fileScan) closeText() error {
	if s.text == nil {
		return nil
	}
	err := s.close(s.text)
	s.text = nil
	return err
}

// Close ends the reading of text that nobody finished.
func (s *fileScan) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closeText()
}

// fileSource is one worker's reading.
type fileSource struct {
	scan  *fileScan
	part  *openPart // of the batch, or of the next one of a Parquet file
	into  *loader   // from batches of the part to the requested columns
	batch arrow.RecordBatch
	at    int // row of the batch
	chunk vector.Chunk
}

// Next implements catalog.ChunkSource.
func (f *fileSource) Next(ctx context.Context) (*vector.Chunk, error) {
	for f.batch == nil || f.at >= int(f.batch.NumRows()) {
		f.release()
		switch err := f.advance(ctx); {
		case errors.Is(err, io.EOF):
			return nil, nil //nolint:nilnil // the contract's end
		case err != nil:
			return nil, err
		}
	}
	from, to := f.at, min(f.at+f.scan.rows, int(f.batch.NumRows()))
	f.at = to
	f.chunk.Len = to - from
	for i := range f.chunk.Columns {
		if f.chunk.Columns[i] = f.constant(i); f.chunk.Columns[i] != nil {
			continue
		}
		v, err := f.into.column(i, f.batch, from, to)
		if err != nil {
			return nil, tablefile.InFile(f.part.reader.Name(), f.into.explain(err, i, from))
		}
		f.chunk.Columns[i] = v
	}
	f.into.done += int64(to - from)
	return &f.chunk, nil
}

// constant returns the column that says which file the rows are from, nil for the others.
func (f *fileSource) constant(i int) *vector.Vector {
	if !f.scan.set.options.filename || f.scan.columns[i].Name != filenameColumn {
		return nil
	}
	return &vector.Vector{
		Type: vector.Of(vector.Text), Physical: vector.Bytes, Encoding: vector.Constant, Len: f.chunk.Len,
		Dictionary: &vector.Dictionary{Values: [][]byte{[]byte(f.part.file)}},
	}
}

// advance gets the next batch: io.EOF after the last one.
func (f *fileSource) advance(ctx context.Context) (err error) {
	if f.scan.set.options.format != tablefile.Parquet {
		b, part, err := f.scan.nextText(ctx)
		if err != nil {
			return err
		}
		return f.enter(part, b)
	}
	if f.part == nil {
		if f.part, err = f.scan.open(ctx); err != nil {
			return err
		}
		f.into = nil
	}
	b, err := f.part.reader.Next(ctx)
	if !errors.Is(err, io.EOF) {
		if err != nil {
			return err
		}
		return f.enter(f.part, b)
	}
	part := f.part
	f.part = nil
	if err := f.scan.close(part); err != nil {
		return err
	}
	return f.advance(ctx)
}

// enter begins a batch of a part, which it then owns.
func (f *fileSource) enter(part *openPart, b arrow.RecordBatch) (err error) {
	f.batch, f.at = b, 0
	if err := batch.Validate(b); err != nil {
		return tablefile.InFile(part.reader.Name(), err)
	}
	if f.into == nil || f.part != part {
		f.part = part
		if f.into, err = f.scan.loader(part.reader); err != nil {
			return tablefile.InFile(part.reader.Name(), err)
		}
	}
	return nil
}

// loader matches the requested columns with those of a file: 42703 for one that it lacks, 42804 for one of a type that
// does not fit.
func (s *fileScan) loader(r *tablefile.Reader) (*loader, error) {
	l := &loader{
		table:   &catalog.Table{Name: s.set.table.Name, Columns: s.columns},
		sources: make([]source, len(s.columns)),
	}
	for i, c := range s.columns {
		l.sources[i].field = -1
		if s.set.options.filename && c.Name == filenameColumn {
			continue
		}
		for k, field := range r.Schema().Fields() {
			if catalog.FoldName(field.Name) != catalog.FoldName(c.Name) {
				continue
			}
			var err error
			if l.sources[i], err = sourceOf(k, field, c); err != nil {
				return nil, err
			}
			break
		}
		if l.sources[i].field < 0 && !s.set.options.unionByName {
			return nil, sqlerr.New(sqlerr.UndefinedColumn, "it has no column %q, which the first file has", c.Name).
				WithHint("with union_by_name = true it is NULL there")
		}
	}
	return l, nil
}

func (f *fileSource) release() {
	if f.batch != nil {
		f.batch.Release()
		f.batch = nil
	}
}

// Close gives back the batch, and ends the part that this worker alone reads.
func (f *fileSource) Close() error {
	f.release()
	part := f.part
	f.part = nil
	if part == nil || part.group == 0 {
		return nil
	}
	return f.scan.close(part)
}
