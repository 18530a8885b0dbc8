package exec

import (
	"bytes"

	"github.com/micodb/micodb/internal/vector"
)

// changes are where the marks go of rows that have another value than the row before.
type changes struct {
	rows  []uint32
	valid []uint64 // nil: no value is NULL, or NULL has a code
	same  []uint8
	mark  uint8
}

// markChanges marks the rows, from the second on, that have another value than the row before.
func (s *store) markChanges(k *storeColumn, rows []uint32, same []uint8, mark uint8) {
	c := changes{rows: rows, same: same, mark: mark}
	if k.hasValid() {
		c.valid = k.valid
	}
	switch {
	case k.encoding == vector.View:
		markTexts(s.texts.arena, k.data, c)
	case k.known.Physical == vector.Float:
		markFloats(view[float64](k.data, s.n), c)
	default:
		changeMarks[k.width](k.data, s.n, c)
	}
	if c.valid == nil {
		return
	}
	for i := 1; i < len(rows); i++ {
		if isSet(c.valid, rows[i-1]) != isSet(c.valid, rows[i]) {
			same[i] = mark
		}
	}
}

func isSet(bits []uint64, i uint32) bool { return bits[i>>6]>>(i&63)&1 == 1 }

// known tells whether row i or the one before it has a value: what lies under two NULLs is none.
func (c *changes) known(i int) bool {
	return c.valid == nil || isSet(c.valid, c.rows[i-1]) || isSet(c.valid, c.rows[i])
}

type markKernel func(data []uint64, total int, c changes)

var changeMarks = [5]markKernel{
	markValues[uint8], markValues[uint16], markValues[uint32], markValues[int64], markValues[vector.Int128],
}

func markValues[T comparable](data []uint64, total int, c changes) {
	d := view[T](data, total)
	last := d[c.rows[0]]
	for i := 1; i < len(c.rows); i++ {
		x := d[c.rows[i]]
		if x != last && c.known(i) {
			c.same[i] = c.mark
		}
		last = x
	}
}

// markFloats knows that all NaN are one value, and both zeros.
func markFloats(d []float64, c changes) {
	last := vector.FloatKey(d[c.rows[0]])
	for i := 1; i < len(c.rows); i++ {
		x := vector.FloatKey(d[c.rows[i]])
		if x != last && c.known(i) {
			c.same[i] = c.mark
		}
		last = x
	}
}

func markTexts(texts *arena, refs []uint64, c changes) {
	last := refs[c.rows[0]]
	for i := 1; i < len(c.rows); i++ {
		x := refs[c.rows[i]]
		if x != last && (x == noText || last == noText || !bytes.Equal(texts.get(x), texts.get(last))) {
			c.same[i] = c.mark
		}
		last = x
	}
}
