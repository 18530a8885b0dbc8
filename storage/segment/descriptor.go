package segment

import (
	"math"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/internal/vector"
)

// Descriptor describes a segment. It is immutable, and its JSON form is kept in the manifest.
type Descriptor struct {
	ID       uint64             `json:"id"`
	Path     string             `json:"path"` // relative to the data directory, with slashes
	Rows     int64              `json:"rows"`
	Bytes    int64              `json:"bytes"` // of the file
	Schema   catalog.Version    `json:"schema"`
	Sequence catalog.Sequence   `json:"sequence,omitempty"` // of all rows; 0: they are in the column _sequence
	Columns  []catalog.ColumnID `json:"columns"`
	Groups   []Group            `json:"groups"`
}

// Group describes a row group, which is a block.
type Group struct {
	Block   catalog.BlockID `json:"block"`
	Rows    uint32          `json:"rows"`
	Columns []Summary       `json:"columns"` // in the order of Descriptor.Columns
}

// Summary is a zone map: what is proven of a column within a row group. Which bounds are set follows the
// type's physical family; without a non-NULL value (Nulls equals the rows) none counts.
type Summary struct {
	Nulls      int64          `json:"nulls,omitempty"`
	Lo         int64          `json:"lo,omitempty"` // Integer, and Wide when Narrow
	Hi         int64          `json:"hi,omitempty"`
	Narrow     bool           `json:"narrow,omitempty"` // Wide: all values fit 64 bits
	WideLo     *vector.Int128 `json:"wide_lo,omitempty"`
	WideHi     *vector.Int128 `json:"wide_hi,omitempty"`
	FloatLo    uint64         `json:"float_lo,omitempty"` // bits of a float64; NaN is above all numbers
	FloatHi    uint64         `json:"float_hi,omitempty"`
	Min        []byte         `json:"min,omitempty"` // Bytes: a lower bound, perhaps cut short
	Max        []byte         `json:"max,omitempty"` // an upper bound, perhaps cut short and raised
	MaxOpen    bool           `json:"max_open,omitempty"`
	Distinct   int64          `json:"distinct,omitempty"`   // estimate; 0: not known
	Dictionary bool           `json:"dictionary,omitempty"` // Bytes: the chunk decodes to dictionary codes
}

// FloatBounds returns the bounds of a Float column.
func (s *Summary) FloatBounds() (lo, hi float64) {
	return math.Float64frombits(s.FloatLo), math.Float64frombits(s.FloatHi)
}

// Find returns the ordinal of a column in the segment, or -1.
func (d *Descriptor) Find(id catalog.ColumnID) int {
	for i, c := range d.Columns {
		if c == id {
			return i
		}
	}
	return -1
}
