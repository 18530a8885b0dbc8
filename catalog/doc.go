// Package catalog is what the engine, the session and storage know of each other: ids, definitions,
// statistics, and the three small interfaces Snapshot (read), Writer (change) and Scan.
//
// The engine never sees a transaction, a file or a log: it reads a Snapshot and writes to a Writer; txn
// implements both. Predicates are neutral: storage prunes with them, later txn validates with them, and
// neither knows an expression.
//
// Ids come from one sequence of the instance and are never used again; names never become paths.
package catalog
