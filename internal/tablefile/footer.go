package tablefile

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/textfile"
)

// footerBytesMax is the most that the footer of a Parquet file may have.
const footerBytesMax = 64 << 20

const (
	magic      = "PAR1"
	trailBytes = 8 // the footer's length and the magic
)

// What the library's form of a footer takes, about.
const (
	footerPartBytes      = 32
	footerStructureBytes = 256
)

// The field of a footer that is the list of the file's columns, the root before them, and the field of those.
const (
	footerSchema   = 2
	schemaChildren = 5
)

// checkFooter refuses a file whose footer is no Thrift structure within its own bytes: the library takes memory for as
// many elements as a list says that it has, before it reads them. It returns what the library will take for it.
func checkFooter(in Source) (memoryBytes int64, err error) {
	trail := make([]byte, trailBytes)
	if in.Size < trailBytes+int64(len(magic)) {
		return 0, fmt.Errorf("%d bytes are no Parquet file", in.Size)
	}
	if err := readAt(in, trail, in.Size-trailBytes); err != nil {
		return 0, err
	}
	if string(trail[4:]) != magic {
		return 0, errors.New("it does not end as a Parquet file does: it is another format, or cut off")
	}
	size := int64(binary.LittleEndian.Uint32(trail))
	if size > min(footerBytesMax, in.Size-trailBytes) {
		return 0, fmt.Errorf("it says that its footer has %d bytes", size)
	}
	footer := make([]byte, size)
	if err := readAt(in, footer, in.Size-trailBytes-size); err != nil {
		return 0, err
	}
	w := &thriftWalk{what: "its footer", rest: footer, seen: (&footerCheck{}).see}
	err = w.structure()
	return size + w.parts*footerPartBytes + w.structures*footerStructureBytes, err
}

// footerCheck looks at the columns: the library takes memory for as many children as each says that it has.
type footerCheck struct{ elements, children int64 }

func (c *footerCheck) see(f thriftField) error {
	switch {
	case f.parent == 0 && f.id == footerSchema:
		if c.elements = f.value; c.elements > textfile.ColumnsMax+1 {
			return sqlerr.New(sqlerr.ProgramLimitExceeded, "the file has %d columns, at most %d are read", c.elements-1,
				textfile.ColumnsMax)
		}
	case f.parent == footerSchema && f.id == schemaChildren:
		if c.children += f.value; f.value < 0 || c.children >= c.elements {
			return fmt.Errorf("its footer says that a column has %d within it, of %d", f.value, c.elements)
		}
	}
	return nil
}

func readAt(in Source, p []byte, at int64) error {
	if _, err := in.Bytes.ReadAt(p, at); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	return nil
}
