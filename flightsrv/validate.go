package flightsrv

import (
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/micodb/micodb/internal/sqlerr"
)

// validate checks that a batch of a client can be read: that buffers are as long as the rows need, offsets grow
// and stay inside, dictionary codes have a value. The decoder of arrow-go checks none of this.
func validate(record arrow.RecordBatch) error {
	for i, column := range record.Columns() {
		err := validateArray(column)
		if sqlerr.CodeOf(err) == sqlerr.FeatureNotSupported {
			return err
		}
		if err != nil {
			return sqlerr.Wrap(err, sqlerr.ProtocolViolation, "column %q of a record batch is not valid Arrow data",
				record.ColumnName(i))
		}
	}
	return nil
}

func validateArray(a arrow.Array) error {
	if err := validateBitmap(a); err != nil {
		return err
	}
	switch a := a.(type) {
	case *array.Null:
		return nil
	case array.Union, *array.RunEndEncoded:
		return notAccepted(a)
	case *array.Struct:
		return validateStruct(a)
	case array.ExtensionArray:
		return validateArray(a.Storage())
	case *array.Dictionary:
		return validateDictionary(a)
	case array.ListLike:
		full, ok := a.(interface{ ValidateFull() error })
		if !ok {
			return notAccepted(a)
		}
		if err := full.ValidateFull(); err != nil {
			return err
		}
		return validateArray(a.ListValues())
	case interface{ ValidateFull() error }:
		return a.ValidateFull()
	}
	fixed, ok := a.DataType().(arrow.FixedWidthDataType)
	if !ok {
		return notAccepted(a)
	}
	return needBits(a, 1, int64(fixed.BitWidth()))
}

// validateBitmap looks at the first buffer, the validity of all types but NULL and unions.
func validateBitmap(a arrow.Array) error {
	buffers := a.Data().Buffers()
	if len(buffers) == 0 || buffers[0] == nil || buffers[0].Len() == 0 {
		if a.Data().NullN() > 0 && a.DataType().ID() != arrow.NULL {
			return fmt.Errorf("it has NULLs and no validity bitmap")
		}
		return nil
	}
	return needBits(a, 0, 1)
}

// needBits checks that a buffer has width bits for each row.
func needBits(a arrow.Array, buffer int, width int64) error {
	data := a.Data()
	rows := int64(data.Offset()) + int64(data.Len())
	if rows == 0 {
		return nil
	}
	have := int64(0)
	if buffers := data.Buffers(); len(buffers) > buffer && buffers[buffer] != nil {
		have = int64(buffers[buffer].Len())
	}
	if have < (rows*width+7)/8 {
		return fmt.Errorf("%d rows of %d bits need more than the %d bytes of buffer %d", rows, width, have, buffer)
	}
	return nil
}

func validateStruct(a *array.Struct) error {
	for i := range a.NumField() {
		if a.Field(i).Len() < a.Len() {
			return fmt.Errorf("member %d has %d rows of %d", i, a.Field(i).Len(), a.Len())
		}
		if err := validateArray(a.Field(i)); err != nil {
			return err
		}
	}
	return nil
}

func validateDictionary(a *array.Dictionary) error {
	if err := validateArray(a.Dictionary()); err != nil {
		return err
	}
	if err := validateArray(a.Indices()); err != nil {
		return err
	}
	for i := range a.Len() {
		if a.IsValid(i) {
			if code := a.GetValueIndex(i); code < 0 || code >= a.Dictionary().Len() {
				return fmt.Errorf("code %d of row %d is not in its dictionary of %d", code, i, a.Dictionary().Len())
			}
		}
	}
	return nil
}

func notAccepted(a arrow.Array) error {
	return sqlerr.NotSupported("a column of the Arrow type " + a.DataType().String())
}
