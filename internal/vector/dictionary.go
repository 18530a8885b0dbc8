package vector

import (
	"runtime"
	"slices"
	"sync"
	"weak"
)

// Dictionary is an immutable list of distinct values. Its pointer is its identity: tables derived from it are
// kept under the pointer. (A Unifier's own dictionary grows; readers hold a length of it.)
type Dictionary struct {
	Values [][]byte
}

// NullID is what a remap table says for the code of NULL.
const NullID = ^uint32(0)

// Unifier gives the values of a column one numbering over all its dictionaries. It only grows; a value's
// number never changes. The tables of dictionaries that nobody holds any more go. Safe for concurrent use.
type Unifier struct {
	mu     sync.Mutex
	ids    map[string]uint32
	values [][]byte
	whole  *Dictionary // all values, while there are no new ones
	remap  map[weak.Pointer[Dictionary]][]uint32
}

// NewUnifier returns an empty numbering.
func NewUnifier() *Unifier {
	return &Unifier{ids: map[string]uint32{}, remap: map[weak.Pointer[Dictionary]][]uint32{}}
}

// Remap returns the number of each of d's codes, and NullID for the NULL code at the end. New values are added.
func (u *Unifier) Remap(d *Dictionary) []uint32 {
	u.mu.Lock()
	defer u.mu.Unlock()
	key := weak.Make(d)
	if r, ok := u.remap[key]; ok {
		return r
	}
	r := make([]uint32, len(d.Values)+1)
	for i, b := range d.Values {
		r[i] = u.add(b)
	}
	r[len(d.Values)] = NullID
	u.remap[key] = r
	runtime.AddCleanup(d, u.forget, key)
	return r
}

// Add returns the number of one value, a new one where it is new. The value is copied.
func (u *Unifier) Add(value []byte) uint32 {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.add(value)
}

func (u *Unifier) add(value []byte) uint32 {
	id, ok := u.ids[string(value)]
	if !ok {
		s := string(value)
		id = uint32(len(u.values))
		u.ids[s] = id
		u.values = append(u.values, []byte(s))
	}
	return id
}

func (u *Unifier) forget(key weak.Pointer[Dictionary]) {
	u.mu.Lock()
	defer u.mu.Unlock()
	delete(u.remap, key)
}

// Len returns how many values have numbers.
func (u *Unifier) Len() int {
	u.mu.Lock()
	defer u.mu.Unlock()
	return len(u.values)
}

// Dictionary returns the values numbered so far, in the order of their numbers: the same dictionary until there
// are new values.
func (u *Unifier) Dictionary() *Dictionary {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.whole == nil || len(u.whole.Values) < len(u.values) {
		u.whole = &Dictionary{Values: slices.Clip(u.values)}
	}
	return u.whole
}
