// Package cancel ends long statements of every kind at random moments, in every way that there is, and shows that
// nothing of them stays: no query, no memory, no scratch file, no row.
package cancel
