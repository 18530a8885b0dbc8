package wal_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/RoaringBitmap/roaring/v2"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vfs"
	"github.com/micodb/micodb/storage/wal"
)

var instance = uuid.MustParse("6d69636f-6462-4000-8000-000000000001")

func options() wal.Options { return wal.Options{Instance: instance, FileBytes: 1, Create: true} }

// open opens the log in "wal" and returns the commits that it replays.
func open(t *testing.T, fsys vfs.FS, o wal.Options) (*wal.Log, []wal.Committed, error) {
	t.Helper()
	var commits []wal.Committed
	log, err := wal.Open(t.Context(), fsys, "wal", o, func(c wal.Committed) error {
		commits = append(commits, c)
		return nil
	})
	return log, commits, err
}

// commit makes a commit whose insert has a body of the given size.
func commit(n, size int) []wal.Record {
	rows := &catalog.AddressSet{}
	rows.Put(catalog.BlockID(n), roaring.BitmapOf(7))
	return []wal.Record{
		&wal.Insert{Table: catalog.TableID(n), Version: 3, Body: bytes.Repeat([]byte{byte(n)}, size)},
		&wal.Delete{Table: 9, Rows: rows},
		&wal.Definition{Body: fmt.Appendf(nil, "%d", n)},
		&wal.Segments{Body: []byte("{}")},
		&wal.Commit{Placed: [][]wal.Range{{{Block: 5, First: uint32(n), Count: 1}}}},
	}
}

// write writes and syncs groups of one commit each, numbered from first on.
func write(t *testing.T, log *wal.Log, first, count, size int) {
	t.Helper()
	for n := first; n < first+count; n++ {
		g := &wal.Group{
			First: catalog.Sequence(n), Times: []catalog.Timestamp{catalog.Timestamp(100 * n)},
			Commits: [][]wal.Record{commit(n, size)},
		}
		require.NoError(t, log.Write(g))
		require.NoError(t, log.Sync())
	}
}

func requireCommits(t *testing.T, commits []wal.Committed, first, count, size int) {
	t.Helper()
	require.Len(t, commits, count)
	for i, c := range commits {
		n := first + i
		require.Equal(t, catalog.Sequence(n), c.Sequence)
		require.Equal(t, catalog.Timestamp(100*n), c.Time)
		require.Equal(t, [][]wal.Range{{{Block: 5, First: uint32(n), Count: 1}}}, c.Placed)
		records := commit(n, size)
		require.Equal(t, records[:len(records)-1], c.Records)
	}
}

func TestReplayReturnsWhatWasWrittenOverManyFiles(t *testing.T) {
	m := vfs.NewMemory()
	log, commits, err := open(t, m, options())
	require.NoError(t, err)
	require.Empty(t, commits)
	const size = 700 << 10 // one or two a file, and one that is chained
	write(t, log, 1, 6, size)
	require.NoError(t, log.Close())
	log, commits, err = open(t, m, options())
	require.NoError(t, err)
	requireCommits(t, commits, 1, 6, size)
	write(t, log, 7, 2, size)
	require.NoError(t, log.Close())
	_, commits, err = open(t, m, options())
	require.NoError(t, err)
	requireCommits(t, commits, 1, 8, size)
}

func TestRecordsLargerThanAFrameAreChained(t *testing.T) {
	m := vfs.NewMemory()
	log, _, err := open(t, m, options())
	require.NoError(t, err)
	write(t, log, 1, 2, 5<<20)
	require.NoError(t, log.Close())
	_, commits, err := open(t, m, options())
	require.NoError(t, err)
	requireCommits(t, commits, 1, 2, 5<<20)
}

