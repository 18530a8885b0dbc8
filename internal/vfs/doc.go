// Package vfs is every file I/O of the server: data, log, manifest and spill files.
//
// Disk is the operating system's, Root a directory of it that no name leads out of. Memory keeps files in memory,
// tells synced from unsynced data and directory entries, and clones what a power cut would leave. Faults counts the
// I/O calls that go through it and makes a chosen one fail. Code that is tested against the last two loses nothing on
// the first.
//
// Rules for callers: data is durable after File.Sync, a name after SyncDir of its directory, and a file that
// replaces another goes temp → Sync → Rename → SyncDir (WriteFile does that). A failed Sync is never repeated:
// the kernel may have dropped the pages, so that a second one would succeed and lie.
package vfs
