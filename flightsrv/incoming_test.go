package flightsrv

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/flight"
	"github.com/apache/arrow-go/v18/arrow/flight/flightsql"
	pb "github.com/apache/arrow-go/v18/arrow/flight/gen/flight"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/micodb/micodb/internal/budget"
	"github.com/micodb/micodb/internal/limits"
)

// messages collects what a writer sends.
type messages struct{ sent []*flight.FlightData }

func (m *messages) Send(d *flight.FlightData) error {
	m.sent = append(m.sent, proto.Clone(d).(*flight.FlightData))
	return nil
}

// encode makes the messages of an ingest of a record batch.
func encode(tb testing.TB, record arrow.RecordBatch, options ...ipc.Option) []*flight.FlightData {
	tb.Helper()
	command, err := anypb.New(&pb.CommandStatementIngest{Table: "t"})
	require.NoError(tb, err)
	raw, err := proto.Marshal(command)
	require.NoError(tb, err)
	out := &messages{}
	w := flight.NewRecordWriter(out, append(options, ipc.WithSchema(record.Schema()))...)
	w.SetFlightDescriptor(&flight.FlightDescriptor{Type: flight.DescriptorCMD, Cmd: raw})
	require.NoError(tb, w.Write(record))
	require.NoError(tb, w.Close())
	return out.sent
}

// put sends messages and returns how the call ended.
func put(ctx context.Context, c *flightsql.Client, sent []*flight.FlightData) error {
	stream, err := c.Client.DoPut(ctx)
	if err != nil {
		return err
	}
	for _, m := range sent {
		if err := stream.Send(m); err != nil {
			break // the answer says why
		}
	}
	if err := stream.CloseSend(); err != nil {
		return err
	}
	for {
		if _, err := stream.Recv(); err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
	}
}

func zeros(tb testing.TB, n int) arrow.RecordBatch {
	tb.Helper()
	b := array.NewRecordBuilder(memory.DefaultAllocator,
		arrow.NewSchema([]arrow.Field{{Name: "z", Type: arrow.PrimitiveTypes.Int64}}, nil))
	defer b.Release()
	b.Field(0).(*array.Int64Builder).AppendValues(make([]int64, n), nil)
	record := b.NewRecordBatch()
	tb.Cleanup(record.Release)
	return record
}

func TestCompressedIngestStaysInItsBudget(t *testing.T) {
	f := start(t, limits.Limits{IngestBytes: 1 << 20})
	ctx, c := f.login("ada")
	for name, option := range map[string]ipc.Option{"zstd": ipc.WithZstd(), "lz4": ipc.WithLZ4()} {
		t.Run(name, func(t *testing.T) {
			require.NoError(t, put(ctx, c, encode(t, zeros(t, 1000), option)))
			err := put(ctx, c, encode(t, zeros(t, 1_000_000), option))
			requireStatus(t, err, codes.ResourceExhausted, "53200")
		})
	}
	require.Zero(t, f.server.config.Budget.Used(), "a call's memory is given back")
}

func TestAForgedLengthDoesNotAllocate(t *testing.T) {
	f := start(t, limits.Limits{})
	ctx, c := f.login("ada")
	for _, length := range []uint64{1 << 36, 1<<63 - 1, 1 << 63, 1<<64 - 2} {
		sent := encode(t, zeros(t, 1000), ipc.WithLZ4())
		binary.LittleEndian.PutUint64(sent[1].DataBody, length)
		err := put(ctx, c, sent)
		require.Error(t, err)
		require.Regexp(t, "53200|08P01", err.Error())
	}
}

func TestAForgedWindowIsRefused(t *testing.T) {
	f := start(t, limits.Limits{})
	ctx, c := f.login("ada")
	sent := encode(t, zeros(t, 100_000), ipc.WithZstd())
	require.NoError(t, put(ctx, c, sent))
	frame := sent[1].DataBody[uncompressedPrefix:]
	require.Equal(t, uint32(zstdMagic), binary.LittleEndian.Uint32(frame))
	frame[4] &^= 0x20         // not a single segment
	frame[5] = (29 - 10) << 3 // a window of 512 MiB
	requireStatus(t, put(ctx, c, sent), codes.ResourceExhausted, "53400")
}

