package wal

import (
	"bytes"
	"encoding/binary"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/storage/frame"
)

// The kinds of frames.
const (
	kindGroup frame.Kind = 1 + iota
	kindInsert
	kindDelete // of older programs, which named each row
	kindDefinition
	kindSegments
	kindCommit
	kindDeleteBlocks
)

// Record is one change of a commit. The set is sealed.
type Record interface {
	kind() frame.Kind
	append(dst []byte) []byte
	size() int
}

// Insert is rows for a table; its Commit says where they go.
type Insert struct {
	Table   catalog.TableID
	Version catalog.Version // of the definition that the rows follow
	Body    []byte          // an Arrow IPC stream of one batch of at most vector.ChunkRows rows
}

// Delete takes rows out of a table.
type Delete struct {
	Table catalog.TableID
	Rows  *catalog.AddressSet
}

// Definition is a change of definitions in the encoding of storage/manifest.
type Definition struct{ Body []byte }

// Segments names segments that the transaction wrote, in the encoding of storage/manifest.
type Segments struct{ Body []byte }

// Commit ends a commit. It is made when the order of commits is fixed.
type Commit struct {
	Placed [][]Range // for each Insert of the commit, in order, where its rows go
}

// Range is a run of addresses in one block.
type Range struct {
	Block catalog.BlockID
	First uint32
	Count uint32
}

func (*Insert) kind() frame.Kind     { return kindInsert }
func (*Delete) kind() frame.Kind     { return kindDeleteBlocks }
func (*Definition) kind() frame.Kind { return kindDefinition }
func (*Segments) kind() frame.Kind   { return kindSegments }
func (*Commit) kind() frame.Kind     { return kindCommit }

const (
	insertHeaderBytes = 16
	addressBytes      = 12
	blockHeaderBytes  = 12
	rangeBytes        = 16
)

func (r *Insert) size() int     { return insertHeaderBytes + len(r.Body) }
func (r *Definition) size() int { return len(r.Body) }
func (r *Segments) size() int   { return len(r.Body) }

func (r *Delete) size() int {
	n := 8
	for _, block := range r.Rows.Blocks() {
		n += blockHeaderBytes + int(r.Rows.Offsets(block).GetSerializedSizeInBytes())
	}
	return n
}

func (r *Commit) size() int {
	n := 4
	for _, ranges := range r.Placed {
		n += 4 + rangeBytes*len(ranges)
	}
	return n
}

func (r *Insert) append(dst []byte) []byte {
	dst = binary.LittleEndian.AppendUint64(dst, uint64(r.Table))
	dst = binary.LittleEndian.AppendUint64(dst, uint64(r.Version))
	return append(dst, r.Body...)
}

func (r *Delete) append(dst []byte) []byte {
	dst = binary.LittleEndian.AppendUint64(dst, uint64(r.Table))
	for _, block := range r.Rows.Blocks() {
		offsets := r.Rows.Offsets(block)
		dst = binary.LittleEndian.AppendUint64(dst, uint64(block))
		dst = binary.LittleEndian.AppendUint32(dst, uint32(offsets.GetSerializedSizeInBytes()))
		w := bytes.NewBuffer(dst)
		_, _ = offsets.WriteTo(w) // a buffer takes all
		dst = w.Bytes()
	}
	return dst
}

func (r *Definition) append(dst []byte) []byte { return append(dst, r.Body...) }
func (r *Segments) append(dst []byte) []byte   { return append(dst, r.Body...) }

func (r *Commit) append(dst []byte) []byte {
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(r.Placed)))
	for _, ranges := range r.Placed {
		dst = binary.LittleEndian.AppendUint32(dst, uint32(len(ranges)))
		for _, p := range ranges {
			dst = binary.LittleEndian.AppendUint64(dst, uint64(p.Block))
			dst = binary.LittleEndian.AppendUint32(dst, p.First)
			dst = binary.LittleEndian.AppendUint32(dst, p.Count)
		}
	}
	return dst
}

// decodeRecord reads a record's body; false when it is not one.
func decodeRecord(kind frame.Kind, body []byte) (Record, bool) {
	switch kind {
	case kindInsert:
		if len(body) < insertHeaderBytes {
			return nil, false
		}
		return &Insert{
			Table:   catalog.TableID(binary.LittleEndian.Uint64(body)),
			Version: catalog.Version(binary.LittleEndian.Uint64(body[8:])),
			Body:    body[insertHeaderBytes:],
		}, true
	case kindDelete:
		return decodeDelete(body)
	case kindDeleteBlocks:
		return decodeDeleteBlocks(body)
	case kindDefinition:
		return &Definition{Body: body}, true
	case kindSegments:
		return &Segments{Body: body}, true
	case kindCommit:
		return decodeCommit(body)
	default:
		return nil, false
	}
}

func decodeDelete(body []byte) (Record, bool) {
	if len(body) < 8 || (len(body)-8)%addressBytes != 0 {
		return nil, false
	}
	r := &Delete{Table: catalog.TableID(binary.LittleEndian.Uint64(body)), Rows: &catalog.AddressSet{}}
	body = body[8:]
	rows := make([]catalog.Address, len(body)/addressBytes)
	for i := range rows {
		b := body[i*addressBytes:]
		rows[i] = catalog.Address{
			Block: catalog.BlockID(binary.LittleEndian.Uint64(b)), Offset: binary.LittleEndian.Uint32(b[8:]),
		}
	}
	r.Rows.Add(rows)
	return r, r.Rows.Len() == int64(len(rows))
}

func decodeDeleteBlocks(body []byte) (Record, bool) {
	if len(body) < 8 {
		return nil, false
	}
	r := &Delete{Table: catalog.TableID(binary.LittleEndian.Uint64(body)), Rows: &catalog.AddressSet{}}
	body = body[8:]
	for len(body) > 0 {
		if len(body) < blockHeaderBytes {
			return nil, false
		}
		block, n := catalog.BlockID(binary.LittleEndian.Uint64(body)), binary.LittleEndian.Uint32(body[8:])
		body = body[blockHeaderBytes:]
		if uint64(n) > uint64(len(body)) || r.Rows.Offsets(block) != nil {
			return nil, false
		}
		offsets, err := catalog.DecodeOffsets(body[:n])
		if err != nil || offsets.IsEmpty() {
			return nil, false
		}
		r.Rows.Put(block, offsets)
		body = body[n:]
	}
	return r, true
}

func decodeCommit(body []byte) (Record, bool) {
	count, body, ok := take32(body)
	if !ok || int(count) > len(body)/4 {
		return nil, false
	}
	r := &Commit{Placed: make([][]Range, count)}
	for i := range r.Placed {
		var n uint32
		if n, body, ok = take32(body); !ok || int(n) > len(body)/rangeBytes {
			return nil, false
		}
		ranges := make([]Range, n)
		for k := range ranges {
			ranges[k] = Range{
				Block: catalog.BlockID(binary.LittleEndian.Uint64(body)),
				First: binary.LittleEndian.Uint32(body[8:]), Count: binary.LittleEndian.Uint32(body[12:]),
			}
			body = body[rangeBytes:]
		}
		r.Placed[i] = ranges
	}
	return r, len(body) == 0
}

func take32(b []byte) (uint32, []byte, bool) {
	if len(b) < 4 {
		return 0, nil, false
	}
	return binary.LittleEndian.Uint32(b), b[4:], true
}
