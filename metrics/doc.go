// Package metrics holds the Prometheus instruments, one struct a layer, on a registry that is passed in.
//
// Names follow Prometheus: a unit last, _total for counters. No label carries the name of a database, table or
// user: /metrics needs no login.
package metrics
