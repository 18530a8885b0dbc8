// Package textfile reads and writes tables as text: CSV (RFC 4180, with a delimiter, header and types that are told or
// found from a sample) and NDJSON (one JSON object a line). A Reader turns bytes into Arrow record batches, a Writer
// turns them back; what a Writer wrote, a Reader with the same schema reads as it was, NULL and "" apart.
//
// Memory is bounded whatever the input: a sample of SampleBytes, one record of at most RecordBytesMax and one batch of
// BatchRows rows or BatchBytes are held at a time. A value that does not fit its column is an error with its line and
// column; Options.MaxErrors sets how many such records are left out and collected before the first is an error.
//
// It does not compress, does not know other character sets than UTF-8, and does not open files.
package textfile