func TestFramesAreWalked(t *testing.T) {
	small := []byte{0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x00, 0x01, 0x00, 0x00} // window of 1 KiB, one empty last block
	large := []byte{0x28, 0xb5, 0x2f, 0xfd, 0x00, 19 << 3, 0x01, 0x00, 0x00}
	skippable := []byte{0x5a, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3}
	repeated := []byte{0x28, 0xb5, 0x2f, 0xfd, 0x04, 0x00, 1 | blockRLE<<1 | 5<<3, 0x00, 0x00, 0xff, 1, 2, 3, 4}
	require.NoError(t, checkFrames(small))
	require.Error(t, checkFrames(large))
	require.Error(t, checkFrames(bytes.Join([][]byte{small, skippable, large}, nil)))
	require.NoError(t, checkFrames(bytes.Join([][]byte{small, skippable, small}, nil)))
	require.NoError(t, checkFrames(repeated))
	require.Error(t, checkFrames(append(repeated, large...)), "what follows a checksum")
	require.NoError(t, checkFrames(nil))
	single := []byte{0x28, 0xb5, 0x2f, 0xfd, 0xe0, 0, 0, 0, 0x10, 0, 0, 0, 0}
	require.Error(t, checkFrames(single), "a single segment's window is its content")
}

func TestReceiveLimitIsNamed(t *testing.T) {
	f := start(t, limits.Limits{MessageBytes: 1 << 20})
	ctx, c := f.login("ada")
	err := put(ctx, c, encode(t, zeros(t, 1_000_000)))
	require.Equal(t, codes.ResourceExhausted, status.Code(err)) // grpc-go words it, before any handler hears of it
	require.Contains(t, err.Error(), "larger than max")
}

func TestBrokenStreamsAreErrors(t *testing.T) {
	f := start(t, limits.Limits{BatchRows: 5000})
	ctx, c := f.login("ada")
	cases := map[string]struct {
		state string
		spoil func(sent []*flight.FlightData) []*flight.FlightData
	}{
		"no descriptor": {"08P01", func(s []*flight.FlightData) []*flight.FlightData {
			s[0].FlightDescriptor = nil
			return s
		}},
		"no command": {"08P01", func(s []*flight.FlightData) []*flight.FlightData {
			s[0].FlightDescriptor.Cmd = nil
			return s
		}},
		"no schema": {"08P01", func(s []*flight.FlightData) []*flight.FlightData {
			s[1].FlightDescriptor = s[0].GetFlightDescriptor()
			return s[1:]
		}},
		"only a descriptor": {"08P01", func(s []*flight.FlightData) []*flight.FlightData {
			s[0].DataHeader = nil
			return s[:1]
		}},
		"a body cut off": {"08P01", func(s []*flight.FlightData) []*flight.FlightData {
			s[1].DataBody = s[1].GetDataBody()[:100]
			return s
		}},
		"a header of noise": {"08P01", func(s []*flight.FlightData) []*flight.FlightData {
			s[1].DataHeader = bytes.Repeat([]byte{0xff}, 64)
			return s
		}},
		"a schema of noise": {"08P01", func(s []*flight.FlightData) []*flight.FlightData {
			s[0].DataHeader = bytes.Repeat([]byte{0xff}, 64)
			return s
		}},
		"nothing at all": {"", func([]*flight.FlightData) []*flight.FlightData { return nil }},
	}
	for name, x := range cases {
		t.Run(name, func(t *testing.T) {
			err := put(ctx, c, x.spoil(encode(t, zeros(t, 1000))))
			require.Error(t, err)
			require.Contains(t, err.Error(), x.state)
		})
	}
	requireStatus(t, put(ctx, c, encode(t, zeros(t, 5001))), codes.ResourceExhausted, "53400")
	require.NoError(t, put(ctx, c, encode(t, zeros(t, 5000))), "the server lives on")
}

