package node

import (
	"os"
	"strconv"
	"strings"
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
