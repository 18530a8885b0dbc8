package flightsrv

import (
	"context"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/flight"
	"github.com/apache/arrow-go/v18/arrow/flight/flightsql"
	"github.com/apache/arrow-go/v18/arrow/flight/flightsql/schema_ref"
	pb "github.com/apache/arrow-go/v18/arrow/flight/gen/flight"
)

// xdbcType is a row of XdbcTypeInfo; 0 and "" are NULL but in the columns that have none.
type xdbcType struct {
	name               string
	dataType           pb.XdbcDataType
	size               int32  // digits, or characters of a date
	quote              string // around a literal
	parameters         []string
	unsigned           int8 // 0: not a number, 1: yes, -1: no
	maxScale           int32
	radix              int32
	subcode            pb.XdbcDatetimeSubcode
	caseSensitive, fix bool
}

// What XDBC calls them.
const (
	xdbcNullable   = 1
	xdbcSearchable = 3 // also with LIKE
	xdbcBasic      = 2 // but with LIKE
)

// GetFlightInfoXdbcTypeInfo answers for the list of SQL types.
func (*handlers) GetFlightInfoXdbcTypeInfo(_ context.Context, _ flightsql.GetXdbcTypeInfo, d *flight.FlightDescriptor,
) (*flight.FlightInfo, error) {
	return commandInfo(d, schema_ref.XdbcTypeInfo), nil
}

// DoGetXdbcTypeInfo sends the SQL types, all or those of one number, ordered by number and name.
func (h *handlers) DoGetXdbcTypeInfo(_ context.Context, request flightsql.GetXdbcTypeInfo,
) (*arrow.Schema, <-chan flight.StreamChunk, error) {
	return h.build(schema_ref.XdbcTypeInfo, func(b *array.RecordBuilder) error {
		for _, t := range xdbcTypes {
			if want := request.GetDataType(); want == nil || *want == int32(t.dataType) {
				appendXdbcType(newRow(b), t)
			}
		}
		return nil
	})
}

func appendXdbcType(r *row, t xdbcType) {
	searchable := int32(xdbcBasic)
	if t.caseSensitive {
		searchable = xdbcSearchable
	}
	r.text(t.name)
	r.number(int32(t.dataType))
	r.numberOrNull(t.size)
	r.textOrNull(t.quote)
	r.textOrNull(t.quote)
	r.texts(t.parameters)
	r.number(xdbcNullable)
	r.truth(t.caseSensitive)
	r.number(searchable)
	r.truthOrNull(t.unsigned)
	r.truth(t.fix)
	r.truth(false) // auto_increment
	r.text(t.name)
	r.scale(t, 0)
	r.scale(t, t.maxScale)
	r.number(int32(t.sqlType()))
	r.numberOrNull(int32(t.subcode))
	r.numberOrNull(t.radix)
	r.numberOrNull(0) // interval_precision
}

// sqlType is the number without the subcode that tells dates and times apart.
func (t xdbcType) sqlType() pb.XdbcDataType {
	if t.subcode != 0 {
		return pb.XdbcDataType_XDBC_DATETIME
	}
	return t.dataType
}

// row appends values from the first column to the last.
type row struct {
	b    *array.RecordBuilder
	next int
}

func newRow(b *array.RecordBuilder) *row { return &row{b: b} }

func (r *row) field() array.Builder {
	f := r.b.Field(r.next)
	r.next++
	return f
}

func (r *row) text(v string) {
	if f, ok := r.field().(*array.StringBuilder); ok {
		f.Append(v)
	}
}

func (r *row) number(v int32) {
	if f, ok := r.field().(*array.Int32Builder); ok {
		f.Append(v)
	}
}

func (r *row) truth(v bool) {
	if f, ok := r.field().(*array.BooleanBuilder); ok {
		f.Append(v)
	}
}

func (r *row) textOrNull(v string) {
	if v == "" {
		r.field().AppendNull()
		return
	}
	r.text(v)
}

func (r *row) numberOrNull(v int32) {
	if v == 0 {
		r.field().AppendNull()
		return
	}
	r.number(v)
}

func (r *row) truthOrNull(v int8) {
	if v == 0 {
		r.field().AppendNull()
		return
	}
	r.truth(v > 0)
}

func (r *row) texts(v []string) {
	f, ok := r.field().(*array.ListBuilder)
	if !ok {
		return
	}
	if len(v) == 0 {
		f.AppendNull()
		return
	}
	f.Append(true)
	if values, ok := f.ValueBuilder().(*array.StringBuilder); ok {
		values.AppendValues(v, nil)
	}
}

// scale is NULL for what has no digits.
func (r *row) scale(t xdbcType, v int32) {
	if t.radix == 0 && t.maxScale == 0 {
		r.field().AppendNull()
		return
	}
	r.number(v)
}