func FuzzPutMessages(f *testing.F) {
	for _, o := range [][]ipc.Option{nil, {ipc.WithZstd()}, {ipc.WithLZ4()}} {
		for _, m := range encode(f, zeros(f, 100), o...) {
			f.Add(m.GetDataHeader(), m.GetDataBody())
		}
	}
	f.Fuzz(func(_ *testing.T, header, body []byte) {
		_ = checkMessage(header, body) // must return
	})
}

// received is a stream of messages that were sent before.
type received struct{ rest []*flight.FlightData }

func (r *received) Recv() (*flight.FlightData, error) {
	if len(r.rest) == 0 {
		return nil, io.EOF
	}
	d := r.rest[0]
	r.rest = r.rest[1:]
	return d, nil
}

// FuzzIncoming decodes a batch that may be anything, after a valid schema or one that is anything too. What passes
// the checks can be read to its last value, and no buffer is larger than the budget.
func FuzzIncoming(f *testing.F) {
	schema := encode(f, mixed(f))[0].GetDataHeader()
	for _, o := range [][]ipc.Option{nil, {ipc.WithZstd()}, {ipc.WithLZ4()}} {
		sent := encode(f, mixed(f), o...)
		f.Add(sent[0].GetDataHeader(), sent[1].GetDataHeader(), sent[1].GetDataBody())
	}
	f.Fuzz(func(t *testing.T, first, header, body []byte) {
		for _, s := range [][]byte{schema, first} {
			decode(t, []*flight.FlightData{{DataHeader: s}, {DataHeader: header, DataBody: body}})
		}
	})
}

func decode(t *testing.T, sent []*flight.FlightData) {
	t.Helper()
	for _, m := range sent {
		if checkMessage(m.GetDataHeader(), m.GetDataBody()) != nil {
			return
		}
	}
	query := budget.NewServer(1 << 20).Query(0)
	defer query.Close()
	reader, err := flight.NewRecordReader(&received{rest: sent}, ipc.WithDelayReadSchema(true),
		ipc.WithAllocator(query.Allocator(memory.DefaultAllocator)))
	if err != nil {
		return
	}
	defer reader.Release()
	in, err := newIncoming(reader, limits.Defaults())
	if err != nil || in == nil {
		return
	}
	for {
		record, err := in.Next(t.Context())
		if err != nil {
			return
		}
		require.Positive(t, recordBytes(record))
		for _, c := range record.Columns() {
			for i := range min(c.Len(), 10_000) {
				_ = c.ValueStr(i)
			}
		}
		record.Release()
	}
}

// mixed makes a batch with a column of each kind of layout.
func mixed(tb testing.TB) arrow.RecordBatch {
	tb.Helper()
	schema := arrow.NewSchema([]arrow.Field{
		{Name: "b", Type: arrow.FixedWidthTypes.Boolean, Nullable: true},
		{Name: "i", Type: arrow.PrimitiveTypes.Int32, Nullable: true},
		{Name: "s", Type: arrow.BinaryTypes.String, Nullable: true},
		{Name: "d", Type: &arrow.Decimal128Type{Precision: 30, Scale: 2}, Nullable: true},
		{Name: "v", Type: arrow.BinaryTypes.StringView, Nullable: true},
		{Name: "l", Type: arrow.BinaryTypes.LargeString, Nullable: true},
	}, nil)
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	defer b.Release()
	for i := range 40 {
		b.Field(0).(*array.BooleanBuilder).Append(i%2 == 0)
		b.Field(1).(*array.Int32Builder).Append(int32(i))
		b.Field(2).(*array.StringBuilder).Append("some text")
		b.Field(3).AppendNull()
		b.Field(4).(*array.StringViewBuilder).Append("a text that is longer than a view holds")
		b.Field(5).(*array.LargeStringBuilder).Append("a large text")
	}
	record := b.NewRecordBatch()
	tb.Cleanup(record.Release)
	return record
}
