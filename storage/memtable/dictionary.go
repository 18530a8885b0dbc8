package memtable

import (
	"slices"
	"sync/atomic"

	"github.com/micodb/micodb/internal/vector"
)

// maxDictionary is how many distinct values a column may have before its rows get no more codes.
const maxDictionary = 4096

// dictionary numbers the texts of a column over all blocks. The writer adds; readers take a vector.Dictionary
// of what is published.
type dictionary struct {
	unifier   *vector.Unifier
	ids       map[string]uint16
	values    [][]byte
	published atomic.Pointer[vector.Dictionary]

	of    *vector.Dictionary // the incoming dictionary that table translates, so that runs of chunks look it up once
	table []int32
}

func newDictionary(u *vector.Unifier) *dictionary {
	d := &dictionary{unifier: u, ids: map[string]uint16{}}
	d.published.Store(&vector.Dictionary{})
	return d
}

// code returns the number of a value, or false when the dictionary is full.
func (d *dictionary) code(value []byte) (uint16, bool) {
	if code, ok := d.ids[string(value)]; ok {
		return code, true
	}
	if len(d.values) == maxDictionary {
		return 0, false
	}
	d.unifier.Add(value)
	s := string(value)
	code := uint16(len(d.values))
	d.ids[s] = code
	d.values = append(d.values, []byte(s))
	return code, true
}

// publish lets readers see the values that were added.
func (d *dictionary) publish() {
	if len(d.published.Load().Values) != len(d.values) {
		d.published.Store(&vector.Dictionary{Values: slices.Clip(d.values)})
	}
}

const untranslated = -1

// translation returns a table from the codes of a dictionary-encoded vector to ours, filled as they come.
func (d *dictionary) translation(v *vector.Vector) []int32 {
	if v.Encoding != vector.Dict {
		return nil
	}
	if d.of != v.Dictionary {
		d.of, d.table = v.Dictionary, make([]int32, len(v.Dictionary.Values))
		for i := range d.table {
			d.table[i] = untranslated
		}
	}
	return d.table
}

func (d *dictionary) translated(v *vector.Vector, table []int32, i int) (uint16, bool) {
	code := v.CodeAt(i)
	if table[code] == untranslated {
		ours, ok := d.code(v.Dictionary.Values[code])
		if !ok {
			return 0, false
		}
		table[code] = int32(ours)
	}
	return uint16(table[code]), true
}