func TestUnsyncedGroupsAreCutOff(t *testing.T) {
	seeds := uint64(40)
	if raceDetector {
		seeds = 4
	}
	for seed := range seeds {
		for _, kept := range []float64{0, 0.5, 0.9, 1} {
			m := vfs.NewMemory()
			require.NoError(t, m.MkdirAll("wal"))
			require.NoError(t, m.SyncDir("."))
			log, _, err := open(t, m, options())
			require.NoError(t, err)
			write(t, log, 1, 3, 100)
			for n := 4; n <= 5; n++ {
				require.NoError(t, log.Write(&wal.Group{
					First: catalog.Sequence(n), Times: []catalog.Timestamp{catalog.Timestamp(100 * n)},
					Commits: [][]wal.Record{commit(n, 3000)},
				}))
			}
			crashed := m.CrashClone(kept, seed)
			log, commits, err := open(t, crashed, options())
			require.NoError(t, err)
			require.GreaterOrEqual(t, len(commits), 3)
			requireCommits(t, commits[:3], 1, 3, 100)
			for i, c := range commits[3:] {
				requireCommits(t, []wal.Committed{c}, 4+i, 1, 3000)
			}
			// What is written now must not be followed by what the crash has left.
			write(t, log, len(commits)+1, 1, 3000)
			_, again, err := open(t, crashed.CrashClone(0, seed), options())
			require.NoError(t, err)
			require.Len(t, again, len(commits)+1)
		}
	}
}

func TestDamageBelowASyncedPositionIsRefused(t *testing.T) {
	m := vfs.NewMemory()
	log, _, err := open(t, m, options())
	require.NoError(t, err)
	write(t, log, 1, 3, 1000)
	before := log.End()
	write(t, log, 4, 2, 1000)
	path := filepath.Join("wal", "00000000000000000001.wal")
	data, err := vfs.ReadFile(m, path)
	require.NoError(t, err)
	end := 64 + int(log.End())
	for at := 64; at < end; at += 97 {
		damaged := m.CrashClone(0, 0)
		f, err := damaged.OpenReadWrite(path)
		require.NoError(t, err)
		_, err = f.WriteAt([]byte{data[at] ^ 0x10}, int64(at))
		require.NoError(t, err)
		require.NoError(t, f.Sync())
		_, commits, err := open(t, damaged, options())
		if synced := 64 + int(before) + (int(log.End())-int(before))/2; at < synced {
			require.Equal(t, sqlerr.DataCorrupted, sqlerr.CodeOf(err), "offset %d", at)
			require.ErrorContains(t, err, path+", offset ")
		} else {
			require.NoError(t, err, "the last group is a torn end: nothing says that it was synced")
			require.Len(t, commits, 4)
		}
	}
}

func TestCloseTellsThatAllWasSynced(t *testing.T) {
	m := vfs.NewMemory()
	log, _, err := open(t, m, options())
	require.NoError(t, err)
	write(t, log, 1, 1, 1000)
	require.NoError(t, log.Close())
	f, err := m.OpenReadWrite(filepath.Join("wal", "00000000000000000001.wal"))
	require.NoError(t, err)
	_, err = f.WriteAt([]byte{0xff}, 500)
	require.NoError(t, err)
	_, _, err = open(t, m, options())
	require.Equal(t, sqlerr.DataCorrupted, sqlerr.CodeOf(err))
}

func TestAMissingFileIsRefused(t *testing.T) {
	m := vfs.NewMemory()
	log, _, err := open(t, m, options())
	require.NoError(t, err)
	write(t, log, 1, 8, 700<<10)
	require.NoError(t, log.Close())
	for _, n := range []int{1, 2} {
		damaged := m.CrashClone(1, 0)
		require.NoError(t, damaged.Remove(filepath.Join("wal", fmt.Sprintf("%020d.wal", n))))
		_, _, err = open(t, damaged, options())
		require.Equal(t, sqlerr.DataCorrupted, sqlerr.CodeOf(err))
	}
	empty := options()
	empty.Create = false
	_, _, err = open(t, vfs.NewMemory(), empty)
	require.Equal(t, sqlerr.DataCorrupted, sqlerr.CodeOf(err))
	other := options()
	other.Instance = uuid.New()
	_, _, err = open(t, m, other)
	require.ErrorContains(t, err, "must not be copied")
}

