package tablefile_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/tablefile"
	"github.com/micodb/micodb/internal/vfs"
)

// put writes a file of two parts through a directory.
func put(d *tablefile.Directory, name string, overwrite bool) error {
	out, err := d.Create(name, overwrite)
	if err != nil {
		return err
	}
	for _, part := range []string{"new ", "text"} {
		if _, err := out.Write([]byte(part)); err != nil {
			return errors.Join(err, out.Discard())
		}
	}
	return out.Commit()
}

// Whatever call fails, and whenever the power goes, the name has the old text or the new, never a part of it; and a
// failure that is told leaves no other file unless removing it failed too.
func TestAFileIsWrittenWholeOrNotAtAll(t *testing.T) {
	for at := 0; ; at++ {
		happened := false
		for _, fault := range []vfs.Fault{vfs.InputError, vfs.NoSpace, vfs.ShortWrite, vfs.Crash} {
			name := fmt.Sprintf("call %d, fault %d", at, fault)
			base := vfs.NewMemory()
			require.NoError(t, vfs.WriteFile(base, "f", []byte("old")))
			faults := vfs.NewFaults(base)
			faults.Inject(at, fault)
			err := put(tablefile.NewDirectory(faults, "/dir"), "f", true)
			happened = happened || faults.Happened()
			require.Equal(t, faults.Happened(), err != nil, name)
			data, readErr := vfs.ReadFile(base, "f")
			require.NoError(t, readErr, name)
			if err == nil {
				require.Equal(t, "new text", string(data), name)
			}
			require.Contains(t, []string{"old", "new text"}, string(data), name)
			if fault != vfs.Crash {
				require.Len(t, base.Files(), 1, name)
			}
			for seed := range uint64(8) {
				for _, kept := range []float64{0, 0.5, 1} {
					after, readErr := vfs.ReadFile(base.CrashClone(kept, seed), "f")
					require.NoError(t, readErr, name)
					require.Contains(t, []string{"old", "new text"}, string(after), name)
					if err == nil {
						require.Equal(t, "new text", string(after), name)
					}
				}
			}
		}
		if !happened {
			require.Greater(t, at, 4, "create, two writes, sync, rename and the directory's sync are calls")
			return
		}
	}
}

func TestAFileIsReplacedOnlyWhenSaid(t *testing.T) {
	d := tablefile.NewDirectory(vfs.NewMemory(), "/dir")
	require.NoError(t, put(d, "f", false))
	require.Equal(t, sqlerr.DuplicateFile, sqlerr.CodeOf(put(d, "f", false)))
	require.NoError(t, put(d, "/dir/f", true))
	out, err := d.Create("g", false)
	require.NoError(t, err)
	require.Equal(t, sqlerr.ObjectInUse, sqlerr.CodeOf(put(d, "./g", false)), "while it is being written")
	require.NoError(t, out.Discard())
	require.NoError(t, put(d, "g", false))
}

func TestNamesAreBelowTheDirectory(t *testing.T) {
	fsys := vfs.NewMemory()
	require.NoError(t, fsys.MkdirAll("sub"))
	d := tablefile.NewDirectory(fsys, "/link", "/dir")
	for _, name := range []string{"a.csv", "b.csv", "sub/c.csv", ".d.csv"} {
		require.NoError(t, put(d, name, false))
	}
	for name, want := range map[string][]string{
		"a.csv": {"a.csv"}, "*.csv": {"a.csv", "b.csv"}, "/dir/[b-z].csv": {"b.csv"}, "/link/sub/?.csv": {"sub/c.csv"},
		"sub/../a.csv": {"a.csv"}, "nothing": {"nothing"},
	} {
		got, err := d.Match(name)
		require.NoError(t, err, name)
		require.Equal(t, want, got, name)
	}
	for name, code := range map[string]sqlerr.Code{
		"": sqlerr.InsufficientPrivilege, "..": sqlerr.InsufficientPrivilege, "../a.csv": sqlerr.InsufficientPrivilege,
		"/etc/passwd": sqlerr.InsufficientPrivilege, "/dirt/a.csv": sqlerr.InsufficientPrivilege,
		"sub/../../a.csv": sqlerr.InsufficientPrivilege, "/dir/../etc/*": sqlerr.InsufficientPrivilege,
		"*.txt": sqlerr.UndefinedFile, "s*b/c.csv": sqlerr.FeatureNotSupported, "[": sqlerr.InvalidParameterValue,
		"none/*": sqlerr.UndefinedFile,
	} {
		_, err := d.Match(name)
		require.Equal(t, code, sqlerr.CodeOf(err), "%q: %v", name, err)
	}
	_, _, err := d.Open("nothing")
	require.Equal(t, sqlerr.UndefinedFile, sqlerr.CodeOf(err))
}
