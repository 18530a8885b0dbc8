package hostile_test

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/flight"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// attack is a stream that a client makes up.
type attack struct {
	name     string
	sent     messages
	harmless bool // it may be taken: odd, but Arrow allows it
	unread   bool // it may be bound: only a use of it finds the fault
}

// numbers are what lengths and offsets are forged to.
func numbers() []int64 {
	return []int64{-1, -2, math.MinInt64, math.MaxInt64, math.MaxInt64 - 7, 1 << 31, 1<<32 + 8, 1 << 36, 1 << 40, 1 << 62}
}

// attacks makes all that is forged by hand.
func attacks(tb testing.TB) []attack {
	tb.Helper()
	return slices.Concat(compressed(tb), lengths(tb), layouts(tb), dictionaries(tb), schemas(tb), values(tb))
}

// compressed makes bodies that say or become more than they are.
func compressed(tb testing.TB) (all []attack) {
	tb.Helper()
	for _, c := range []struct {
		name   string
		option ipc.Option
		bomb   func(int) []byte
	}{{"zstd", ipc.WithZstd(), zstdZeros}, {"lz4", ipc.WithLZ4(), lz4Zeros}} {
		for _, size := range []int{64 << 20, 256 << 20, 1 << 30} {
			for _, said := range []int64{8000, int64(size), 1 << 36} {
				sent := encode(tb, batchOf(1000, int64s(1000)), c.option)
				body := append(binary.LittleEndian.AppendUint64(nil, uint64(said)), c.bomb(size)...)
				setBody(sent[1], body)
				all = append(all, attack{
					name: fmt.Sprintf("%s bomb of %d said to be %d", c.name, size, said), sent: sent,
					harmless: said == 8000 || said == 64<<20,
				}) // it is what it says, or is read so far
			}
		}
		for _, said := range numbers() {
			sent := encode(tb, batchOf(1000, int64s(1000)), c.option)
			binary.LittleEndian.PutUint64(sent[1].DataBody, uint64(said))
			all = append(all, attack{name: fmt.Sprintf("%s said to be %d", c.name, said), sent: sent})
		}
		// One bomb that many columns refer to.
		columns := make([]arrow.Array, 60)
		for i := range columns {
			columns[i] = int64s(8 << 10)
		}
		sent := encode(tb, batchOf(8<<10, columns...), c.option)
		rows := 4 << 20
		bomb := append(binary.LittleEndian.AppendUint64(nil, uint64(8*rows)), c.bomb(8*rows)...)
		sent[1].DataBody = bomb
		h := content(sent[1])
		h.number(batchLength, int64(rows))
		for i := range columns {
			h.pair(batchNodes, i, 0, int64(rows))
			h.pair(batchBuffers, 2*i+1, 0, 0)
			h.pair(batchBuffers, 2*i+1, 1, int64(len(bomb)))
		}
		all = append(all, attack{name: c.name + " bomb of many columns", sent: sent})
	}
	return all
}

// setBody replaces the body, of which the last buffer is all.
func setBody(m *flight.FlightData, body []byte) {
	m.DataBody = body
	h := content(m)
	last := h.pairs(batchBuffers) - 1
	h.pair(batchBuffers, last, 0, 0)
	h.pair(batchBuffers, last, 1, int64(len(body)))
	headerOf(m).number(fieldBody, int64(len(body)))
}

