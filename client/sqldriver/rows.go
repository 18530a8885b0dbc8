package sqldriver

import (
	"database/sql"
	"database/sql/driver"
	"io"
	"math"
	"reflect"
	"time"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/micodb/micodb/client"
)

// rows hands a statement's rows to database/sql.
type rows struct{ *client.Rows }

// Columns returns the names of the columns.
func (r *rows) Columns() []string {
	if r.Schema() == nil {
		return nil
	}
	names := make([]string, r.Schema().NumFields())
	for i := range names {
		names[i] = r.Schema().Field(i).Name
	}
	return names
}

// Next copies the next row.
func (r *rows) Next(dest []driver.Value) error {
	if !r.NextRow() {
		if err := r.Err(); err != nil {
			return err
		}
		return io.EOF
	}
	for i := range dest {
		dest[i] = r.Value(i)
	}
	return nil
}

func (r *rows) field(i int) arrow.Field { return r.Schema().Field(i) }

// ColumnTypeDatabaseTypeName returns the name of a column's type in SQL, without its parameters.
func (r *rows) ColumnTypeDatabaseTypeName(i int) string { return nameOf(r.field(i)) }

// ColumnTypeNullable tells whether a column may hold NULL.
func (r *rows) ColumnTypeNullable(i int) (nullable, ok bool) { return r.field(i).Nullable, true }

// ColumnTypePrecisionScale returns the digits of a DECIMAL, all and those after the point.
func (r *rows) ColumnTypePrecisionScale(i int) (precision, scale int64, ok bool) {
	if d, ok := r.field(i).Type.(arrow.DecimalType); ok {
		return int64(d.GetPrecision()), int64(d.GetScale()), true
	}
	return 0, 0, false
}

// ColumnTypeLength tells that texts and bytes have no limit of their own.
func (r *rows) ColumnTypeLength(i int) (length int64, ok bool) {
	switch r.field(i).Type.ID() {
	case arrow.STRING, arrow.BINARY:
		return math.MaxInt64, true
	default:
		return 0, false
	}
}

// ColumnTypeScanType returns a Go type that holds every value of a column, NULL too where there may be one.
func (r *rows) ColumnTypeScanType(i int) reflect.Type {
	f := r.field(i)
	switch id := f.Type.ID(); {
	case id == arrow.BOOL:
		return either[bool, sql.NullBool](f)
	case arrow.IsUnsignedInteger(id):
		return either[uint64, sql.Null[uint64]](f)
	case arrow.IsInteger(id):
		return either[int64, sql.NullInt64](f)
	case arrow.IsFloating(id):
		return either[float64, sql.NullFloat64](f)
	case id == arrow.DATE32, id == arrow.TIMESTAMP:
		return either[time.Time, sql.NullTime](f)
	case id == arrow.BINARY:
		return reflect.TypeFor[[]byte]()
	case id == arrow.NULL:
		return reflect.TypeFor[any]()
	default:
		return either[string, sql.NullString](f)
	}
}

func either[Plain, Null any](f arrow.Field) reflect.Type {
	if f.Nullable {
		return reflect.TypeFor[Null]()
	}
	return reflect.TypeFor[Plain]()
}
