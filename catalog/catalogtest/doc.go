// Package catalogtest has a catalog.Snapshot of definitions without rows, for tests of the planner: Of makes one of any
// tables, TPCH one of the tables of TPC-H with the statistics that scale factor 1 has.
package catalogtest
