// Package table holds the versions of one table: segments, delete vectors, and a prefix of the memtable.
//
// A Version is immutable and is read by any number of transactions while newer ones are made from the newest.
// The methods that make one (Append, AddSegments, Delete, Install) are for the sequencer alone, which publishes
// the result through an atomic pointer; a Version costs a few words, and its delete vectors are copied on write.
//
// A row's address is (block, offset); a block is a memtable block or a segment's row group. A flush moves rows
// to new blocks; its Permutation says where each went.
//
// Flush works beside the sequencer on a Version that is pinned; Install, in the sequencer, applies it to the
// newest one, with the deletes that came in between.
package table