// lengths forges each number of a batch's header.
func lengths(tb testing.TB) (all []attack) {
	tb.Helper()
	base := func() messages {
		text := raw(arrow.BinaryTypes.String, 4, []byte{15}, offsets(0, 1, 2, 3, 4), []byte("abcd"))
		return encode(tb, batchOf(4, int64s(4), text))
	}
	forge := func(name string, f func(m *flight.FlightData)) {
		sent := base()
		f(sent[1])
		fewer := strings.HasPrefix(name, "-") // the decoder finds them all the same
		all = append(all, attack{name: name, sent: sent, harmless: fewer})
	}
	for _, n := range numbers() {
		forge(fmt.Sprintf("batch of %d rows", n), func(m *flight.FlightData) { content(m).number(batchLength, n) })
		forge(fmt.Sprintf("node of %d rows", n), func(m *flight.FlightData) { content(m).pair(batchNodes, 1, 0, n) })
		forge(fmt.Sprintf("node of %d NULLs", n), func(m *flight.FlightData) { content(m).pair(batchNodes, 0, 1, n) })
		for i := range 5 {
			forge(fmt.Sprintf("buffer %d at %d", i, n), func(m *flight.FlightData) { content(m).pair(batchBuffers, i, 0, n) })
			forge(fmt.Sprintf("buffer %d of %d", i, n), func(m *flight.FlightData) { content(m).pair(batchBuffers, i, 1, n) })
		}
		forge(fmt.Sprintf("all of %d", n), func(m *flight.FlightData) {
			h := content(m)
			h.number(batchLength, n)
			h.pair(batchNodes, 0, 0, n)
			h.pair(batchNodes, 1, 0, n)
		})
	}
	for _, add := range []int{-1, -2, 1, 5, 1000, 1 << 28} {
		forge(fmt.Sprintf("%+d buffers", add), func(m *flight.FlightData) { content(m).count(batchBuffers, add) })
		forge(fmt.Sprintf("%+d nodes", add), func(m *flight.FlightData) { content(m).count(batchNodes, add) })
	}
	forge("no body", func(m *flight.FlightData) { m.DataBody = nil })
	forge("half a body", func(m *flight.FlightData) { m.DataBody = m.DataBody[:len(m.DataBody)/2] })
	forge("half a header", func(m *flight.FlightData) { m.DataHeader = m.DataHeader[:len(m.DataHeader)/2] })
	return all
}

// layouts makes arrays whose buffers contradict their rows.
func layouts(tb testing.TB) (all []attack) {
	tb.Helper()
	one := func(name string, a arrow.Array) {
		all = append(all, attack{name: name, sent: encode(tb, batchOf(a.Len(), a))})
	}
	text, binaryText := arrow.BinaryTypes.String, arrow.BinaryTypes.Binary
	for name, o := range map[string][]byte{
		"falling": offsets(0, 3, 1), "negative": offsets(-5, -3, -1), "outside": offsets(0, 1, 1<<30), "short": offsets(0),
	} {
		// The writer itself reads offsets, so they are spoilt in what it wrote.
		for _, of := range []arrow.DataType{text, binaryText} {
			sent := encode(tb, batchOf(2, raw(of, 2, nil, offsets(0, 1, 2), []byte("ab"))))
			copy(sent[1].DataBody, o)
			if len(o) < 12 {
				h := content(sent[1])
				h.pair(batchBuffers, 1, 1, int64(len(o)))
			}
			all = append(all, attack{name: fmt.Sprintf("%s offsets of %s", name, of), sent: sent})
		}
	}
	views := make([]byte, 16*4)
	for i := range 4 {
		binary.LittleEndian.PutUint32(views[16*i:], 100)
		binary.LittleEndian.PutUint32(views[16*i+8:], uint32(i*1000))
		binary.LittleEndian.PutUint32(views[16*i+12:], math.MaxUint32>>i)
	}
	one("views outside", raw(arrow.BinaryTypes.StringView, 4, nil, views, make([]byte, 64)))
	// A few bytes a row that are megabytes a row.
	rows := 100_000
	views = make([]byte, 16*rows)
	for i := range rows {
		binary.LittleEndian.PutUint32(views[16*i:], 4<<20)
	}
	one("a view bomb", raw(arrow.BinaryTypes.StringView, rows, nil, views, make([]byte, 4<<20)))
	for buffer, name := range []string{"validity", "integers"} {
		sent := encode(tb, batchOf(1000, raw(arrow.PrimitiveTypes.Int64, 1000, make([]byte, 125), make([]byte, 8000))))
		content(sent[1]).pair(batchBuffers, buffer, 1, 8)
		content(sent[1]).pair(batchNodes, 0, 1, 1000) // without NULLs nobody looks at validity
		all = append(all, attack{name: "short " + name, sent: sent})
	}
	one("NULLs without end", array.NewNull(1<<31-1))
	return all
}

