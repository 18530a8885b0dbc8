// Package model holds the test that runs random sequences of appends, updates, deletes, truncations, definitions,
// flushes, compactions, restarts and crashes against an instance, beside a model that a page explains: a list of all
// rows that ever were, with the commits that made and deleted them. Whatever is read, of the newest version or of an
// older one, must be what the list says.
//
// MICODB_MODEL_SEED=n runs the sequence of one seed, as a failing test names it, and n-m those from n to m;
// MICODB_TEST_LONG=1 runs 200 of them.
package model
