package flightsrv

import (
	"encoding/binary"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"
	flatbuffers "github.com/google/flatbuffers/go"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"

	"github.com/micodb/micodb/internal/limits"
	"github.com/micodb/micodb/internal/sqlerr"
)

// rootOf opens a message's header.
func rootOf(header []byte) table {
	return table{bytes: header, Table: flatbuffers.Table{Bytes: header, Pos: flatbuffers.GetUOffsetT(header)}}
}

func TestMessagesOfTheWriterPass(t *testing.T) {
	for _, options := range [][]ipc.Option{nil, {ipc.WithZstd()}, {ipc.WithLZ4()}} {
		for _, m := range encode(t, mixed(t), options...) {
			require.NoError(t, checkMessage(m.GetDataHeader(), m.GetDataBody()))
		}
	}
	texts := array.NewDictionaryBuilder(memory.DefaultAllocator, &arrow.DictionaryType{
		IndexType: arrow.PrimitiveTypes.Int8, ValueType: arrow.BinaryTypes.String,
	})
	defer texts.Release()
	require.NoError(t, texts.AppendValueFromString("x"))
	column := texts.NewArray()
	defer column.Release()
	meta := arrow.NewMetadata([]string{"key"}, []string{"value"})
	schema := arrow.NewSchema([]arrow.Field{{Name: "d", Type: column.DataType(), Metadata: meta}}, &meta)
	record := array.NewRecordBatch(schema, []arrow.Array{column}, 1)
	defer record.Release()
	sent := encode(t, record)
	require.Len(t, sent, 3, "a schema, a dictionary, a batch")
	for _, m := range sent {
		require.NoError(t, checkMessage(m.GetDataHeader(), m.GetDataBody()))
	}
}

func TestAForgedCountOfFieldsDoesNotAllocate(t *testing.T) {
	f := start(t, limits.Limits{})
	ctx, c := f.login("ada")
	for _, count := range []uint32{1000, 1 << 20, 1<<31 - 1, 1<<32 - 1} {
		sent := encode(t, zeros(t, 10))
		header := sent[0].GetDataHeader()
		schema, ok := rootOf(header).child(messageHeader)
		require.True(t, ok)
		fields, err := schema.vector(schemaFields, offsetBytes)
		require.NoError(t, err)
		binary.LittleEndian.PutUint32(header[fields.start-offsetBytes:], count)
		requireStatus(t, put(ctx, c, sent), codes.InvalidArgument, "08P01")
	}
}

func TestFieldsAreNotFollowedWithoutEnd(t *testing.T) {
	deep := arrow.ListOf(arrow.PrimitiveTypes.Int8)
	for range limits.SchemaDepth - 1 {
		deep = arrow.ListOf(deep)
	}
	header := func(dt arrow.DataType) []byte {
		schema := arrow.NewSchema([]arrow.Field{{Name: "x", Type: dt}}, nil)
		payload := ipc.GetSchemaPayload(schema, memory.DefaultAllocator)
		defer payload.Release()
		meta := payload.Meta()
		defer meta.Release()
		return append([]byte(nil), meta.Bytes()...)
	}
	require.NoError(t, checkMessage(header(arrow.ListOf(arrow.PrimitiveTypes.Int8)), nil))
	require.Equal(t, sqlerr.LimitExceeded, sqlerr.CodeOf(checkMessage(header(deep), nil)))
}

// schemaMessage makes a message of a schema with what fill puts into the vectors of fields and of metadata.
func schemaMessage(fill func(b *flatbuffers.Builder) (fields, metadata flatbuffers.UOffsetT)) []byte {
	b := flatbuffers.NewBuilder(0)
	fields, metadata := fill(b)
	b.StartObject(4)
	b.PrependUOffsetTSlot(1, fields, 0)
	b.PrependUOffsetTSlot(2, metadata, 0)
	schema := b.EndObject()
	b.StartObject(5)
	b.PrependByteSlot(1, headerSchema, 0)
	b.PrependUOffsetTSlot(2, schema, 0)
	b.Finish(b.EndObject())
	return b.FinishedBytes()
}

func offsets(b *flatbuffers.Builder, of flatbuffers.UOffsetT, n int) flatbuffers.UOffsetT {
	b.StartVector(offsetBytes, n, offsetBytes)
	for range n {
		b.PrependUOffsetT(of)
	}
	return b.EndVector(n)
}

func TestOneFieldReferredToOftenCountsOften(t *testing.T) {
	message := schemaMessage(func(b *flatbuffers.Builder) (fields, metadata flatbuffers.UOffsetT) {
		var children flatbuffers.UOffsetT
		for range 10 { // 100 to the tenth fields
			b.StartObject(7)
			b.PrependUOffsetTSlot(5, children, 0)
			children = offsets(b, b.EndObject(), 100)
		}
		return children, 0
	})
	require.Less(t, len(message), 10_000)
	require.Equal(t, sqlerr.LimitExceeded, sqlerr.CodeOf(checkMessage(message, nil)))
}

func TestOneTextReferredToOftenCountsOften(t *testing.T) {
	message := schemaMessage(func(b *flatbuffers.Builder) (fields, metadata flatbuffers.UOffsetT) {
		text := b.CreateString(strings.Repeat("x", 1<<20))
		b.StartObject(2)
		b.PrependUOffsetTSlot(0, text, 0)
		b.PrependUOffsetTSlot(1, text, 0)
		return 0, offsets(b, b.EndObject(), 50_000)
	})
	require.Equal(t, sqlerr.LimitExceeded, sqlerr.CodeOf(checkMessage(message, nil)))
}

func TestHeadersHaveALimit(t *testing.T) {
	require.Equal(t, sqlerr.LimitExceeded, sqlerr.CodeOf(checkMessage(make([]byte, limits.MessageHeaderBytes+1), nil)))
	require.Equal(t, sqlerr.ProtocolViolation, sqlerr.CodeOf(checkMessage(make([]byte, 1000), nil)))
	require.Equal(t, sqlerr.ProtocolViolation, sqlerr.CodeOf(checkMessage([]byte{1, 2, 3}, nil)))
}
