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
	Origin   Origin             `json:"origin,omitempty"`
	Created  catalog.Timestamp  `json:"created,omitempty"`
	Columns  []catalog.ColumnID `json:"columns"`
	Groups   []Group            `json:"groups"`
}

// Origin says what wrote a segment; empty for those of programs that did not say so.
type Origin string

// The origins.
const (
	FromFlush       Origin = "flush"
	FromTransaction Origin = "transaction" // whose rows did not stay in memory
	FromCompaction  Origin = "compaction"
)

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

// Sequences returns bounds of the sequences of a row group's rows.
func (d *Descriptor) Sequences(group int) (lo, hi catalog.Sequence) {
	k := d.Find(SequenceColumn)
	if d.Sequence > 0 || k < 0 {
		return d.Sequence, d.Sequence
	}
	sum := &d.Groups[group].Columns[k]
	return catalog.Sequence(sum.Lo), catalog.Sequence(sum.Hi)
}
