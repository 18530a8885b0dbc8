// Package tablefile reads and writes whole files of rows in the three formats that MicoDB trades in: Parquet, CSV and
// NDJSON. COPY and the client's import and export stand on it.
//
// A Reader is a batch.Stream of a file's rows. Its bytes are not trusted: a file that is damaged, or that is of another
// format than is said, is 22P04 or 22P02 with the file's name and the line or row group, whatever its decoders do; what
// they take is counted by the allocator that the caller gives. A Writer puts batches into a file.
//
// A Directory is the part of the file system that clients of a server may read and write: nothing outside of it can
// be reached by "..", by absolute names or by links. A file that is written appears under its name when it is whole and
// synced, or not at all.
package tablefile
