package segment

import (
	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/internal/parquetfile"
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

// Summary is a row group's zone map of one column.
type Summary = parquetfile.Summary

// Find returns the ordinal of a column in the segment, or -1.
func (d *Descriptor) Find(id catalog.ColumnID) int {
	for i, c := range d.Columns {
		if c == id {
			return i
		}
	}
	return -1
}
