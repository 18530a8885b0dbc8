package vfs_test

import (
	"bytes"
	"io"
	"io/fs"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/internal/vfs"
)

// systems are the implementations that must behave alike.
func systems() map[string]vfs.FS {
	return map[string]vfs.FS{
		"disk":   vfs.Disk{},
		"memory": vfs.NewMemory(),
		"faults": vfs.NewFaults(vfs.NewMemory()),
	}
}

func TestFilesKeepWhatIsWritten(t *testing.T) {
	for name, fsys := range systems() {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "a", "b")
			require.NoError(t, fsys.MkdirAll(dir))
			path := filepath.Join(dir, "file")
			_, err := fsys.Open(path)
			require.ErrorIs(t, err, fs.ErrNotExist)
			_, err = fsys.OpenReadWrite(path)
			require.ErrorIs(t, err, fs.ErrNotExist)

			f, err := fsys.Create(path)
			require.NoError(t, err)
			_, err = f.Write([]byte("hello "))
			require.NoError(t, err)
			_, err = f.Write([]byte("world"))
			require.NoError(t, err)
			_, err = f.WriteAt([]byte("J"), 0)
			require.NoError(t, err)
			require.NoError(t, f.Preallocate(20))
			require.NoError(t, f.Preallocate(4))
			size, err := f.Size()
			require.NoError(t, err)
			require.EqualValues(t, 20, size)
			require.NoError(t, f.Truncate(11))
			require.NoError(t, f.Sync())
			require.NoError(t, f.Close())

			f, err = fsys.OpenReadWrite(path)
			require.NoError(t, err)
			_, err = f.Write([]byte("!"))
			require.NoError(t, err)
			buffer := make([]byte, 20)
			n, err := f.ReadAt(buffer, 1)
			require.ErrorIs(t, err, io.EOF)
			require.Equal(t, "ello world!", string(buffer[:n]))
			require.NoError(t, f.Close())

			require.NoError(t, vfs.WriteFile(fsys, filepath.Join(dir, "other"), []byte("content")))
			names, err := fsys.List(dir)
			require.NoError(t, err)
			require.Equal(t, []string{"file", "other"}, names)
			require.NoError(t, fsys.Rename(path, filepath.Join(dir, "other")))
			data, err := vfs.ReadFile(fsys, filepath.Join(dir, "other"))
			require.NoError(t, err)
			require.Equal(t, "Jello world!", string(data))
			require.Error(t, fsys.Remove(dir), "a directory that is not empty stays")
			require.NoError(t, fsys.Remove(filepath.Join(dir, "other")))
			require.NoError(t, fsys.SyncDir(dir))
			require.NoError(t, fsys.Remove(dir))
			_, err = fsys.List(dir)
			require.ErrorIs(t, err, fs.ErrNotExist)
		})
	}
}

func TestLockHasOneHolder(t *testing.T) {
	for name, fsys := range systems() {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "LOCK")
			require.NoError(t, fsys.MkdirAll(filepath.Dir(path)))
			held, err := fsys.Lock(path)
			require.NoError(t, err)
			_, err = fsys.Lock(path)
			require.ErrorIs(t, err, vfs.ErrLocked)
			require.NoError(t, held.Close())
			held, err = fsys.Lock(path)
			require.NoError(t, err)
			require.NoError(t, held.Close())
		})
	}
}

func TestCrashCloneLosesWhatWasNotSynced(t *testing.T) {
	m := vfs.NewMemory()
	require.NoError(t, m.MkdirAll("d"))
	require.NoError(t, m.SyncDir("."))
	f, err := m.Create("d/synced")
	require.NoError(t, err)
	_, err = f.Write([]byte("safe"))
	require.NoError(t, err)
	require.NoError(t, f.Sync())
	require.NoError(t, m.SyncDir("d"))
	_, err = f.Write([]byte(" lost"))
	require.NoError(t, err)
	_, err = m.Create("d/nameless")
	require.NoError(t, err)
	require.NoError(t, m.Rename("d/synced", "d/renamed"))

	none := m.CrashClone(0, 1)
	require.Equal(t, map[string]int64{"d/synced": 4}, none.Files())
	all := m.CrashClone(1, 1)
	require.Equal(t, map[string]int64{"d/renamed": 9, "d/nameless": 0}, all.Files())
	for seed := range uint64(50) {
		files := m.CrashClone(0.5, seed).Files()
		_, before := files["d/synced"]
		_, after := files["d/renamed"]
		require.NotEqual(t, before, after, "a rename is whole")
		require.Equal(t, files, m.CrashClone(0.5, seed).Files(), "the same seed keeps the same")
	}
}

func TestCrashCloneTearsWritesAtSectors(t *testing.T) {
	m := vfs.NewMemory()
	f, err := m.Create("file")
	require.NoError(t, err)
	require.NoError(t, m.SyncDir("."))
	require.NoError(t, f.Preallocate(4096))
	require.NoError(t, f.Sync())
	_, err = f.WriteAt(bytes.Repeat([]byte{1}, 2000), 100)
	require.NoError(t, err)
	torn := 0
	for seed := range uint64(20) {
		data, err := vfs.ReadFile(m.CrashClone(0.5, seed), "file")
		require.NoError(t, err)
		require.Len(t, data, 4096)
		written := bytes.Count(data, []byte{1})
		if written > 0 && written < 2000 {
			torn++
		}
		for sector := 512; sector < 2048; sector += 512 {
			n := bytes.Count(data[sector:min(sector+512, 2100)], []byte{1})
			require.Contains(t, []int{0, min(512, 2100-sector)}, n, "a sector is whole")
		}
	}
	require.Positive(t, torn)
}

func TestFaultsFailTheChosenCall(t *testing.T) {
	base := vfs.NewMemory()
	faults := vfs.NewFaults(base)
	f, err := faults.Create("file") // 0
	require.NoError(t, err)

	faults.Inject(1, vfs.ShortWrite)
	n, err := f.Write([]byte("abcdef"))
	require.ErrorIs(t, err, syscall.EIO)
	require.Equal(t, 3, n)
	require.True(t, faults.Happened())

	faults.Inject(2, vfs.NoSpace)
	_, err = f.WriteAt([]byte("x"), 0)
	require.ErrorIs(t, err, syscall.ENOSPC)

	faults.Inject(3, vfs.InputError)
	require.ErrorIs(t, f.Sync(), syscall.EIO)
	require.NoError(t, f.Sync(), "a fault happens once")

	faults.Inject(5, vfs.Crash)
	require.ErrorIs(t, faults.SyncDir("."), vfs.ErrCrashed)
	_, err = f.ReadAt(make([]byte, 1), 0)
	require.ErrorIs(t, err, vfs.ErrCrashed)
	_, err = faults.Open("file")
	require.ErrorIs(t, err, vfs.ErrCrashed)
	require.Empty(t, base.CrashClone(0, 0).Files())
}
