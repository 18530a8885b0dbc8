// Package differential compares answers with those of DuckDB on the same data.
package differential
