// Package exec holds the physical operators, one a file, and the scheduler that runs their pipelines.
//
// An Operator is an immutable plan node. Start runs every pipeline below its last breaker and returns a
// Stream; each worker opens its own Source on it and pulls chunks. Nothing in Next waits for another worker.
// A join starts its probe side only when its build side has finished, so that runtime filters stand before
// the probe's scan opens.
//
// A chunk that Next returns belongs to its source and is valid until the next call: whoever keeps it copies it.
package exec
