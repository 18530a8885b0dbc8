// Package memtable holds a table's recent commits in memory, in the order of their publication.
//
// Rows lie in blocks of at most vector.ChunkRows; a block has an id, and a row's address is (block, offset).
// There is one writer. Readers see a View: some whole blocks and a prefix of the last one. The writer adds rows
// behind every View's end, in place; where a block needs more room it is replaced by a larger copy, and older
// Views keep the smaller one. A View is handed from the writer to readers through an atomic pointer of its
// owner: that orders the writes of the rows before it ahead of all reads.
//
// What the writer changes below a View's end it changes atomically: validity words, the header of the text
// bytes, bounds and counts (which only widen, so that they hold for every older View).
//
// Texts are kept flat, and as dictionary codes besides while a column has few distinct values. Wide decimals
// are kept as 64 bits while all of a block's fit.
//
// A transaction's own writes are a Memtable of their own, whose blocks have no id.
package memtable
