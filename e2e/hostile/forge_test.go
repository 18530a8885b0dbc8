package hostile_test

import (
	"encoding/binary"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/flight"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"
	flatbuffers "github.com/google/flatbuffers/go"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"
)

// messages are a stream as a client sends it: a schema, then batches and dictionaries.
type messages []*flight.FlightData

// Send keeps a message; it makes messages what arrow-go's writer writes to.
func (m *messages) Send(d *flight.FlightData) error {
	*m = append(*m, proto.Clone(d).(*flight.FlightData))
	return nil
}

// encode makes the messages of a batch.
func encode(tb testing.TB, record arrow.RecordBatch, options ...ipc.Option) messages {
	tb.Helper()
	var out messages
	w := flight.NewRecordWriter(&out, append(options, ipc.WithSchema(record.Schema()))...)
	require.NoError(tb, w.Write(record))
	require.NoError(tb, w.Close())
	return out
}

// batchOf makes a batch of arrays with the names a, b and so on.
func batchOf(rows int, arrays ...arrow.Array) arrow.RecordBatch {
	fields := make([]arrow.Field, len(arrays))
	for i, a := range arrays {
		fields[i] = arrow.Field{Name: string(rune('a' + i)), Type: a.DataType(), Nullable: true}
	}
	return array.NewRecordBatch(arrow.NewSchema(fields, nil), arrays, int64(rows))
}

// raw makes an array of buffers that nobody checks.
func raw(of arrow.DataType, rows int, buffers ...[]byte) arrow.Array {
	held := make([]*memory.Buffer, len(buffers))
	for i, b := range buffers {
		if b != nil {
			held[i] = memory.NewBufferBytes(b)
		}
	}
	return array.MakeFromData(array.NewData(of, rows, held, nil, 0, 0))
}

func int64s(rows int) arrow.Array {
	return raw(arrow.PrimitiveTypes.Int64, rows, nil, make([]byte, 8*rows))
}

func offsets(of ...int32) []byte {
	var out []byte
	for _, o := range of {
		out = binary.LittleEndian.AppendUint32(out, uint32(o))
	}
	return out
}

// header is the flatbuffer of a message, whose numbers can be written over. Fields are named by their places.
type header struct{ flatbuffers.Table }

// Fields of Message and RecordBatch.
const (
	fieldContent  flatbuffers.VOffsetT = 8
	fieldBody     flatbuffers.VOffsetT = 10
	batchLength   flatbuffers.VOffsetT = 4
	batchNodes    flatbuffers.VOffsetT = 6
	batchBuffers  flatbuffers.VOffsetT = 8
	pairBytes                          = 16 // a node or a buffer: two numbers
	pairHalfBytes                      = 8
)

func headerOf(m *flight.FlightData) header {
	b := m.GetDataHeader()
	return header{flatbuffers.Table{Bytes: b, Pos: flatbuffers.GetUOffsetT(b)}}
}

// content is the record batch of a message.
func content(m *flight.FlightData) header {
	h := headerOf(m)
	at := h.Pos + flatbuffers.UOffsetT(h.Offset(fieldContent))
	return header{flatbuffers.Table{Bytes: h.Bytes, Pos: h.Indirect(at)}}
}

// number writes over a number of the table itself, when it is there.
func (h header) number(slot flatbuffers.VOffsetT, n int64) {
	if o := flatbuffers.UOffsetT(h.Offset(slot)); o > 0 {
		flatbuffers.WriteInt64(h.Bytes[h.Pos+o:], n)
	}
}

// count writes over the number of elements of a vector.
func (h header) count(slot flatbuffers.VOffsetT, add int) {
	o := flatbuffers.UOffsetT(h.Offset(slot))
	start := h.Vector(o) - flatbuffers.SizeUOffsetT
	flatbuffers.WriteUint32(h.Bytes[start:], uint32(int(flatbuffers.GetUint32(h.Bytes[start:]))+add))
}

func (h header) pairs(slot flatbuffers.VOffsetT) int {
	return h.VectorLen(flatbuffers.UOffsetT(h.Offset(slot)))
}

// pair writes over half 0 or 1 of an element of a vector of pairs.
func (h header) pair(slot flatbuffers.VOffsetT, i, half int, n int64) {
	start := h.Vector(flatbuffers.UOffsetT(h.Offset(slot)))
	flatbuffers.WriteInt64(h.Bytes[int(start)+i*pairBytes+half*pairHalfBytes:], n)
}

// zstdZeros is a frame of so many bytes of zeros, a block of 128 KiB at a time.
func zstdZeros(n int) []byte {
	const block, rle, last = 128 << 10, 1 << 1, 1
	out := []byte{0x28, 0xB5, 0x2F, 0xFD, 0, 7 << 3} // no content size; a window of 128 KiB
	for ; n > 0; n -= block {
		head := uint32(min(n, block))<<3 | rle
		if n <= block {
			head |= last
		}
		out = append(out, byte(head), byte(head>>8), byte(head>>16), 0)
	}
	return out
}

// lz4Zeros is a frame of so many bytes of zeros, a block of 4 MiB at a time; each run of 255 takes a byte.
func lz4Zeros(n int) []byte {
	const block = 4 << 20
	out := []byte{0x04, 0x22, 0x4D, 0x18, 0x60, 0x70, 0x73} // version 1, independent blocks of 4 MiB
	for ; n > 0; n -= block {
		size := min(n, block)
		body := []byte{0x1F, 0, 1, 0} // one literal, and a match one byte back
		match := size - 1 - 5 - 4 - 15
		for ; match >= 255; match -= 255 {
			body = append(body, 255)
		}
		body = append(body, byte(match), 0x50, 0, 0, 0, 0, 0) // and the five literals that end a block
		out = binary.LittleEndian.AppendUint32(out, uint32(len(body)))
		out = append(out, body...)
	}
	return append(out, 0, 0, 0, 0)
}
