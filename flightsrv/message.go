package flightsrv

import (
	flatbuffers "github.com/google/flatbuffers/go"

	"github.com/micodb/micodb/internal/limits"
	"github.com/micodb/micodb/internal/sqlerr"
)

// The IPC reader believes what a message says of itself: it makes slices of any length, follows fields as deep as
// they go, and copies a text as often as it is referred to. Each of these ends the process when a client makes it
// up, so messages are looked at before they are decoded. Their format is Arrow's Message.fbs and Schema.fbs.

// The fields of the flatbuffers, by their places in the vtable.
const (
	messageHeaderType = 6
	messageHeader     = 8
	messageMetadata   = 12

	schemaFields   = 6
	schemaMetadata = 8

	fieldName      = 4
	fieldTypeKind  = 8
	fieldType      = 10
	fieldChildren  = 14
	fieldMetadata  = 16
	timestampZone  = 6
	keyValueKey    = 4
	keyValueValue  = 6
	kindTimestamp  = 10
	dictionaryData = 6

	batchLength      = 4
	batchNodes       = 6
	batchBuffers     = 8
	batchCompression = 10
	batchVariadic    = 12
	compressionCodec = 4

	headerSchema     = 1
	headerDictionary = 2
	headerBatch      = 3
	codecZstd        = 1

	offsetBytes = 4
	structBytes = 16 // a node, or a buffer: two numbers of 8 bytes
	countBytes  = 8
)

// checkMessage returns an error for a message that must not be decoded.
func checkMessage(header, body []byte) (err error) {
	if len(header) == 0 {
		return nil // metadata only
	}
	if len(header) > limits.MessageHeaderBytes {
		return sqlerr.New(sqlerr.LimitExceeded, "the header of an IPC message has %d bytes, the limit is %d",
			len(header), limits.MessageHeaderBytes)
	}
	defer func() {
		if recover() != nil { // flatbuffers trusts its offsets
			err = badMessage()
		}
	}()
	m := &message{body: body}
	root := table{bytes: header, Table: flatbuffers.Table{Bytes: header, Pos: flatbuffers.GetUOffsetT(header)}}
	if err := m.metadata(root, messageMetadata); err != nil {
		return err
	}
	content, ok := root.child(messageHeader)
	if !ok {
		return badMessage()
	}
	switch root.GetByteSlot(messageHeaderType, 0) {
	case headerSchema:
		return m.schema(content)
	case headerDictionary:
		data, ok := content.child(dictionaryData)
		if !ok {
			return badMessage()
		}
		return m.batch(data)
	case headerBatch:
		return m.batch(content)
	}
	return badMessage()
}

func badMessage() error {
	return sqlerr.New(sqlerr.ProtocolViolation, "the data is not a valid Arrow IPC message")
}

func tooMuch(what string, limit int) error {
	return sqlerr.New(sqlerr.LimitExceeded, "an IPC message has more than %d %s", limit, what)
}

// message counts what the decoder will make.
type message struct {
	body   []byte
	fields int
	pairs  int
	names  int
}

func (m *message) schema(t table) error {
	if err := m.metadata(t, schemaMetadata); err != nil {
		return err
	}
	return m.children(t, schemaFields, 1)
}

// children looks at a vector of fields. Two may be one and the same, so they are counted each time.
func (m *message) children(t table, slot flatbuffers.VOffsetT, depth int) error {
	fields, err := t.vector(slot, offsetBytes)
	if err != nil {
		return err
	}
	if depth > limits.SchemaDepth && fields.n > 0 {
		return tooMuch("levels of fields", limits.SchemaDepth)
	}
	if m.fields += fields.n; m.fields > limits.SchemaFields {
		return tooMuch("fields", limits.SchemaFields)
	}
	for i := range fields.n {
		if err := m.field(fields.table(i), depth); err != nil {
			return err
		}
	}
	return nil
}

func (m *message) field(f table, depth int) error {
	m.names += f.textBytes(fieldName)
	if kind, ok := f.child(fieldType); ok && f.GetByteSlot(fieldTypeKind, 0) == kindTimestamp {
		m.names += kind.textBytes(timestampZone)
	}
	if err := m.metadata(f, fieldMetadata); err != nil {
		return err
	}
	return m.children(f, fieldChildren, depth+1)
}

