package vfs

import (
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
)

// sectorBytes is what a disk writes whole or not at all.
const sectorBytes = 512

// CrashClone returns what the disk would hold after a power cut now. Of what was not synced it keeps the share
// kept, 0 to 1, chosen by the seed: sector by sector of written data, name by name of changed directories.
// A rename is whole or not at all. The original goes on unharmed; the clone has no open files and no locks.
func (m *Memory) CrashClone(kept float64, seed uint64) *Memory {
	m.mu.Lock()
	defer m.mu.Unlock()
	random := rand.New(rand.NewPCG(seed, 0x6d69636f6462)) //nolint:gosec // repeatable by intent
	keep := func() bool { return kept >= 1 || (kept > 0 && random.Float64() < kept) }

	names := maps.Clone(m.durable)
	for _, c := range m.pending {
		if keep() {
			names.apply(c)
		}
	}
	clone := NewMemory()
	copies := map[*inode]*inode{}
	for _, path := range names.sorted() {
		node := names[path]
		if _, ok := clone.now[filepath.Dir(path)]; !ok {
			continue // its directory is lost
		}
		if node != nil {
			if copies[node] == nil {
				copies[node] = node.crash(keep)
			}
			node = copies[node]
		}
		clone.now[path], clone.durable[path] = node, node
	}
	return clone
}

// sorted returns the paths with directories before what is in them.
func (t tree) sorted() []string {
	paths := make([]string, 0, len(t))
	for path := range t {
		paths = append(paths, path)
	}
	slices.Sort(paths)
	return paths
}

func (n *inode) crash(keep func() bool) *inode {
	data := slices.Clone(n.durable)
	for _, op := range n.pending {
		if op.truncate {
			if keep() {
				data = op.apply(data)
			}
			continue
		}
		for from := int64(0); from < int64(len(op.bytes)); {
			// Cut at the disk's sectors, not at the write's.
			to := min(int64(len(op.bytes)), (op.off+from)/sectorBytes*sectorBytes+sectorBytes-op.off)
			if keep() {
				data = operation{off: op.off + from, bytes: op.bytes[from:to]}.apply(data)
			}
			from = to
		}
	}
	return &inode{data: data, durable: slices.Clone(data)}
}
