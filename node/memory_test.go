package node

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/txn"
)

func TestLimitsFollowTheMemoryLimit(t *testing.T) {
	small, large := storageLimits(512<<20), storageLimits(64<<30)
	require.EqualValues(t, 8<<20, small.WriteSetBytes)
	require.EqualValues(t, 128<<20, small.LogBytes)
	require.Less(t, small.MemtableBytes, int64(52<<20))
	require.EqualValues(t, txn.DefaultWriteSetBytes, large.WriteSetBytes)
	require.EqualValues(t, txn.DefaultLogBytes, large.LogBytes)
	require.EqualValues(t, memtableBytesMax, large.MemtableBytes)
}

// What the runtime may take leaves room for the binary, and what it is divided into leaves some of it.
func TestSharesLeaveRoomForTheBinary(t *testing.T) {
	for _, limit := range []int64{128 << 20, 192 << 20, 1 << 30} {
		require.LessOrEqual(t, runtimeLimit(limit)+mappedBytes, limit*12/10, "%d", limit)
		taken := shareOf(limit, queryShare) + shareOf(limit, cacheShare) + storageLimits(limit).MemtableBytes
		require.LessOrEqual(t, taken, runtimeLimit(limit)*8/10, "%d", limit)
	}
}
