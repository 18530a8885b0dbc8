package node

import (
	"os"
	"strconv"
	"strings"

	"github.com/micodb/micodb/internal/limits"
	"github.com/micodb/micodb/txn"
)

// memoryShare is how much of the machine's memory a server takes that is told no limit, in percent.
const memoryShare = 60

// memoryFallbackBytes is taken for the machine's memory where that can't be told.
const memoryFallbackBytes = 4 << 30

// defaultMemoryLimit is a share of the memory that the process may use: the control group's or the machine's.
func defaultMemoryLimit() int64 {
	total := int64(memoryFallbackBytes)
	if b, err := os.ReadFile("/proc/meminfo"); err == nil {
		for line := range strings.Lines(string(b)) {
			if f := strings.Fields(line); len(f) >= 2 && f[0] == "MemTotal:" {
				if kib, err := strconv.ParseInt(f[1], 10, 64); err == nil {
					total = kib << 10
				}
			}
		}
	}
	if b, err := os.ReadFile("/sys/fs/cgroup/memory.max"); err == nil {
		if n, err := strconv.ParseInt(strings.TrimSpace(string(b)), 10, 64); err == nil {
			total = min(total, n)
		}
	}
	return total / 100 * memoryShare
}

// mappedBytes is what the binary itself takes of the memory that the operating system counts, and the runtime doesn't:
// 38 MiB of a server that has run statements of many kinds.
const mappedBytes = 40 << 20

// The shares of what the runtime may take, in percent. What is left is the runtime's own, the doors' and the log's.
const (
	queryShare    = 50
	cacheShare    = 20
	memtableShare = 10
)

// runtimeLimit is what the Go runtime may take of the memory limit. A small limit leaves the binary less than it takes:
// the fifth that a process may be above it is for that.
func runtimeLimit(memory int64) int64 { return memory - min(mappedBytes, memory/4) }

// shareOf is a part of what the runtime may take of the memory limit.
func shareOf(memory, percent int64) int64 { return runtimeLimit(memory) / 100 * percent }

// What recent rows take, whatever the memory limit.
const (
	memtableBytesMax = 1 << 30 // recovery reads as much again
	logBytesMin      = 64 << 20
)

// storageLimits derives what the storage may take from the memory limit. Each transaction that writes holds its rows up
// to WriteSetBytes, and for its commit as much again in the log's form.
func storageLimits(memory int64) txn.Limits {
	return txn.Limits{
		MemtableBytes: min(shareOf(memory, memtableShare), memtableBytesMax),
		LogBytes:      max(min(memory/4, txn.DefaultLogBytes), logBytesMin),
		WriteSetBytes: min(memory/writeSetShare, txn.DefaultWriteSetBytes),
	}
}

// messageShare is the part of the memory limit that one message of a client may have when no flag says how much:
// the door holds it several times while it decodes it.
const messageShare = 8

// clientLimits decides what a flag left at 0.
func clientLimits(l limits.Limits, memory int64) limits.Limits {
	if l.StatementTimeout == 0 {
		l.StatementTimeout = limits.Never
	}
	if l.MessageBytes == 0 {
		l.MessageBytes = min(memory/messageShare, limits.MessageBytesMax)
	}
	return l
}

// writeSetShare is the part of the memory limit that one write set may take.
const writeSetShare = 64
