package client_test

import (
	"database/sql"
	"math"
	"math/big"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Each type is bound as a parameter, kept in a table, and read back.
func TestValuesOfEveryTypeComeBack(t *testing.T) {
	db := newClient(t)
	berlin := time.FixedZone("", 2*60*60)
	noon := time.Date(2024, 2, 29, 12, 30, 15, 123456789, berlin)
	for _, c := range []struct {
		kind string
		in   any
		out  any
	}{
		{"BOOLEAN", true, true},
		{"BOOLEAN", nil, nil},
		{"TINYINT", int8(-128), int64(-128)},
		{"SMALLINT", int16(-5), int64(-5)},
		{"INT", 42, int64(42)},
		{"BIGINT", int64(math.MinInt64), int64(math.MinInt64)},
		{"BIGINT UNSIGNED", uint64(math.MaxUint64), uint64(math.MaxUint64)},
		{"INT UNSIGNED", uint32(math.MaxUint32), uint64(math.MaxUint32)},
		{"FLOAT", float32(0.5), 0.5},
		{"DOUBLE", math.Inf(-1), math.Inf(-1)},
		{"DOUBLE", 7, 7.0},
		{"DECIMAL(38,10)", "1234567890123456789012345678.0123456789", "1234567890123456789012345678.0123456789"},
		{"DECIMAL(10,2)", big.NewRat(-1, 8), "-0.13"},
		{"DECIMAL(10,2)", big.NewInt(12), "12.00"},
		{"DECIMAL(10,2)", 2.5, "2.50"},
		{"DECIMAL(5,3)", "-0.001", "-0.001"},
		{"VARCHAR", "née \"x\"; DROP TABLE t", "née \"x\"; DROP TABLE t"},
		{"VARCHAR", "", ""},
		{"VARBINARY", []byte{0, 1, 255}, []byte{0, 1, 255}},
		{"VARBINARY", []byte{}, []byte{}},
		{"VARBINARY", []byte(nil), nil},
		{"DATE", time.Date(2024, 2, 29, 0, 30, 0, 0, berlin), time.Date(2024, 2, 29, 0, 0, 0, 0, time.UTC)},
		{"DATE", "1890-01-02", time.Date(1890, 1, 2, 0, 0, 0, 0, time.UTC)},
		{"DATE", time.Date(1969, 12, 31, 23, 0, 0, 0, time.UTC), time.Date(1969, 12, 31, 0, 0, 0, 0, time.UTC)},
		{"TIMESTAMP(9)", noon, noon.UTC()},
		{"TIMESTAMP(3)", noon, noon.UTC().Truncate(time.Millisecond)},
		{"TIMESTAMP(6)", time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)},
		{"TIMESTAMP WITH TIME ZONE", noon, noon.UTC()},
		{"TIMESTAMP(3)", "2024-02-29 12:00:00.5", time.Date(2024, 2, 29, 12, 0, 0, 5e8, time.UTC)},
		{"TIME(6)", 90 * time.Minute, "01:30:00"},
		{"TIME(6)", "23:59:59.5", "23:59:59.5"},
		{"TIME(3)", noon, "12:30:15.123"},
		{"UUID", "6f1e1a52-30fa-4f9c-8b8e-5c4f9a4f9b10", "6f1e1a52-30fa-4f9c-8b8e-5c4f9a4f9b10"},
		{"JSON", `{"a": 1}`, `{"a": 1}`},
		{"BIGINT", sql.NullInt64{Int64: 3, Valid: true}, int64(3)},
		{"BIGINT", sql.NullInt64{}, nil},
		{"BIGINT", new(int32(9)), int64(9)},
		{"BIGINT", "17", int64(17)}, // as it is: the server casts it
	} {
		t.Run(c.kind, func(t *testing.T) {
			_, err := db.Execute(t.Context(), "CREATE TABLE v (v "+c.kind+")")
			require.NoError(t, err)
			defer db.Execute(t.Context(), "DROP TABLE v")
			n, err := db.Execute(t.Context(), "INSERT INTO v VALUES (?)", c.in)
			require.NoError(t, err)
			require.Equal(t, int64(1), n)
			rows, err := db.Stream(t.Context(), "SELECT v FROM v")
			require.NoError(t, err)
			require.True(t, rows.NextRow(), "%v", rows.Err())
			require.Equal(t, []any{c.out}, rows.Values())
			require.False(t, rows.NextRow())
			require.NoError(t, rows.Err())
		})
	}
}