// metadata looks at a vector of keys and values.
func (m *message) metadata(t table, slot flatbuffers.VOffsetT) error {
	pairs, err := t.vector(slot, offsetBytes)
	if err != nil {
		return err
	}
	if m.pairs += pairs.n; m.pairs > limits.SchemaPairs {
		return tooMuch("keys of metadata", limits.SchemaPairs)
	}
	for i := range pairs.n {
		p := pairs.table(i)
		m.names += p.textBytes(keyValueKey) + p.textBytes(keyValueValue)
		if m.names > limits.SchemaNameBytes {
			break
		}
	}
	if m.names > limits.SchemaNameBytes {
		return tooMuch("bytes of names and metadata", limits.SchemaNameBytes)
	}
	return nil
}

// batch looks at a record batch. What a message says of its rows must hold together before anything is made of it.
func (m *message) batch(t table) error {
	nodes, err := t.vector(batchNodes, structBytes)
	if err != nil {
		return err
	}
	if t.GetInt64Slot(batchLength, 0) < 0 {
		return badMessage()
	}
	for i := range nodes.n {
		rows, nulls := nodes.pair(i)
		if rows < 0 || nulls < 0 || nulls > rows {
			return badMessage()
		}
	}
	buffers, err := t.vector(batchBuffers, structBytes)
	if err != nil {
		return err
	}
	counts, err := t.vector(batchVariadic, countBytes)
	if err != nil {
		return err
	}
	for i := range counts.n {
		if c := counts.int64(i * countBytes); c < 0 || c > int64(buffers.n) {
			return badMessage()
		}
	}
	compression, compressed := t.child(batchCompression)
	zstd := compressed && compression.GetByteSlot(compressionCodec, 0) == codecZstd
	for i := range buffers.n {
		offset, length := buffers.pair(i)
		if offset < 0 || length < 0 || length > int64(len(m.body)) || offset > int64(len(m.body))-length {
			return badMessage()
		}
		if !zstd {
			continue
		}
		if err := checkCompressed(m.body[offset : offset+length]); err != nil {
			return err
		}
	}
	return nil
}

// table is a flatbuffers table. Its methods panic where an offset leads out of the message.
type table struct {
	flatbuffers.Table

	bytes []byte
}

// at returns the place of a field, or 0.
func (t table) at(slot flatbuffers.VOffsetT) flatbuffers.UOffsetT {
	o := flatbuffers.UOffsetT(t.Offset(slot))
	if o == 0 {
		return 0
	}
	return t.Pos + o
}

// child follows a field that is a table.
func (t table) child(slot flatbuffers.VOffsetT) (table, bool) {
	at := t.at(slot)
	if at == 0 {
		return table{}, false
	}
	return t.sub(at), true
}

func (t table) sub(at flatbuffers.UOffsetT) table {
	return table{bytes: t.bytes, Table: flatbuffers.Table{Bytes: t.bytes, Pos: t.Indirect(at)}}
}

// textBytes returns the length of a text, of which it checks nothing else.
func (t table) textBytes(slot flatbuffers.VOffsetT) int {
	at := t.at(slot)
	if at == 0 {
		return 0
	}
	return len(t.ByteVector(at))
}

// elements are a field that is a vector; one that is not there has none.
type elements struct {
	of    table
	start flatbuffers.UOffsetT
	n     int
}

// vector checks that so many elements have room in the message.
func (t table) vector(slot flatbuffers.VOffsetT, elementBytes int) (elements, error) {
	o := flatbuffers.UOffsetT(t.Offset(slot))
	if o == 0 {
		return elements{}, nil
	}
	v := elements{of: t, start: t.Vector(o), n: t.VectorLen(o)}
	if v.n < 0 || int64(v.start)+int64(v.n)*int64(elementBytes) > int64(len(t.bytes)) {
		return elements{}, badMessage()
	}
	return v, nil
}

// table returns an element of a vector of tables.
func (v elements) table(i int) table { return v.of.sub(v.start + flatbuffers.UOffsetT(i*offsetBytes)) }

// pair returns the two numbers of an element: a node's rows and NULLs, or a buffer's offset and length.
func (v elements) pair(i int) (first, second int64) {
	return v.int64(i * structBytes), v.int64(i*structBytes + structBytes/2)
}

// int64 returns the number at a distance from the vector's start.
func (v elements) int64(distance int) int64 {
	return v.of.GetInt64(v.start + flatbuffers.UOffsetT(distance))
}
