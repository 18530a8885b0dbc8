package tablefile

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// thriftWalk goes over a structure of Thrift's compact protocol, to know that it ends within its bytes and what it
// holds before a library takes memory for it.
type thriftWalk struct {
	what       string // that is walked, for messages
	rest       []byte // bytes that are not walked yet
	structures int64  // walked so far
	parts      int64  // values walked so far, those within others too

	// seen is told the numbers, truths and lists of the structure itself, of those that are its fields, and of those in
	// lists that are its fields; nil: nobody is.
	seen func(f thriftField) error
}

// thriftField is a field that was seen.
type thriftField struct {
	parent, id int // parent is the field that its structure is; 0: it is the outermost
	of         byte
	value      int64 // of a list how many elements it has
}

const thriftDepthMax = 32

// The types of the compact protocol.
const (
	thriftTrue = iota + 1
	thriftFalse
	thriftByte
	thriftInt16
	thriftInt32
	thriftInt64
	thriftDouble
	thriftBinary
	thriftList
	thriftSet
	thriftMap
	thriftStruct
)

func (w *thriftWalk) broken() error { return errors.New(w.what + " is cut off or broken") }

func (w *thriftWalk) tooDeep() error { return errors.New(w.what + " is nested too deeply") }

func (w *thriftWalk) byte() (byte, error) {
	if len(w.rest) == 0 {
		return 0, w.broken()
	}
	b := w.rest[0]
	w.rest = w.rest[1:]
	return b, nil
}

// number reads what is not negative.
func (w *thriftWalk) number() (uint64, error) {
	n, size := binary.Uvarint(w.rest)
	if size <= 0 {
		return 0, w.broken()
	}
	w.rest = w.rest[size:]
	return n, nil
}

// signed reads a number that has no more bits than its type.
func (w *thriftWalk) signed(bits int) (int64, error) {
	n, err := w.number()
	if err == nil && n > math.MaxUint64>>(64-bits) {
		err = w.broken()
	}
	return int64(n>>1) ^ -int64(n&1), err
}

// count reads a number of bytes or elements, which is no more than there are bytes left.
func (w *thriftWalk) count() (uint64, error) {
	n, err := w.number()
	if err == nil && n > uint64(len(w.rest)) {
		err = fmt.Errorf("%s says that %d parts follow, and has %d bytes", w.what, n, len(w.rest))
	}
	return n, err
}

func (w *thriftWalk) skip(n uint64) error {
	if n > uint64(len(w.rest)) {
		return w.broken()
	}
	w.rest = w.rest[n:]
	return nil
}

// structure walks over the outermost structure.
func (w *thriftWalk) structure() error { return w.fields(0, 0) }

// fields walks over those of a structure, which is the field parent of the one around it.
func (w *thriftWalk) fields(parent, depth int) error {
	if depth > thriftDepthMax {
		return w.tooDeep()
	}
	w.structures++
	for id := int64(0); ; {
		head, err := w.byte()
		if err != nil || head == 0 {
			return err
		}
		if id += int64(head >> 4); head>>4 == 0 {
			if id, err = w.signed(16); err != nil {
				return err
			}
		}
		if err := w.value(thriftField{parent: parent, id: int(id), of: head & 0xf}, depth); err != nil {
			return err
		}
	}
}

// value walks over the value of a field; a truth is in the field's type.
func (w *thriftWalk) value(f thriftField, depth int) (err error) {
	w.parts++
	switch f.of {
	case thriftTrue, thriftFalse:
		return w.tell(f, depth)
	case thriftByte:
		return w.skip(1)
	case thriftInt16, thriftInt32, thriftInt64:
		if f.value, err = w.signed(8 << (f.of - thriftByte)); err != nil {
			return err
		}
		return w.tell(f, depth)
	case thriftDouble:
		return w.skip(8)
	case thriftBinary:
		n, err := w.count()
		if err != nil {
			return err
		}
		return w.skip(n)
	case thriftList, thriftSet:
		return w.list(f, depth)
	case thriftStruct:
		return w.fields(f.id, depth+1)
	default: // a map among them: Parquet's metadata has none
		return w.broken()
	}
}

func (w *thriftWalk) list(f thriftField, depth int) error {
	if depth > thriftDepthMax {
		return w.tooDeep()
	}
	head, err := w.byte()
	if err != nil {
		return err
	}
	n := uint64(head >> 4)
	if n == 15 {
		if n, err = w.count(); err != nil {
			return err
		}
	}
	f.value = int64(n)
	if err := w.tell(f, depth); err != nil {
		return err
	}
	for ; err == nil && n > 0; n-- {
		switch of := head & 0xf; of {
		case thriftTrue, thriftFalse:
			w.parts++
			err = w.skip(1) // as an element it is a byte
		case thriftStruct:
			w.parts++
			err = w.fields(f.id, depth+1)
		default:
			err = w.value(thriftField{of: of}, depth+1)
		}
	}
	return err
}

// tell tells of fields at most one structure deep.
func (w *thriftWalk) tell(f thriftField, depth int) error {
	if w.seen == nil || depth > 1 || f.id == 0 {
		return nil
	}
	return w.seen(f)
}
