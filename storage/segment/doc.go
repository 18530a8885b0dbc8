// Package segment holds a table's rows in immutable Parquet files.
//
// A Descriptor says all that a reader needs to choose what to read without opening the file: its row groups,
// each of which is a block with an id, and the bounds of their columns. Descriptors live in the manifest; the
// file's own metadata must agree with them, or the file is damaged (XX001).
//
// A Cache keeps decoded column chunks, bounded in bytes, over all segments.
package segment
