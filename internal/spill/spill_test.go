package spill_test

import (
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/internal/spill"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vfs"
)

const dir = "/scratch"

func open(t *testing.T, fsys vfs.FS, limit int64) *spill.Space {
	t.Helper()
	s, err := spill.Open(fsys, dir, limit)
	require.NoError(t, err)
	return s
}

func block(words int, seed uint64) []uint64 {
	r := rand.New(rand.NewPCG(seed, 1))
	out := make([]uint64, words)
	for i := range out {
		out[i] = r.Uint64()
	}
	return out
}

func names(t *testing.T, fsys vfs.FS) []string {
	t.Helper()
	list, err := fsys.List(dir)
	require.NoError(t, err)
	return list
}

func TestBlocksComeBackFromConcurrentWriters(t *testing.T) {
	fsys := vfs.NewMemory()
	s := open(t, fsys, 1<<30)
	files := s.Files()
	f, err := files.Create()
	require.NoError(t, err)
	const writers, blocks = 4, 50
	extents := make([][]spill.Extent, writers)
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range blocks {
				e, err := f.Write(block(i*7, uint64(w*blocks+i)))
				if err != nil {
					t.Error(err)
					return
				}
				extents[w] = append(extents[w], e)
			}
		})
	}
	wg.Wait()
	for w := range writers {
		for i, e := range extents[w] {
			got := make([]uint64, e.Words)
			require.NoError(t, f.Read(e, got))
			require.Equal(t, block(i*7, uint64(w*blocks+i)), got)
		}
	}
	require.Empty(t, names(t, fsys), "scratch files have no names")
	require.Equal(t, files.Written(), s.Used())
	require.NoError(t, files.Close())
	require.NoError(t, files.Close())
	require.NoError(t, f.Close())
	require.Zero(t, s.Used())
	_, err = files.Create()
	require.Equal(t, sqlerr.QueryCanceled, sqlerr.CodeOf(err))
}

func TestOpenRemovesOnlyLeftOvers(t *testing.T) {
	fsys := vfs.NewMemory()
	open(t, fsys, 1)
	for _, name := range []string{"17.spill", "notes.txt"} {
		require.NoError(t, vfs.WriteFile(fsys, dir+"/"+name, []byte("x")))
	}
	open(t, fsys, 1)
	require.Equal(t, []string{"notes.txt"}, names(t, fsys))
}

func TestLimitIsSharedAndGivenBack(t *testing.T) {
	s := open(t, vfs.NewMemory(), 1024)
	one, other := s.Files(), s.Files()
	f, err := one.Create()
	require.NoError(t, err)
	g, err := other.Create()
	require.NoError(t, err)
	_, err = f.Write(block(100, 1))
	require.NoError(t, err)
	_, err = g.Write(block(100, 2))
	require.Equal(t, sqlerr.DiskFull, sqlerr.CodeOf(err))
	require.ErrorContains(t, err, "--spill-limit")
	require.NoError(t, one.Close())
	_, err = g.Write(block(100, 2))
	require.NoError(t, err)
	require.NoError(t, other.Close())
	require.Zero(t, s.Used())
}

// Every call that can fail does, in every way: an error with a code, and nothing stays behind.
func TestFaults(t *testing.T) {
	codes := map[vfs.Fault]sqlerr.Code{
		vfs.InputError: sqlerr.IOError, vfs.NoSpace: sqlerr.DiskFull, vfs.ShortWrite: sqlerr.IOError,
	}
	for fault, code := range codes {
		for at := 0; ; at++ {
			memory := vfs.NewMemory()
			faults := vfs.NewFaults(memory)
			s := open(t, faults, 1<<20)
			faults.Inject(faults.Count()+at, fault)
			files := s.Files()
			err := use(files)
			happened := faults.Happened()
			if closed := files.Close(); err == nil {
				err = closed
			}
			require.Zero(t, s.Used())
			if !happened {
				require.NoError(t, err)
				break
			}
			require.Equal(t, code, sqlerr.CodeOf(err), "%v at call %d", fault, at)
		}
	}
}

func use(files *spill.Files) error {
	f, err := files.Create()
	if err != nil {
		return err
	}
	var extents []spill.Extent
	for i := range 3 {
		e, err := f.Write(block(10, uint64(i)))
		if err != nil {
			return err
		}
		extents = append(extents, e)
	}
	for _, e := range slices.Backward(extents) {
		if err := f.Read(e, make([]uint64, e.Words)); err != nil {
			return err
		}
	}
	return nil
}

// damaged hands out files whose reads have one bit flipped.
type damaged struct{ vfs.FS }

func (d damaged) Create(name string) (vfs.File, error) {
	f, err := d.FS.Create(name)
	return flipped{f}, err
}

type flipped struct{ vfs.File }

func (f flipped) ReadAt(p []byte, at int64) (int, error) {
	n, err := f.File.ReadAt(p, at)
	p[0] ^= 1
	return n, err
}

func TestDamageIsSeen(t *testing.T) {
	s := open(t, damaged{vfs.NewMemory()}, 1<<20)
	files := s.Files()
	require.Equal(t, sqlerr.IOError, sqlerr.CodeOf(use(files)))
	require.NoError(t, files.Close())
}

func TestNone(t *testing.T) {
	var none *spill.Space
	files := none.Files()
	require.False(t, files.Usable())
	require.Zero(t, files.Written())
	require.NoError(t, files.Close())
}
