// Package vector holds the engine's memory: types, vectors, chunks, selections and dictionaries.
//
// A Vector is a column of at most a few thousand rows that may still be encoded: integers (dates, timestamps,
// booleans and short decimals are integers too) as narrow codes of an affine frame, value = Base + Scale*code;
// texts as dictionary codes. Kernels work on the codes where that gives the same answer, and every vector
// carries bounds that are proven, never estimated.
//
// Invariants: a vector's buffers are never written once another operator has seen it, until the owner's next
// call makes it invalid; the code of an encoded NULL lies above all values' codes; Lo and Hi bound every
// non-NULL value. Flat vectors have Arrow's layout and become Arrow arrays without a copy.
//
// The package does not allocate from budgets and starts no goroutines.
package vector
