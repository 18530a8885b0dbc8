package wal

import (
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/storage/frame"
)

// FuzzDecode reads a frame's body as a record, and as a group's header; what is one is written as it was.
func FuzzDecode(f *testing.F) {
	rows := &catalog.AddressSet{}
	rows.Add([]catalog.Address{{Block: 3, Offset: 4}, {Block: 5, Offset: 6}, {Block: 5, Offset: 7}})
	for _, r := range []Record{
		&Insert{Table: 1, Version: 2, Body: []byte("rows")},
		&Delete{Table: 1, Rows: rows},
		&Definition{Body: []byte("[]")},
		&Segments{Body: []byte("[]")},
		&Commit{Placed: [][]Range{{{Block: 3, First: 4, Count: 5}}, {}, {{Block: 6, Count: 1}, {Block: 7, Count: 2}}}},
	} {
		f.Add(byte(r.kind()), r.append(nil))
	}
	f.Add(byte(kindGroup), groupHeader{first: 7, synced: 8, bytes: 9, times: []catalog.Timestamp{1, 2}}.encode())
	f.Fuzz(func(t *testing.T, kind byte, body []byte) {
		k := frame.Kind(kind)
		if h, ok := decodeGroup(frame.Frame{Kind: k, Body: body}); ok {
			require.Equal(t, body, h.encode())
		}
		r, ok := decodeRecord(k, body)
		if !ok {
			return
		}
		if d, ok := r.(*Delete); ok { // which may be written in more than one way
			require.Len(t, r.append(nil), r.size())
			again, ok := decodeRecord(r.kind(), r.append(nil))
			require.True(t, ok)
			requireSame(t, d, again.(*Delete))
			return
		}
		require.Equal(t, k, r.kind())
		require.Equal(t, len(body), r.size())
		require.Equal(t, append([]byte{}, body...), r.append([]byte{}))
	})
}

func requireSame(t *testing.T, a, b *Delete) {
	t.Helper()
	require.Equal(t, a.Table, b.Table)
	require.Equal(t, a.Rows.Blocks(), b.Rows.Blocks())
	for _, block := range a.Rows.Blocks() {
		require.True(t, a.Rows.Offsets(block).Equals(b.Rows.Offsets(block)))
	}
}

// Logs of older programs name each deleted row.
func TestOlderDeletesAreRead(t *testing.T) {
	body := binary.LittleEndian.AppendUint64(nil, 9)
	for _, a := range []catalog.Address{{Block: 7, Offset: 3}, {Block: 2, Offset: 1}, {Block: 7, Offset: 1}} {
		body = binary.LittleEndian.AppendUint64(body, uint64(a.Block))
		body = binary.LittleEndian.AppendUint32(body, a.Offset)
	}
	r, ok := decodeRecord(kindDelete, body)
	require.True(t, ok)
	want := &Delete{Table: 9, Rows: &catalog.AddressSet{}}
	want.Rows.Add([]catalog.Address{{Block: 2, Offset: 1}, {Block: 7, Offset: 1}, {Block: 7, Offset: 3}})
	requireSame(t, want, r.(*Delete))
	_, ok = decodeRecord(kindDelete, append(body, body[8:20]...))
	require.False(t, ok, "one row twice")
}

// FuzzReadGroup reads bytes as the frames of a log: whatever they are, what is read lies within them.
func FuzzReadGroup(f *testing.F) {
	var records []byte
	for _, r := range []Record{&Delete{Table: 1, Rows: &catalog.AddressSet{}}, &Commit{}} {
		records = frame.Append(records, uint64(frame.Size(32)+len(records)), frame.Frame{Kind: r.kind(), Body: r.append(nil)})
	}
	header := groupHeader{first: 1, bytes: uint64(len(records)), times: []catalog.Timestamp{1}}
	f.Add(append(frame.Append(nil, 0, frame.Frame{Kind: kindGroup, Body: header.encode()}), records...))
	f.Fuzz(func(t *testing.T, data []byte) {
		// Frames with checksums that hold, so that the fuzzer comes past them: kind, flags, length, body.
		var frames []byte
		for rest := data; len(rest) >= 3; {
			n := min(int(rest[2]), len(rest)-3)
			body := rest[3 : 3+n]
			frames = frame.Append(frames, uint64(len(frames)),
				frame.Frame{Kind: frame.Kind(rest[0]), Flags: frame.Flags(rest[1]), Body: body})
			rest = rest[3+n:]
		}
		for _, input := range [][]byte{data, frames} {
			r := &reader{log: &Log{}, data: input}
			for {
				commits, ok, err := r.readGroup()
				require.NoError(t, err)
				require.LessOrEqual(t, r.offset, len(input))
				if !ok {
					break
				}
				for i, c := range commits {
					require.Equal(t, commits[0].Sequence+catalog.Sequence(i), c.Sequence)
				}
			}
		}
	})
}
