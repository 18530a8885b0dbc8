package wal

import (
	"encoding/binary"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/storage/frame"
)

// Group is commits that are written and synced together.
type Group struct {
	First   catalog.Sequence    // of the first commit; the others follow without a gap
	Times   []catalog.Timestamp // one a commit
	Commits [][]Record          // one a commit, each ending in a Commit
}

// groupHeader is the body of a group's first frame.
type groupHeader struct {
	first  catalog.Sequence
	synced LSN    // all below is known to be synced
	bytes  uint64 // of the frames that follow and belong to the group
	times  []catalog.Timestamp
}

const groupHeaderBytes = 24

// maxGroupCommits keeps a group's header within one frame.
const maxGroupCommits = (frame.BodyBytesMax - groupHeaderBytes) / 8

func (h groupHeader) encode() []byte {
	b := make([]byte, 0, groupHeaderBytes+8*len(h.times))
	b = binary.LittleEndian.AppendUint64(b, uint64(h.first))
	b = binary.LittleEndian.AppendUint64(b, uint64(h.synced))
	b = binary.LittleEndian.AppendUint64(b, h.bytes)
	for _, t := range h.times {
		b = binary.LittleEndian.AppendUint64(b, uint64(t))
	}
	return b
}

// decodeGroup reads a group's header from a frame; false when the frame is none.
func decodeGroup(f frame.Frame) (groupHeader, bool) {
	if f.Kind != kindGroup || f.Flags != 0 || len(f.Body) < groupHeaderBytes || len(f.Body)%8 != 0 {
		return groupHeader{}, false
	}
	h := groupHeader{
		first:  catalog.Sequence(binary.LittleEndian.Uint64(f.Body)),
		synced: LSN(binary.LittleEndian.Uint64(f.Body[8:])),
		bytes:  binary.LittleEndian.Uint64(f.Body[16:]),
	}
	for b := f.Body[groupHeaderBytes:]; len(b) > 0; b = b[8:] {
		h.times = append(h.times, catalog.Timestamp(binary.LittleEndian.Uint64(b)))
	}
	return h, true
}

// bytes is the size of all frames of the group's records.
func (g *Group) bytes() uint64 {
	var n int
	for _, records := range g.Commits {
		for _, r := range records {
			n += frame.RecordSize(r.size())
		}
	}
	return uint64(n)
}
