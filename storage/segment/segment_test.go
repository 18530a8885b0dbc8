package segment

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
	"github.com/micodb/micodb/internal/vfs"
)

var columns = []catalog.Column{
	{ID: 1, Name: "_sequence", Type: vector.Of(vector.Int64), NotNull: true},
	{ID: 2, Name: "s", Type: vector.Of(vector.Text)},
}

func write(t *testing.T, fs vfs.FS, rows int) *Descriptor {
	t.Helper()
	var id atomic.Uint64
	w, err := Create(Target{FS: fs, Dir: "/d", NewID: func() uint64 { return id.Add(1) }, Columns: columns, Sequences: true})
	require.NoError(t, err)
	for at := 0; at < rows; at += vector.ChunkRows {
		n := min(rows-at, vector.ChunkRows)
		numbers, sequences := make([]int64, n), make([]int64, n)
		s := &vector.Vector{Type: columns[1].Type, Physical: vector.Bytes, Len: n, Offsets: []int32{0}}
		for i := range numbers {
			numbers[i], sequences[i] = int64(at+i), int64(at/1000)
			s.Data = fmt.Append(s.Data, (at+i)%50)
			s.Offsets = append(s.Offsets, int32(len(s.Data)))
		}
		c := &vector.Chunk{Len: n}
		for _, d := range [][]int64{numbers, sequences} {
			v := &vector.Vector{Type: vector.Of(vector.Int64), Lo: vector.MinInt, Hi: vector.MaxInt}
			vector.SetCodes(v, d)
			c.Columns = append(c.Columns, v)
		}
		c.Columns = []*vector.Vector{c.Columns[0], s, c.Columns[1]}
		require.NoError(t, w.Append(t.Context(), c))
	}
	d, err := w.Finish(t.Context())
	require.NoError(t, err)
	require.NoError(t, w.Abort(), "after Finish it does nothing")
	return d
}

func memory(t *testing.T) *vfs.Memory {
	t.Helper()
	fs := vfs.NewMemory()
	require.NoError(t, fs.MkdirAll("/d"))
	require.NoError(t, fs.SyncDir("/"))
	return fs
}

func open(t *testing.T, fs vfs.FS, d *Descriptor, limit int64) *Segment {
	t.Helper()
	s, err := Open(Source{FS: fs, Dir: "/d", Cache: NewCache(limit)}, columns, d)
	require.NoError(t, err)
	return s
}

func TestDescriptorSurvivesJSONAndFileSurvivesCrash(t *testing.T) {
	fs := memory(t)
	d := write(t, fs, 200_000)
	data, err := json.Marshal(d)
	require.NoError(t, err)
	read := &Descriptor{}
	require.NoError(t, json.Unmarshal(data, read))
	require.Equal(t, d, read)
	require.Len(t, d.Groups, 2)
	s := open(t, fs.CrashClone(0, 1), read, 1<<30)
	for g := range d.Groups {
		v, size, err := s.Load(t.Context(), g, SequenceColumn)
		require.NoError(t, err)
		require.Positive(t, size)
		require.Equal(t, d.Groups[g].Columns[2].Lo, v.Int(0))
		v, _, err = s.Load(t.Context(), g, 2)
		require.NoError(t, err)
		require.Equal(t, vector.Dict, v.Encoding)
		require.Len(t, v.Dictionary.Values, 50)
		u := vector.NewUnifier()
		require.NoError(t, s.Unify(t.Context(), g, 2, u))
		require.Equal(t, 50, u.Len())
	}
	v, _, err := s.Load(t.Context(), 0, 99)
	require.NoError(t, err, "a column that is younger than the segment is NULL")
	require.True(t, v.IsNull(0))
}

func TestCacheIsBoundedAndShared(t *testing.T) {
	fs := memory(t)
	d := write(t, fs, 500_000)
	const limit = 600_000
	rounds := 40
	if raceDetector {
		rounds = 10
	}
	s := open(t, fs, d, limit)
	var group sync.WaitGroup
	for worker := range 4 {
		group.Go(func() {
			for i := range rounds {
				for _, id := range d.Columns {
					if _, _, err := s.Load(t.Context(), (i+worker)%len(d.Groups), id); err != nil {
						t.Error(err)
					}
				}
				if used := s.source.Cache.Counts().Bytes; used > limit {
					t.Errorf("the cache holds %d bytes", used)
				}
			}
		})
	}
	group.Wait()
	require.Positive(t, s.source.Cache.Counts().Bytes)
	_, size, err := s.Load(t.Context(), 0, 1)
	require.NoError(t, err)
	first := size
	_, size, err = s.Load(t.Context(), 0, 1)
	require.NoError(t, err)
	require.Zero(t, size, "a cached chunk is not read; the first time %d bytes were", first)
	before := s.source.Cache.Counts()
	require.Positive(t, before.Misses)
	require.Positive(t, before.BytesRead)
	_, _, err = s.Load(t.Context(), 0, 1)
	require.NoError(t, err)
	before.Hits++
	require.Equal(t, before, s.source.Cache.Counts())
	s.source.Cache.Forget(d.ID)
	require.Zero(t, s.source.Cache.Counts().Bytes)
}

