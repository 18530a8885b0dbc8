// Package manifest is the durable list of what an instance consists of: databases, tables, their segments and
// delete vectors, and up to which commit that holds (the through-sequence); the log has the rest.
//
// It is a log of edits. An edit is a list of changes that count together, over any tables. A file begins with a
// checkpoint, which is the whole state as changes, and grows by edits; when it is large a new file with a
// checkpoint takes its place. CURRENT names the file that counts and is replaced atomically. Paths are relative
// to the data directory.
//
// An edit is durable when Append returns. A torn last edit is cut off at Open; other damage, and changes of a
// kind that this program does not know, refuse to open. The bytes are described in docs/format/manifest.md.
package manifest
