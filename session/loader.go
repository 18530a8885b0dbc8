package session

import (
	"context"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/engine/function"
	"github.com/micodb/micodb/internal/batch"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

// loader turns batches of one schema into rows of a table.
type loader struct {
	table   *catalog.Table
	sources []source // one for each of the table's columns
	done    int64    // rows of earlier batches, for messages
}

// source says where a table's column comes from.
type source struct {
	field int            // of the batch; -1: NULL
	from  vector.Type    // of the field
	cast  expr.Evaluator // over the source as the only column; nil: it has the column's type
}

// newLoader matches fields to columns: 42703, 42701, 42804 or 23502 when they do not fit.
func newLoader(t *catalog.Table, s *arrow.Schema, opts IngestOptions) (*loader, error) {
	l := &loader{table: t, sources: make([]source, len(t.Columns))}
	for i := range l.sources {
		l.sources[i].field = -1
	}
	byName := opts.ByName || namesFit(t, s)
	if !byName && s.NumFields() != len(t.Columns) {
		return nil, sqlerr.New(sqlerr.DatatypeMismatch, "the batches have %d columns, table %s has %d",
			s.NumFields(), t.Name, len(t.Columns)).WithHint("name the columns as the table does")
	}
	for i, f := range s.Fields() {
		at := i
		if byName {
			if at = t.Find(f.Name); at < 0 {
				return nil, sqlerr.New(sqlerr.UndefinedColumn, "table %s has no column %q", t.Name, f.Name)
			}
		}
		if l.sources[at].field >= 0 {
			return nil, sqlerr.New(sqlerr.DuplicateColumn, "column %q is there twice", f.Name)
		}
		var err error
		if l.sources[at], err = sourceOf(i, f, t.Columns[at]); err != nil {
			return nil, err
		}
	}
	for i, c := range t.Columns {
		if l.sources[i].field < 0 && c.NotNull {
			return nil, sqlerr.New(sqlerr.NotNullViolation, "column %q of %s is NOT NULL and is given no value",
				c.Name, t.Name)
		}
	}
	return l, nil
}

// namesFit tells whether every field has the name of a column.
func namesFit(t *catalog.Table, s *arrow.Schema) bool {
	for _, f := range s.Fields() {
		if t.Find(f.Name) < 0 {
			return false
		}
	}
	return true
}

func sourceOf(i int, f arrow.Field, c catalog.Column) (source, error) {
	from, err := batch.TypeOf(f)
	if err != nil {
		return source{}, err
	}
	src := source{field: i, from: from}
	switch {
	case from.Equal(c.Type):
		return src, nil
	case from.Kind == vector.Unknown:
		return source{field: -1}, nil
	case !assignable(from, c.Type):
		return source{}, sqlerr.New(sqlerr.DatatypeMismatch, "column %q is %s, the batches have %s for it",
			c.Name, c.Type, from)
	}
	src.cast, err = expr.Compile(expr.Cast{Of: expr.Column{Name: c.Name, Of: from, IsNull: true}, To: c.Type})
	return src, err
}

// assignable tells which values may become a column's: what is implicit in SQL, and between all numbers, and all
// units of times, where a value that does not fit is an error.
func assignable(from, to vector.Type) bool {
	return function.Implicit(from, to) || from.IsNumeric() && to.IsNumeric() ||
		from.Kind == vector.Timestamp && to.Kind == vector.Timestamp && from.Zone == to.Zone ||
		from.Kind == vector.Time && to.Kind == vector.Time ||
		from.Kind == vector.Text && to.Kind == vector.JSON
}

// load inserts the rows of one batch.
func (l *loader) load(ctx context.Context, w catalog.Writer, b arrow.RecordBatch) error {
	if err := batch.Validate(b); err != nil {
		return err
	}
	for from := 0; from < int(b.NumRows()); from += vector.ChunkRows {
		to := min(from+vector.ChunkRows, int(b.NumRows()))
		c := &vector.Chunk{Len: to - from, Columns: make([]*vector.Vector, len(l.sources))}
		for i := range l.sources {
			v, err := l.column(i, b, from, to)
			if err != nil {
				return l.explain(err, i, from)
			}
			c.Columns[i] = v
		}
		if err := w.Insert(ctx, l.table.ID, c); err != nil {
			return err
		}
	}
	l.done += b.NumRows()
	return nil
}

func (l *loader) column(i int, b arrow.RecordBatch, from, to int) (*vector.Vector, error) {
	src := l.sources[i]
	if src.field < 0 {
		return nulls(l.table.Columns[i].Type, to-from), nil
	}
	v, err := batch.VectorOf(b.Column(src.field), src.from, from, to)
	if err == nil && src.cast != nil {
		v, err = src.cast(&vector.Chunk{Len: to - from, Columns: []*vector.Vector{v}}, nil)
	}
	if err != nil {
		return nil, err
	}
	if c := l.table.Columns[i]; c.NotNull && hasNull(v) {
		return nil, sqlerr.New(sqlerr.NotNullViolation, "a value is NULL and the column is NOT NULL")
	}
	return v, nil
}

// explain says which column, and between which rows, counted from 1, a value did not fit.
func (l *loader) explain(err error, column, from int) error {
	e := sqlerr.From(err)
	if e.Code == sqlerr.InternalError {
		return err
	}
	first := l.done + int64(from) + 1
	return sqlerr.Wrap(err, e.Code, "column %q of %s, rows from %d: %s", l.table.Columns[column].Name, l.table.Name,
		first, e.Message)
}

func nulls(t vector.Type, n int) *vector.Vector {
	b := vector.NewBuilder(t)
	for range n {
		b.AppendNull()
	}
	return b.Build()
}

func hasNull(v *vector.Vector) bool {
	for i := range v.Len {
		if v.IsNull(i) {
			return true
		}
		if v.Valid == nil {
			return false
		}
	}
	return false
}
