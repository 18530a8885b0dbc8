// Package tablefile reads and writes whole files of rows in the three formats that MicoDB trades in: Parquet, CSV and
// NDJSON. COPY and the client's import and export stand on it.
//
// A Reader is a batch.Stream of a file's rows. Its bytes are not trusted: a file that is damaged, or that is of another
// format than is said, is 22P04 or 22P02 with the file's name and the line or row group, whatever its decoders do; what
// they take is counted by the allocator that the caller gives. The Parquet library takes memory by what a file says of
// itself, so the footer, and the header of each page of a row group, are looked at before the library reads them: what
// it will take beside the allocator is reserved, and pages of the DELTA encodings, whose few bytes can stand for any
// number of values, are 0A000. CapCodecs keeps decompression within a page's size. A file that somebody changes while
// it is read is not guarded against. A Writer puts batches into a file.
//
// A Directory is the part of the file system that clients of a server may read and write: nothing outside of it can
// be reached by "..", by absolute names or by links. A file that is written appears under its name when it is whole and
// synced, or not at all.
package tablefile