// dictionaries forges codes, and texts that codes repeat.
func dictionaries(tb testing.TB) (all []attack) {
	tb.Helper()
	coded := func(index arrow.DataType, rows int, codes []byte, texts ...string) messages {
		b := array.NewStringBuilder(memory.DefaultAllocator)
		defer b.Release()
		b.AppendValues(texts, nil)
		of := &arrow.DictionaryType{IndexType: index, ValueType: arrow.BinaryTypes.String}
		return encode(tb, batchOf(rows, array.NewDictionaryArray(of, raw(index, rows, nil, codes), b.NewArray())))
	}
	for _, code := range []int8{2, 100, -1, -128} {
		sent := coded(arrow.PrimitiveTypes.Int8, 4, []byte{0, 1, 0, 1}, "a", "b")
		sent[2].DataBody[3] = byte(code)
		all = append(all, attack{name: fmt.Sprintf("code %d of two", code), sent: sent})
	}
	bomb := coded(arrow.PrimitiveTypes.Int8, 1<<20, make([]byte, 1<<20), strings.Repeat("x", 8<<20))
	all = append(all, attack{name: "a dictionary bomb", sent: bomb, harmless: true})
	plain := coded(arrow.PrimitiveTypes.Int8, 4, []byte{0, 1, 0, 1}, "a", "b")
	all = append(all,
		attack{name: "no dictionary", sent: messages{plain[0], plain[2]}},
		attack{name: "only a dictionary", sent: plain[:2], harmless: true},
		attack{name: "dictionaries over and over", sent: append(slices.Repeat(plain[:2], 1), slices.Concat(
			slices.Repeat(plain[1:2], 500), plain[2:])...), harmless: true})
	return all
}

// schemas makes types that go on and on.
func schemas(tb testing.TB) (all []attack) {
	tb.Helper()
	nested := func(depth int, wrap func(arrow.DataType) arrow.DataType) arrow.DataType {
		of := arrow.PrimitiveTypes.Int8
		for range depth {
			of = wrap(of)
		}
		return of
	}
	list := func(of arrow.DataType) arrow.DataType { return arrow.ListOf(of) }
	member := func(of arrow.DataType) arrow.DataType { return arrow.StructOf(arrow.Field{Name: "m", Type: of}) }
	only := func(name string, fields []arrow.Field, metadata *arrow.Metadata) {
		p := ipc.GetSchemaPayload(arrow.NewSchema(fields, metadata), memory.DefaultAllocator)
		defer p.Release()
		meta := p.Meta()
		defer meta.Release()
		all = append(all, attack{name: name, sent: messages{{DataHeader: slices.Clone(meta.Bytes())}}, unread: true})
	}
	for _, depth := range []int{70, 5000} {
		only(fmt.Sprintf("%d lists deep", depth), []arrow.Field{{Name: "a", Type: nested(depth, list)}}, nil)
		only(fmt.Sprintf("%d structs deep", depth), []arrow.Field{{Name: "a", Type: nested(depth, member)}}, nil)
	}
	many := make([]arrow.Field, 200_000)
	for i := range many {
		many[i] = arrow.Field{Name: "f", Type: arrow.Null}
	}
	only("too many fields", many, nil)
	only("a hundred thousand fields", many[:100_000], nil)
	huge := arrow.NewMetadata([]string{"k"}, []string{strings.Repeat("v", 20<<20)})
	only("huge metadata", []arrow.Field{{Name: "a", Type: arrow.PrimitiveTypes.Int8}}, &huge)
	keys := make([]string, 150_000)
	pairs := arrow.NewMetadata(keys, keys)
	only("many pairs", []arrow.Field{{Name: "a", Type: arrow.PrimitiveTypes.Int8}}, &pairs)
	only("no fields", nil, nil)
	for _, of := range []arrow.DataType{
		arrow.SparseUnionOf([]arrow.Field{{Name: "u", Type: arrow.PrimitiveTypes.Int8}}, []arrow.UnionTypeCode{0}),
		arrow.RunEndEncodedOf(arrow.PrimitiveTypes.Int32, arrow.BinaryTypes.String),
		arrow.MapOf(arrow.BinaryTypes.String, arrow.BinaryTypes.String), nested(3, list), nested(3, member),
	} {
		b := array.NewBuilder(memory.DefaultAllocator, of)
		if of.ID() != arrow.RUN_END_ENCODED {
			b.AppendNull()
		}
		a := b.NewArray()
		all = append(all, attack{name: "a column of " + of.String(), sent: encode(tb, batchOf(a.Len(), a)), harmless: true})
		b.Release()
	}
	wide := make([]arrow.Array, 20)
	for i := range wide {
		wide[i] = array.NewNull(1 << 20)
	}
	all = append(all, attack{name: "a million rows of nothing", sent: encode(tb, batchOf(1<<20, wide...)), harmless: true})
	return all
}