func TestTrimRemovesFilesBeforeThePosition(t *testing.T) {
	m := vfs.NewMemory()
	log, _, err := open(t, m, options())
	require.NoError(t, err)
	write(t, log, 1, 6, 700<<10)
	from := log.End()
	write(t, log, 7, 2, 700<<10)
	require.NoError(t, log.Trim(from))
	names, err := m.List("wal")
	require.NoError(t, err)
	require.Less(t, len(names), 5)
	require.NoError(t, log.Close())
	o := options()
	o.From, o.Synced = from, from
	_, commits, err := open(t, m, o)
	require.NoError(t, err)
	requireCommits(t, commits, 7, 2, 700<<10)
}

func TestAFullDiskLeavesTheLogAsItWas(t *testing.T) {
	m := vfs.NewMemory()
	faults := vfs.NewFaults(m)
	log, _, err := open(t, faults, options())
	require.NoError(t, err)
	write(t, log, 1, 1, 100)
	big := &wal.Group{First: 2, Times: []catalog.Timestamp{200}, Commits: [][]wal.Record{commit(2, 5<<20)}}
	failures := 0
	for at := 0; ; at++ {
		base := faults.Count()
		faults.Inject(base+at, vfs.NoSpace)
		err := log.Write(big)
		if err == nil {
			break
		}
		if sqlerr.CodeOf(err) != sqlerr.DiskFull {
			// A sync that failed with ENOSPC is a failed sync: this log is lost, recovery goes on.
			require.Equal(t, sqlerr.IOError, sqlerr.CodeOf(err))
			require.Error(t, log.Sync())
			var commits []wal.Committed
			log, commits, err = open(t, faults, options())
			require.NoError(t, err)
			requireCommits(t, commits, 1, 1, 100)
			continue
		}
		failures++
		_, commits, err := open(t, m.CrashClone(1, 1), options())
		require.NoError(t, err)
		requireCommits(t, commits, 1, 1, 100)
	}
	require.Greater(t, failures, 5)
	faults.Inject(0, vfs.NoFault)
	require.NoError(t, log.Sync())
	_, commits, err := open(t, m.CrashClone(0, 1), options())
	require.NoError(t, err)
	require.Len(t, commits, 2)
}

func TestAFailedSyncIsNeverRepeated(t *testing.T) {
	m := vfs.NewMemory()
	faults := vfs.NewFaults(m)
	log, _, err := open(t, faults, options())
	require.NoError(t, err)
	g := &wal.Group{First: 1, Times: []catalog.Timestamp{100}, Commits: [][]wal.Record{commit(1, 10)}}
	require.NoError(t, log.Write(g))
	faults.Inject(faults.Count(), vfs.InputError)
	require.Equal(t, sqlerr.IOError, sqlerr.CodeOf(log.Sync()))
	calls := faults.Count()
	require.Error(t, log.Sync())
	require.Error(t, log.Write(g))
	require.Equal(t, calls, faults.Count(), "nothing is tried again")
}

func TestAStartWithoutRoomSaysWhatItNeeds(t *testing.T) {
	faults := vfs.NewFaults(vfs.NewMemory())
	started := false
	for at := 0; !started; at++ {
		faults.Inject(faults.Count()+at, vfs.NoSpace)
		log, _, err := open(t, faults, options())
		if started = !faults.Happened(); started {
			require.NoError(t, err)
			require.NoError(t, log.Close())
		} else {
			require.Equal(t, sqlerr.DiskFull, sqlerr.CodeOf(err))
			require.ErrorContains(t, err, "MiB to begin")
		}
	}
}

