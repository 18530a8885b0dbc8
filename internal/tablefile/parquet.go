package tablefile

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
	"github.com/apache/arrow-go/v18/parquet/schema"

	"github.com/micodb/micodb/internal/batch"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/textfile"
	"github.com/micodb/micodb/internal/vector"
)

// pageBytesMax is the most that a page of a Parquet file may have. Writers make pages of a megabyte.
const pageBytesMax = 64 << 20

// openParquet reads a file row group by row group, page by page.
func (r *Reader) openParquet(ctx context.Context, in Source, o ReadOptions) error {
	if in.Pipe != nil {
		return sqlerr.New(sqlerr.FeatureNotSupported, "a Parquet file can't be read from a pipe")
	}
	if err := checkFooter(in); err != nil {
		return err
	}
	props := parquet.NewReaderProperties(o.Memory)
	props.BufferedStreamEnabled = true
	props.MaxCompressedPageSize = min(pageBytesMax, in.Size)
	props.MaxUncompressedPageSize = pageBytesMax
	p, err := file.NewParquetReader(io.NewSectionReader(in.Bytes, 0, in.Size), file.WithReadProps(props))
	if err != nil {
		return err
	}
	meta := p.MetaData()
	meta.FileMetaData.KeyValueMetadata = nil // an Arrow schema among them is more to mistrust, and tells nothing new
	files, err := pqarrow.NewFileReader(p, pqarrow.ArrowReadProperties{BatchSize: textfile.BatchRows}, o.Memory)
	if err != nil {
		return err
	}
	found, err := files.Schema()
	if err != nil {
		return err
	}
	g := &groups{files: files, count: p.NumRowGroups(), rows: func(i int) int64 { return meta.RowGroup(i).NumRows() }}
	for i := range g.count {
		r.groups = append(r.groups, g.rows(i))
	}
	fields := chosen(found, o.Columns)
	for _, at := range fields {
		g.columns = leaves(g.columns, &files.Manifest.Fields[at])
	}
	j := newJSONColumns(meta.Schema, files.Manifest.Fields, fields, o.Table == nil)
	r.schema = j.schema
	if o.Group > 0 {
		if o.Group > g.count {
			return fmt.Errorf("it has %d row groups", g.count)
		}
		g.at, g.count = o.Group-1, o.Group
	}
	r.place = func() string {
		if g.at == 0 {
			return ""
		}
		return fmt.Sprintf(", row group %d", g.at)
	}
	total := max(p.NumRows(), 1)
	r.read = func() int64 { return int64(float64(in.Size) * float64(r.rows) / float64(total)) }
	r.free = g.free
	r.next = func(ctx context.Context) (arrow.RecordBatch, error) {
		b, err := g.next(ctx)
		if err != nil {
			return nil, err
		}
		return j.texts(b), nil
	}
	return ctx.Err()
}

// chosen returns the ordinals of the columns with these names, without regard to case, or of all.
func chosen(s *arrow.Schema, names []string) []int {
	all := make([]int, 0, s.NumFields())
	for i, f := range s.Fields() {
		if names == nil || slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, f.Name) }) {
			all = append(all, i)
		}
	}
	return all
}

// leaves appends the ordinals of the Parquet columns that a field is made of: more than one of a struct.
func leaves(to []int, f *pqarrow.SchemaField) []int {
	if f.IsLeaf() {
		return append(to, f.ColIndex)
	}
	for i := range f.Children {
		to = leaves(to, &f.Children[i])
	}
	return to
}

// groups reads one row group after the other, so that an error can tell which.
type groups struct {
	files   *pqarrow.FileReader
	columns []int
	count   int
	rows    func(group int) int64
	at      int // the row group that is read, from 1
	batch   pqarrow.RecordReader
	left    int64 // rows of the row group that are not read
}

func (g *groups) next(ctx context.Context) (arrow.RecordBatch, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	for g.batch == nil || g.left == 0 {
		g.free()
		if g.at == g.count {
			return nil, io.EOF
		}
		g.at++
		g.left = g.rows(g.at - 1)
		if g.left == 0 {
			continue
		}
		if len(g.columns) == 0 {
			n := g.left
			g.left = 0
			return array.NewRecordBatch(arrow.NewSchema(nil, nil), nil, n), nil
		}
		var err error
		if g.batch, err = g.files.GetRecordReader(ctx, g.columns, []int{g.at - 1}); err != nil {
			return nil, fmt.Errorf("it can't be read: %w", err)
		}
	}
	b, err := g.batch.Read()
	switch {
	case errors.Is(err, io.EOF):
		return nil, fmt.Errorf("%d rows are missing", g.left)
	case err != nil:
		return nil, err
	case b.NumRows() > g.left:
		return nil, errors.New("there are more rows than the file says")
	}
	g.left -= b.NumRows()
	b.Retain()
	return b, nil
}

func (g *groups) free() {
	if g.batch != nil {
		g.batch.Release()
		g.batch = nil
	}
}

// jsonColumns makes texts of JSON columns, which the library hands out as bytes.
type jsonColumns struct {
	schema *arrow.Schema
	which  []int
}

// newJSONColumns looks for them among the chosen fields; with typed they are of the type JSON, else texts that are
// looked at when they are stored as JSON.
func newJSONColumns(file *schema.Schema, found []pqarrow.SchemaField, chosen []int, typed bool) *jsonColumns {
	j := &jsonColumns{}
	fields := make([]arrow.Field, len(chosen))
	for i, at := range chosen {
		f := &found[at]
		fields[i] = *f.Field
		if !f.IsLeaf() || f.Field.Type.ID() != arrow.BINARY {
			continue
		}
		if _, ok := file.Column(f.ColIndex).LogicalType().(schema.JSONLogicalType); !ok {
			continue
		}
		j.which = append(j.which, i)
		fields[i].Type = arrow.BinaryTypes.String
		if typed {
			fields[i] = batch.FieldOf(fields[i].Name, vector.Of(vector.JSON), fields[i].Nullable)
		}
	}
	j.schema = arrow.NewSchema(fields, nil)
	return j
}

// texts owns the batch that it is given.
func (j *jsonColumns) texts(b arrow.RecordBatch) arrow.RecordBatch {
	defer b.Release()
	columns := slices.Clone(b.Columns())
	for _, i := range j.which {
		d := columns[i].Data()
		text := array.NewData(arrow.BinaryTypes.String, d.Len(), d.Buffers(), nil, d.NullN(), d.Offset())
		columns[i] = array.NewStringData(text)
		text.Release()
		defer columns[i].Release()
	}
	return array.NewRecordBatch(j.schema, columns, b.NumRows())
}
