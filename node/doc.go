// Package node is the composition root: it builds every part of a server from a Config, owns the listeners and
// the goroutines, and drains them in order.
//
// Run opens the listeners first, so that a port in use is told before anything is recovered; the HTTP port
// answers while recovery runs, and /readyz says 200 only when everything serves. At the end: stop accepting,
// finish what runs, flush, release the data directory.
//
// OpenOffline builds the same parts without listeners, for a moment, on the data directory of a server that is stopped.
package node
