package exec

import (
	"math/bits"

	"github.com/micodb/micodb/internal/vector"
)

const (
	// LaneGroups is up to how many dense groups have lanes: their numbers fit a byte.
	laneGroups = 1 << 8

	// LaneSpan is how large a value may be for a chunk's sum to fit 64 bits.
	laneSpan = 1 << 50
)

// lanes are four partial sums for each of a few groups. Rows that follow each other go to lanes of their own, so that
// no addition waits for the last one.
type lanes [4 * laneGroups]uint64

// laneFolder folds chunks into a few dense groups. It sums codes, and applies base and scale once a chunk: the sum of
// base + scale*code is base*rows + scale*(sum of codes), modulo 2^64, which holds it.
type laneFolder struct {
	*folder

	dense  int
	groups [vector.ChunkRows]uint8 // of the rows; not set for one group
	counts [laneGroups]uint64      // rows of the chunk in each
	lanes  lanes
	filled bool // whether folder.slots are those of the chunk
}

// fold folds the chosen rows into states, an array of all groups. When it fails with 53200, the rows may be folded
// again.
func (f *laneFolder) fold(c *vector.Chunk, rows []uint16, states []uint64) error {
	f.filled = false
	if err := f.setGroups(c, rows); err != nil {
		return err
	}
	for i := range f.layout.folds {
		if f.layout.folds[i].op.isText() {
			if err := f.foldTexts(c, rows, states, f.slotsOf(rows)); err != nil {
				return err
			}
			break // it folds them all
		}
	}
	stride := f.layout.stride
	for g, n := range f.counts[:f.dense] {
		states[g*stride+f.layout.nKeys] += n
	}
	for i := range f.layout.folds {
		k := &f.layout.folds[i]
		v := c.Columns[k.column]
		switch {
		case k.op.isText():
		case k.op == foldSum && v.Physical == vector.Integer && v.Valid == nil && v.Lo >= -laneSpan && v.Hi <= laneSpan:
			f.sum(v, c.Sel, len(rows), states[k.at:])
		default:
			if err := f.foldOne(i, c, rows, states, f.slotsOf(rows)); err != nil {
				return err
			}
		}
	}
	return nil
}

// setGroups finds the groups of the rows and counts them.
func (f *laneFolder) setGroups(c *vector.Chunk, rows []uint16) error {
	if f.dense == 1 {
		f.counts[0] = uint64(len(rows))
		return nil
	}
	groups := f.groups[:len(rows)]
	if !f.keys.packBytes(c, rows, groups) {
		words := f.words[:len(rows)]
		if err := f.keys.pack(c, rows, words); err != nil {
			return err
		}
		for i, w := range words {
			groups[i] = uint8(w)
		}
	}
	clear(f.lanes[:4*f.dense])
	countLanes(groups, &f.lanes)
	for g := range f.dense {
		f.counts[g] = f.lanes.sum(g)
	}
	return nil
}

// slotsOf returns where the rows' states begin.
func (f *laneFolder) slotsOf(rows []uint16) []uint32 {
	slots := f.slots[:len(rows)]
	if f.filled {
		return slots
	}
	f.filled = true
	if f.dense == 1 {
		clear(slots)
		return slots
	}
	stride := uint32(f.layout.stride)
	for i, g := range f.groups[:len(rows)] {
		slots[i] = uint32(g) * stride
	}
	return slots
}

// sum adds the values of n rows to the sums at the heads of the states. Sel nil is all rows of the vector.
func (f *laneFolder) sum(v *vector.Vector, sel []uint16, n int, states []uint64) {
	base, scale := v.Affine()
	constant := v.Encoding == vector.Constant
	if !constant {
		clear(f.lanes[:4*f.dense])
		if f.dense == 1 {
			f.lanes[0] = vector.SumCodes(v, sel)
		} else {
			sumLanes[v.Width](v, sel, f.groups[:n], &f.lanes)
		}
	}
	for g := range f.dense {
		x := uint64(base) * f.counts[g]
		if !constant {
			x += uint64(scale) * f.lanes.sum(g)
		}
		e := states[g*f.layout.stride:]
		var carry uint64
		e[0], carry = bits.Add64(e[0], x, 0)
		e[1] += uint64(int64(x)>>63) + carry
	}
}

func (l *lanes) sum(g int) uint64 { return l[4*g] + l[4*g+1] + l[4*g+2] + l[4*g+3] }
