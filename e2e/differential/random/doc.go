// Package random compares answers with those of DuckDB on generated tables and queries.
package random