// values makes batches that are as they should be, of values at the ends of their types and beyond.
func values(tb testing.TB) (all []attack) {
	tb.Helper()
	ones := func(n int) []byte { return []byte(strings.Repeat("\xff", n)) }
	for _, of := range []arrow.FixedWidthDataType{
		arrow.PrimitiveTypes.Float32.(arrow.FixedWidthDataType), arrow.PrimitiveTypes.Float64.(arrow.FixedWidthDataType),
		arrow.FixedWidthTypes.Float16, &arrow.Decimal128Type{Precision: 5, Scale: 2},
		&arrow.Decimal256Type{Precision: 60}, &arrow.TimestampType{Unit: arrow.Second}, &arrow.TimestampType{Unit: arrow.Nanosecond},
		&arrow.TimestampType{Unit: arrow.Second, TimeZone: "Nowhere/At all"}, &arrow.Date32Type{}, &arrow.Date64Type{},
		&arrow.Time32Type{Unit: arrow.Second}, &arrow.Time64Type{Unit: arrow.Nanosecond}, &arrow.DurationType{Unit: arrow.Second},
		&arrow.MonthDayNanoIntervalType{}, &arrow.FixedSizeBinaryType{ByteWidth: 1 << 20}, arrow.PrimitiveTypes.Uint64.(arrow.FixedWidthDataType),
	} {
		const rows = 8
		width := of.Bytes()
		for name, bytes := range map[string][]byte{"ones": ones(rows * width), "high": high(rows * width)} {
			a := raw(of, rows, nil, bytes)
			all = append(all, attack{name: of.String() + " of " + name, sent: encode(tb, batchOf(rows, a)), harmless: true})
		}
	}
	bad := raw(arrow.BinaryTypes.String, 2, nil, offsets(0, 2, 4), ones(4))
	return append(all, attack{name: "text that is no UTF-8", sent: encode(tb, batchOf(2, bad)), unread: true})
}

// high is bytes whose every number is the greatest of its type.
func high(n int) []byte {
	out := []byte(strings.Repeat("\xff", n))
	for i := 7; i < n; i += 8 {
		out[i] = 0x7f
	}
	return out
}

// flipped spoils some bytes of an attack that was well formed.
func flipped(tb testing.TB, seed uint64) attack {
	tb.Helper()
	rng := rand.New(rand.NewPCG(seed, 0))
	text := raw(arrow.BinaryTypes.String, 4, []byte{15}, offsets(0, 1, 2, 3, 4), []byte("abcd"))
	option := [][]ipc.Option{nil, {ipc.WithZstd()}, {ipc.WithLZ4()}}[rng.IntN(3)]
	sent := encode(tb, batchOf(4, int64s(4), text, raw(arrow.FixedWidthTypes.Boolean, 4, []byte{9}, []byte{5})), option...)
	m := sent[rng.IntN(len(sent))]
	for range 1 + rng.IntN(8) {
		for _, b := range [][]byte{m.DataHeader, m.DataBody} {
			if len(b) > 0 && rng.IntN(2) == 0 {
				b[rng.IntN(len(b))] = byte(rng.Uint32())
			}
		}
	}
	return attack{name: fmt.Sprintf("flipped bytes, seed %d", seed), sent: sent, harmless: true}
}
