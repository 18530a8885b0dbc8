// Package table holds the versions of one table: segments, delete vectors, and a prefix of the memtable.
//
// A Version is immutable and is read by any number of transactions while newer ones are made from the newest.
// The methods that make one (Append, AddSegments, Delete, Alter, Forget, Install, Replace) are for the sequencer alone,
// which publishes the result through an atomic pointer; a Version costs a few words, and its delete vectors are
// copied on write.
//
// A row's address is (block, offset); a block is a memtable block or a segment's row group. Flushes and compactions
// move rows to new blocks; a Permutation says where each went.
//
// Every row has the sequence of the commit that made it, and a deleted one that of the commit that deleted it, until
// Forget says that no version before will be read. So ScanAsOf finds every version in the newest one, and old files
// are not needed for it. Deleted rows without a sequence are gone: the next flush or compaction leaves them out.
//
// Alter changes the definition and no row: segments are read by the ids of columns, with the types that these had when
// the segment was written, and the memtable's blocks get the columns that are new. So a flush or compaction that began
// under an earlier definition is installed as any other.
//
// Flush and Compact work beside the sequencer on a Version that is pinned; Install and Replace, in the sequencer,
// apply the result to the newest one, with the deletes that came in between.
package table
