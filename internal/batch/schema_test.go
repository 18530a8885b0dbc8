package batch_test

import (
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/internal/batch"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

func TestEveryTypeComesBackFromItsField(t *testing.T) {
	types := []vector.Type{
		{Kind: vector.Time, Precision: 0},
		{Kind: vector.Time, Precision: 3},
		{Kind: vector.Time, Precision: 6},
		{Kind: vector.Time, Precision: 9},
		{Kind: vector.Timestamp, Precision: 0},
		{Kind: vector.Timestamp, Precision: 3, Zone: true},
		{Kind: vector.Timestamp, Precision: 6},
		{Kind: vector.Timestamp, Precision: 9, Zone: true},
		vector.DecimalType(1, 0), vector.DecimalType(18, 18), vector.DecimalType(38, 10),
		{},
	}
	for k := vector.Boolean; k <= vector.JSON; k++ {
		types = append(types, vector.Of(k))
	}
	for _, of := range types {
		f := batch.FieldOf("c", of, true)
		back, err := batch.TypeOf(f)
		require.NoError(t, err, of.String())
		require.Equal(t, of, back)
		require.True(t, f.Nullable)
	}
}

func TestTypeOfWidensAndRefuses(t *testing.T) {
	dictionary := &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int8, ValueType: arrow.BinaryTypes.LargeString}
	for of, want := range map[arrow.DataType]vector.Kind{
		dictionary:                                   vector.Text,
		arrow.BinaryTypes.StringView:                 vector.Text,
		arrow.BinaryTypes.LargeBinary:                vector.Binary,
		arrow.FixedWidthTypes.Date64:                 vector.Date,
		&arrow.Decimal32Type{Precision: 5, Scale: 2}: vector.Decimal,
		&arrow.FixedSizeBinaryType{ByteWidth: 16}:    vector.Binary,
		arrow.FixedWidthTypes.Duration_us:            vector.Interval,
	} {
		got, err := batch.TypeOf(arrow.Field{Name: "c", Type: of})
		require.NoError(t, err)
		require.Equal(t, want, got.Kind, of.String())
	}
	for _, of := range []arrow.DataType{
		arrow.ListOf(&arrow.Decimal256Type{Precision: 60, Scale: 2}),
		arrow.StructOf(),
		&arrow.Decimal256Type{Precision: 60, Scale: 2},
		&arrow.Decimal128Type{Precision: 10, Scale: -2},
	} {
		_, err := batch.TypeOf(arrow.Field{Name: "price", Type: of})
		require.Equal(t, sqlerr.FeatureNotSupported, sqlerr.CodeOf(err), of.String())
		require.ErrorContains(t, err, "price")
	}
}
