// Package wal is the log of an instance: what is in it is committed, and recovery reads it again.
//
// A commit is a run of records that ends in a Commit record. Commits are written in groups; a group has a
// header with the first commit's sequence, the commits' times and how far the log was known to be synced, so
// that no body ever says a sequence and bodies can be made before the order is fixed. A group counts whole or
// not at all.
//
// A position (LSN) is the number of frame bytes before a frame, over all files. Files have a fixed size and are
// preallocated; a file begins with the position of its first frame, and is made only after the one before it is
// synced. The bytes are described in docs/format/wal.md.
//
// Damage is judged at Open: where reading ends, anything found beyond that says that the log was synced past
// that place refuses the log (XX001, with file and offset); otherwise a crash has torn the end, which is cut
// off. A failed sync or write makes the Log useless: the caller must stop the process and must not try again.
package wal