func TestCacheLoadsOnceAndOutlivesACancelledLoad(t *testing.T) {
	c := NewCache(1 << 20)
	started, goOn := make(chan struct{}), make(chan struct{})
	var loads atomic.Int32
	first := make(chan error)
	go func() {
		_, err := c.get(t.Context(), key{1, 0, 1}, func(context.Context) (*vector.Vector, error) {
			loads.Add(1)
			close(started)
			<-goOn
			return nil, context.Canceled
		})
		first <- err
	}()
	<-started
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	load := func(context.Context) (*vector.Vector, error) {
		loads.Add(1)
		return &vector.Vector{}, nil
	}
	_, err := c.get(cancelled, key{1, 0, 1}, load)
	require.ErrorIs(t, err, context.Canceled, "who waits is bound by its own context")
	second := make(chan error)
	go func() {
		_, err := c.get(t.Context(), key{1, 0, 1}, load)
		second <- err
	}()
	close(goOn)
	require.ErrorIs(t, <-first, context.Canceled)
	require.NoError(t, <-second, "another's cancellation is not mine")
	require.EqualValues(t, 2, loads.Load())
	failure := errors.New("x")
	_, err = c.get(t.Context(), key{2, 0, 1}, func(context.Context) (*vector.Vector, error) { return nil, failure })
	require.ErrorIs(t, err, failure)
	_, err = c.get(t.Context(), key{2, 0, 1}, load)
	require.NoError(t, err, "a failure is not kept")
}

func TestALoadThatPanicsLetsOthersGoOn(t *testing.T) {
	c := NewCache(1 << 20)
	started, goOn := make(chan struct{}), make(chan struct{})
	go func() {
		defer func() { _ = recover() }()
		_, _ = c.get(t.Context(), key{1, 0, 1}, func(context.Context) (*vector.Vector, error) {
			close(started)
			<-goOn
			panic("a bug")
		})
	}()
	<-started
	waiter := make(chan error)
	go func() {
		_, err := c.get(t.Context(), key{1, 0, 1}, func(context.Context) (*vector.Vector, error) {
			return &vector.Vector{}, nil
		})
		waiter <- err
	}()
	close(goOn)
	if err := <-waiter; err != nil { // nil when it came after the panic, and loaded itself
		require.Equal(t, sqlerr.InternalError, sqlerr.CodeOf(err))
	}
	_, err := c.get(t.Context(), key{1, 0, 1}, func(context.Context) (*vector.Vector, error) {
		return &vector.Vector{}, nil
	})
	require.NoError(t, err, "a load that broke off is not kept")
}

func TestDamageIsNamed(t *testing.T) {
	fs := memory(t)
	d := write(t, fs, 10_000)
	name := filepath.Join("/d", d.Path)
	data, err := vfs.ReadFile(fs, name)
	require.NoError(t, err)

	require.NoError(t, vfs.WriteFile(fs, name, data[:len(data)-1]))
	_, _, err = open(t, fs, d, 1<<20).Load(t.Context(), 0, 1)
	require.Equal(t, sqlerr.DataCorrupted, sqlerr.CodeOf(err))
	require.ErrorContains(t, err, d.Path)

	flipped := append([]byte{}, data...)
	for i := range 64 {
		flipped[i*16+8] ^= 0x55
	}
	require.NoError(t, vfs.WriteFile(fs, name, flipped))
	_, _, err = open(t, fs, d, 1<<20).Load(t.Context(), 0, 1)
	require.Equal(t, sqlerr.DataCorrupted, sqlerr.CodeOf(err))
	require.ErrorContains(t, err, d.Path)

	require.NoError(t, vfs.WriteFile(fs, name, data))
	lying := *d
	lying.Groups = []Group{d.Groups[0]}
	lying.Groups[0].Columns = append([]Summary{}, d.Groups[0].Columns...)
	lying.Groups[0].Columns[0].Hi--
	_, _, err = open(t, fs, &lying, 1<<20).Load(t.Context(), 0, 1)
	require.Equal(t, sqlerr.DataCorrupted, sqlerr.CodeOf(err), "bounds must hold: scans rely on them")

	require.NoError(t, fs.Remove(name))
	_, _, err = open(t, fs, d, 1<<20).Load(t.Context(), 0, 1)
	require.Equal(t, sqlerr.IOError, sqlerr.CodeOf(err))
	lying.Rows++
	_, err = Open(Source{}, columns, &lying)
	require.Equal(t, sqlerr.DataCorrupted, sqlerr.CodeOf(err))
}

func TestAbortLeavesNothing(t *testing.T) {
	fs := memory(t)
	w, err := Create(Target{FS: fs, Dir: "/d", NewID: func() uint64 { return 1 }, Columns: columns})
	require.NoError(t, err)
	require.NoError(t, w.Abort())
	names, err := fs.List("/d/" + Directory)
	require.NoError(t, err)
	require.Empty(t, names)
	_, err = Create(Target{FS: fs, Dir: "/d", NewID: func() uint64 { return 2 }, Columns: []catalog.Column{
		{ID: 1, Name: "i", Type: vector.Of(vector.Unknown)},
	}})
	require.Equal(t, sqlerr.FeatureNotSupported, sqlerr.CodeOf(err))
	names, err = fs.List("/d/" + Directory)
	require.NoError(t, err)
	require.Empty(t, names)
}

func TestEveryFlippedByteOfAChunkIsFound(t *testing.T) {
	fs := memory(t)
	d := write(t, fs, 5_000)
	name := filepath.Join("/d", d.Path)
	data, err := vfs.ReadFile(fs, name)
	require.NoError(t, err)
	for at := 4; at < 2000; at += 13 {
		data[at] ^= 0x10
		require.NoError(t, vfs.WriteFile(fs, name, data))
		data[at] ^= 0x10
		s, failed := open(t, fs, d, 1<<20), 0
		for _, id := range d.Columns {
			if _, _, err := s.Load(t.Context(), 0, id); err != nil {
				require.Equal(t, sqlerr.DataCorrupted, sqlerr.CodeOf(err))
				failed++
			}
		}
		require.Equal(t, 1, failed, "byte %d", at)
	}
}
