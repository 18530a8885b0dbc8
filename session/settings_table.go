package session

import (
	"math"

	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

// The settings that the session itself reads.
const (
	settingReadOnly         = "default_transaction_read_only"
	settingStatementTimeout = "statement_timeout"
	settingThreads          = "threads"
	settingBatchRows        = "batch_rows"
	settingSpillRows        = "debug_spill_rows"
	settingChunkRows        = "debug_chunk_rows"
	settingPruning          = "debug_pruning"
)

// setting is something that SET changes and SHOW shows.
type setting struct {
	name      string
	help      string
	otherwise string                             // until it is set; of a number "0"
	show      func(*userSession) string          // what is not kept with the session's settings
	check     func(value string) (string, error) // the value as it is kept
}

// settings returns all settings.
func settings() []setting {
	anyText := func(v string) (string, error) {
		if len(v) > 256 {
			return "", sqlerr.New(sqlerr.InvalidParameterValue, "the value is longer than 256 bytes")
		}
		return v, nil
	}
	return []setting{
		{
			name: "transaction_isolation", help: "what transactions see of each other", otherwise: "SNAPSHOT",
			check: fixed("transaction_isolation", "SNAPSHOT",
				"REPEATABLE READ", "REPEATABLE-READ", "READ COMMITTED", "READ-COMMITTED"),
		},
		{
			name: settingReadOnly, help: "whether transactions only read unless BEGIN says otherwise", otherwise: "off",
			check: onOff(settingReadOnly),
		},
		{
			name: "autocommit", help: "statements outside of BEGIN are transactions of their own", otherwise: "on",
			check: fixed("autocommit", "on", "1", "true"),
		},
		{
			name: "time_zone", help: "in which timestamps with time zone are shown", otherwise: "UTC",
			check: fixed("time_zone", "UTC", "+00:00", "Z", "GMT"),
		},
		{
			name: settingStatementTimeout, help: "milliseconds that a statement may run; 0: the server's limit",
			otherwise: "0", check: upTo(settingStatementTimeout, math.MaxInt32),
		},
		{
			name: settingThreads, help: "threads of a query; 0: all", otherwise: "0",
			check: upTo(settingThreads, 1024),
		},
		{
			name: settingBatchRows, help: "rows of an output batch; 0: the default", otherwise: "0",
			check: upTo(settingBatchRows, 1<<20),
		},
		{
			name: settingSpillRows, otherwise: "0", check: upTo(settingSpillRows, math.MaxInt32),
			help: "for tests: after how many rows a sort, join or aggregation goes to disk; 0: when memory ends",
		},
		{
			name: settingChunkRows, otherwise: "0", check: upTo(settingChunkRows, vector.ChunkRows),
			help: "for tests: rows of a chunk, and of the pieces that threads take; 0: as many as are best",
		},
		{
			name: settingPruning, otherwise: "on", check: onOff(settingPruning),
			help: "for tests: whether statistics and the other sides of joins make scans leave row groups out",
		},
		{name: "application_name", help: "what the client calls itself", check: anyText},
		{
			name: "database", help: "where unqualified names are looked up; USE changes it",
			show:  func(u *userSession) string { return u.Database() },
			check: func(string) (string, error) { return "", readOnlySetting("database", "USE name") },
		},
		{
			name: "user", help: "for whom the session acts",
			show:  func(u *userSession) string { return u.principal.Username },
			check: func(string) (string, error) { return "", readOnlySetting("user", "another login") },
		},
	}
}

func readOnlySetting(name, instead string) error {
	return sqlerr.New(sqlerr.InvalidParameterValue, "setting %q can't be set", name).WithHint("use %s", instead)
}