func TestACrashWhileMakingAFileIsHarmless(t *testing.T) {
	for at := 0; ; at++ {
		m := vfs.NewMemory()
		require.NoError(t, m.MkdirAll("wal"))
		require.NoError(t, m.SyncDir("."))
		faults := vfs.NewFaults(m)
		faults.Inject(at, vfs.Crash)
		log, _, err := open(t, faults, options())
		acknowledged := 0
		for n := 1; err == nil && n <= 4; n++ {
			err = log.Write(&wal.Group{
				First: catalog.Sequence(n), Times: []catalog.Timestamp{catalog.Timestamp(100 * n)},
				Commits: [][]wal.Record{commit(n, 700<<10)},
			})
			if err == nil {
				err = log.Sync()
			}
			if err == nil {
				acknowledged = n
			}
		}
		if err == nil {
			require.Greater(t, at, 20)
			return
		}
		for i, kept := range []float64{0, 0.5, 1} {
			crashed := m.CrashClone(kept, uint64(at*3+i))
			log, commits, err := open(t, crashed, options())
			require.NoError(t, err, "crash at %d, kept %g", at, kept)
			require.GreaterOrEqual(t, len(commits), acknowledged)
			requireCommits(t, commits, 1, len(commits), 700<<10)
			require.NoError(t, log.Close())
		}
	}
}

// TestADamagedFileIsRefusedOrCut changes bytes of a log: it opens, with the commits that it then goes on having, or
// it is refused.
func TestADamagedFileIsRefusedOrCut(t *testing.T) {
	m := vfs.NewMemory()
	log, _, err := open(t, m, options())
	require.NoError(t, err)
	write(t, log, 1, 2, 10)
	path := filepath.Join("wal", "00000000000000000001.wal")
	data, err := vfs.ReadFile(m, path)
	require.NoError(t, err)
	random := rand.New(rand.NewPCG(1, 2))
	opened, refused := 0, 0
	for range 40 {
		damaged := bytes.Clone(data)
		damaged[random.IntN(1024)] ^= byte(1 + random.IntN(255))
		m := vfs.NewMemory()
		require.NoError(t, m.MkdirAll("wal"))
		require.NoError(t, vfs.WriteFile(m, path, damaged[:512+random.IntN(len(data)-512)]))
		log, commits, err := open(t, m, options())
		if err != nil {
			require.Equal(t, sqlerr.DataCorrupted, sqlerr.CodeOf(err), "%v", err)
			refused++
			continue
		}
		opened++
		require.NoError(t, log.Close())
		_, again, err := open(t, m, options())
		require.NoError(t, err)
		require.Equal(t, commits, again)
	}
	require.Positive(t, opened)
	require.Positive(t, refused)
}

// lastByteLost is a file system whose files lose the last byte of the next write for want of room, as a disk does
// that fills up within it.
type lastByteLost struct {
	vfs.FS

	armed *bool
}

type lastByteLostFile struct {
	vfs.File

	armed *bool
}

func (l lastByteLost) Create(name string) (vfs.File, error) {
	f, err := l.FS.Create(name)
	return lastByteLostFile{f, l.armed}, err
}

func (f lastByteLostFile) WriteAt(b []byte, at int64) (int, error) {
	if !*f.armed {
		return f.File.WriteAt(b, at)
	}
	*f.armed = false
	n, err := f.File.WriteAt(b[:len(b)-1], at)
	return n, errors.Join(err, syscall.ENOSPC)
}

// The last byte of a group may be padding, a zero, which the file has there already: the group looks whole.
func TestAGroupThatFoundNoRoomDoesNotComeBack(t *testing.T) {
	m, armed := vfs.NewMemory(), false
	log, _, err := open(t, lastByteLost{m, &armed}, options())
	require.NoError(t, err)
	write(t, log, 1, 1, 100)
	require.NoError(t, log.Sync())
	for size := range 8 { // one of them ends in padding
		armed = true
		err := log.Write(&wal.Group{First: 2, Times: []catalog.Timestamp{200}, Commits: [][]wal.Record{commit(2, 100+size)}})
		require.Equal(t, sqlerr.DiskFull, sqlerr.CodeOf(err))
		_, commits, err := open(t, m.CrashClone(1, 1), options())
		require.NoError(t, err)
		requireCommits(t, commits, 1, 1, 100)
	}
	write(t, log, 2, 1, 100)
	require.NoError(t, log.Sync())
	_, commits, err := open(t, m.CrashClone(0, 1), options())
	require.NoError(t, err)
	requireCommits(t, commits, 1, 2, 100)
}
