package parquetfile

import (
	"bytes"

	"github.com/micodb/micodb/internal/vector"
)

// maxIntegerDictionary is up to how many distinct integers a dictionary is smaller than the values under LZ4.
const maxIntegerDictionary = 1 << 12

// maxSpan is up to which distance of their bounds integers are numbered by a table instead of hashes.
const maxSpan = 1 << 16

// probed is after how many values a column of nearly distinct values is known to be one.
const probed = 1 << 14

// coder numbers the distinct values of a column, small integers in their order, others as they come, and estimates
// their number where there are too many for a dictionary.
type coder struct {
	codes  []uint32 // of the values
	first  []int32  // where each distinct value stands first
	hashes []uint64 // of the distinct values
	slots  []int32  // codes by hash, -1 where empty; a power of two, at most half full
	table  []int32  // codes by distance from the lower bound, -1 where the value does not occur
	sketch sketch
}

// run numbers the present values of g, whose bounds are known. It returns whether all have a code, and the number
// of distinct values, which is estimated where they have not.
func (c *coder) run(g *gathered, b *bounds) (whole bool, distinct int64) {
	c.codes, c.first, c.hashes = c.codes[:0], c.first[:0], c.hashes[:0]
	n := g.present()
	limit := min(maxIntegerDictionary, g.rows/4)
	switch g.of.Type.Physical() {
	case vector.Integer:
		if span := uint64(b.hi - b.lo); span < maxSpan {
			c.spread(g.ints, b.lo, int(span)+1)
			return len(c.first) <= limit, int64(len(c.first))
		}
		// Hash is a bijection: equal hashes are equal values.
		whole = c.hash(n, limit, g.hasher(), always)
	case vector.Wide:
		whole = c.hash(n, limit, g.hasher(), func(i, j int) bool { return g.wide[i] == g.wide[j] })
	case vector.Float:
		whole = c.hash(n, 0, g.hasher(), always)
	default:
		whole = c.hash(n, dictionaryLimit(g.rows), g.hasher(),
			func(i, j int) bool { return bytes.Equal(g.text(i), g.text(j)) })
	}
	if whole {
		return true, int64(len(c.first))
	}
	return false, min(max(c.sketch.estimate(), 1), int64(n))
}

// hasher returns the function that hashes the present values.
func (g *gathered) hasher() func(i int) uint64 {
	switch g.of.Type.Physical() {
	case vector.Integer:
		return func(i int) uint64 { return vector.Hash(uint64(g.ints[i])) }
	case vector.Wide:
		return func(i int) uint64 { return vector.Hash(g.wide[i].Lo) ^ uint64(g.wide[i].Hi) }
	case vector.Float:
		return func(i int) uint64 { return vector.Hash(bitsOf(g.floats[i])) }
	default:
		return func(i int) uint64 { return vector.HashBytes(g.text(i)) }
	}
}

func always(int, int) bool { return true }

// spread numbers integers by a table over their span, in the order of the values: a dictionary without gaps is then
// read back without a look at it.
func (c *coder) spread(values []int64, lo int64, span int) {
	c.table = filled(c.table, span)
	for i, x := range values {
		if c.table[x-lo] < 0 {
			c.table[x-lo] = int32(i)
		}
	}
	for i, first := range c.table {
		if first >= 0 {
			c.table[i] = int32(len(c.first))
			c.first = append(c.first, first)
		}
	}
	for _, x := range values {
		c.codes = append(c.codes, uint32(c.table[x-lo]))
	}
}

// hash numbers n values by their hashes, as long as no more than limit are distinct. Past that it only counts.
func (c *coder) hash(n, limit int, hash func(i int) uint64, same func(i, j int) bool) bool {
	c.sketch.reset()
	c.slots = filled(c.slots, 1<<10)
	for i := range n {
		h := hash(i)
		c.sketch.add(h)
		if limit < 0 {
			continue
		}
		slot := int(h) & (len(c.slots) - 1)
		code := c.slots[slot]
		for code >= 0 && (c.hashes[code] != h || !same(int(c.first[code]), i)) {
			slot = (slot + 1) & (len(c.slots) - 1)
			code = c.slots[slot]
		}
		if code < 0 {
			code = int32(len(c.first))
			c.slots[slot] = code
			c.first, c.hashes = append(c.first, int32(i)), append(c.hashes, h)
			if len(c.first) > limit || i == probed && len(c.first) > probed/16*15 {
				limit = -1
				continue
			}
			if 2*len(c.first) > len(c.slots) {
				c.grow()
			}
		}
		c.codes = append(c.codes, uint32(code))
	}
	return limit >= 0
}

// grow doubles the slots.
func (c *coder) grow() {
	c.slots = filled(c.slots, 2*len(c.slots))
	for code, h := range c.hashes {
		slot := int(h) & (len(c.slots) - 1)
		for c.slots[slot] >= 0 {
			slot = (slot + 1) & (len(c.slots) - 1)
		}
		c.slots[slot] = int32(code)
	}
}

// filled returns n times -1, in the memory of s where it is enough.
func filled(s []int32, n int) []int32 {
	if cap(s) < n {
		s = make([]int32, n)
	}
	s = s[:n]
	for i := range s {
		s[i] = -1
	}
	return s
}

// dictionaryLimit is up to how many distinct texts among so many rows are best kept as codes.
func dictionaryLimit(rows int) int { return min(60_000, max(256, rows/2)) }
