package tablefile

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// The limits of a Parquet file's footer.
const (
	footerBytesMax = 64 << 20
	footerDepthMax = 32
)

const (
	magic      = "PAR1"
	trailBytes = 8 // the footer's length and the magic
)

// checkFooter refuses a file whose footer is no Thrift structure within its own bytes: the library takes memory for as
// many elements as a list says that it has, before it reads them.
func checkFooter(in Source) error {
	trail := make([]byte, trailBytes)
	if in.Size < trailBytes+int64(len(magic)) {
		return fmt.Errorf("%d bytes are no Parquet file", in.Size)
	}
	if _, err := in.Bytes.ReadAt(trail, in.Size-trailBytes); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if string(trail[4:]) != magic {
		return errors.New("it does not end as a Parquet file does: it is another format, or cut off")
	}
	size := int64(binary.LittleEndian.Uint32(trail))
	if size > min(footerBytesMax, in.Size-trailBytes) {
		return fmt.Errorf("it says that its footer has %d bytes", size)
	}
	footer := make([]byte, size)
	if _, err := in.Bytes.ReadAt(footer, in.Size-trailBytes-size); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	w := &thriftWalk{rest: footer}
	return w.structure(0)
}

// thriftWalk goes over a structure of Thrift's compact protocol.
type thriftWalk struct{ rest []byte }

var errFooter = errors.New("its footer is cut off or broken")

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

func (w *thriftWalk) byte() (byte, error) {
	if len(w.rest) == 0 {
		return 0, errFooter
	}
	b := w.rest[0]
	w.rest = w.rest[1:]
	return b, nil
}

// number reads what is not negative, and no more than there are bytes left when it counts something.
func (w *thriftWalk) number(counts bool) (uint64, error) {
	n, size := binary.Uvarint(w.rest)
	if size <= 0 {
		return 0, errFooter
	}
	w.rest = w.rest[size:]
	if counts && n > uint64(len(w.rest)) {
		return 0, fmt.Errorf("its footer says that %d parts follow, and has %d bytes", n, len(w.rest))
	}
	return n, nil
}

func (w *thriftWalk) skip(n uint64) error {
	if n > uint64(len(w.rest)) {
		return errFooter
	}
	w.rest = w.rest[n:]
	return nil
}

func (w *thriftWalk) structure(depth int) error {
	if depth > footerDepthMax {
		return errors.New("its footer is nested too deeply")
	}
	for {
		head, err := w.byte()
		if err != nil || head == 0 {
			return err
		}
		if head>>4 == 0 { // the field's number follows
			if _, err := w.number(false); err != nil {
				return err
			}
		}
		of := head & 0xf
		if of == thriftTrue || of == thriftFalse {
			continue // the value of a field is its type
		}
		if err := w.value(of, depth); err != nil {
			return err
		}
	}
}

func (w *thriftWalk) value(of byte, depth int) error {
	switch of {
	case thriftTrue, thriftFalse, thriftByte:
		return w.skip(1)
	case thriftInt16, thriftInt32, thriftInt64:
		_, err := w.number(false)
		return err
	case thriftDouble:
		return w.skip(8)
	case thriftBinary:
		n, err := w.number(true)
		if err != nil {
			return err
		}
		return w.skip(n)
	case thriftList, thriftSet:
		return w.list(depth)
	case thriftStruct:
		return w.structure(depth + 1)
	default: // a map among them: Parquet's metadata has none
		return errFooter
	}
}

func (w *thriftWalk) list(depth int) error {
	if depth > footerDepthMax {
		return errors.New("its footer is nested too deeply")
	}
	head, err := w.byte()
	if err != nil {
		return err
	}
	n := uint64(head >> 4)
	if n == 15 {
		n, err = w.number(true)
	}
	for ; err == nil && n > 0; n-- {
		err = w.value(head&0xf, depth+1)
	}
	return err
}
