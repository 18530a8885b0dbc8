// Package txn is the transaction manager: it begins transactions on a snapshot, keeps their write sets, orders
// and logs their commits, publishes the result, flushes memtables to segments, compacts segments, and recovers all
// of it.
//
// The state is one atomic pointer to an immutable value: the definitions and one version of every table, as of
// a commit. A snapshot is one load of it, and readers never wait. Every change of it is made by one goroutine,
// the sequencer (its protocol stands at commitGroup); flushes and compactions write their files beside it and let it
// install the result.
//
// Isolation is SNAPSHOT: a transaction reads the state as of its beginning with its own writes on top. The
// first committer wins where two delete one row or change one definition, and where one writes to a table that
// another has dropped; the loser gets 40001. Inserts never conflict.
//
// What is acknowledged is in the log, synced (unless Async was asked for). A failed sync ends the process
// through Options.Fatal; a full disk makes commits fail with 53100 until there is room, and leaves reading.
package txn
