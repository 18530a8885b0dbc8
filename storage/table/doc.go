// Package table holds the versions of one table: segments, delete vectors, and a prefix of the memtable.
//
// A Version is immutable and is read by any number of transactions while newer ones are made from the newest.
// The methods that make one (Append, AddSegments, Delete, Forget, Install, Replace) are for the sequencer alone,
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
// Flush and Compact work beside the sequencer on a Version that is pinned; Install and Replace, in the sequencer,
// apply the result to the newest one, with the deletes that came in between.
package table
