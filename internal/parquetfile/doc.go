// Package parquetfile reads Parquet column chunks into encoded vectors, a whole row group at once, and writes
// vectors as Parquet. It stands on arrow-go's pages and metadata, not on its Arrow conversion, which costs a
// third of a scan in allocations.
//
// Reading: integers, dates, times, booleans and decimals become affine codes of 1, 2 or 4 bytes, texts with a
// dictionary become codes of it, everything else is flat. Pages may be of version 1 or 2, PLAIN, or with a
// dictionary (booleans also RLE), in any codec that arrow-go has; other encodings and nested columns are 0A000.
// A file's bytes are not trusted: sizes are checked before memory is taken, panics of the decoders are caught,
// and what does not fit is XX001 with the file's name.
//
// Writing: row groups of at most RowGroupRows rows, LZ4_RAW, dictionaries for columns of few values, page
// index and statistics, REQUIRED columns where NULL is excluded, field ids that are the columns' ids. Pages are
// encoded here, each column on its own, from one pass that numbers the distinct values; arrow-go's column writers,
// which hash each value again and box it, were most of what a bulk load cost.
package parquetfile
