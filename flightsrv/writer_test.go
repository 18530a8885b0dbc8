package flightsrv

import (
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/flight"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"
)

// sent keeps the messages as gRPC would send them.
type sent [][]byte

func (s *sent) Send(m *flight.FlightData) error {
	b, err := proto.Marshal(m)
	*s = append(*s, b)
	return err
}

// The writer sends to the byte what arrow-go's own does, which encodes the schema each time.
func TestTheWriterSendsWhatArrowWould(t *testing.T) {
	extension := arrow.NewMetadata([]string{ipc.ExtensionTypeKeyName, ipc.ExtensionMetadataKeyName}, []string{"arrow.uuid", ""})
	schema := arrow.NewSchema([]arrow.Field{
		{Name: "n", Type: arrow.PrimitiveTypes.Int64, Nullable: true},
		{Name: "s", Type: arrow.BinaryTypes.String},
		{Name: "u", Type: &arrow.FixedSizeBinaryType{ByteWidth: 16}, Metadata: extension},
		{Name: "d", Type: &arrow.Decimal128Type{Precision: 20, Scale: 3}, Nullable: true},
		{Name: "l", Type: arrow.ListOf(arrow.FixedWidthTypes.Boolean)},
	}, nil)
	json := `[{"n":1,"s":"a","u":"MDEyMzQ1Njc4OWFiY2RlZg==","d":"1.5","l":[true]},
		{"n":null,"s":"","u":"MDEyMzQ1Njc4OWFiY2RlZw==","d":null,"l":[]},
		{"n":3,"s":"ccc","u":"MDEyMzQ1Njc4OWFiY2RlaA==","d":"-7.125","l":[false,true]}]`
	record, _, err := array.RecordFromJSON(memory.DefaultAllocator, schema, strings.NewReader(json))
	require.NoError(t, err)
	defer record.Release()
	for name, batches := range map[string][]arrow.RecordBatch{
		"no batch": nil,
		"one":      {record},
		"slices":   {record.NewSlice(0, 0), record.NewSlice(1, 3), record.NewSlice(2, 3)},
	} {
		t.Run(name, func(t *testing.T) {
			var got, want sent
			ours := newRecordWriter(&got, encodeSchema(schema))
			arrows := flight.NewRecordWriter(&want, ipc.WithSchema(schema))
			for _, b := range batches {
				require.NoError(t, ours.write(b))
				require.NoError(t, arrows.Write(b))
			}
			require.NoError(t, ours.begin())
			require.NoError(t, arrows.Close())
			require.Equal(t, want, got)
			require.Len(t, got, len(batches)+1)
		})
	}
	require.Equal(t, flight.SerializeSchema(schema, memory.DefaultAllocator), encodeSchema(schema).stream)
}
