package vfs_test

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/internal/vfs"
)

func TestRootIsNeverLeft(t *testing.T) {
	outer := t.TempDir()
	dir := filepath.Join(outer, "dir")
	secret := filepath.Join(outer, "secret")
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "sub"), 0o700))
	require.NoError(t, os.WriteFile(secret, []byte("secret"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "inner"), []byte("inner"), 0o600))
	for link, to := range map[string]string{
		"relative": "../secret", "absolute": secret, "up": "..", "within": "inner", "dangling": "../made",
	} {
		require.NoError(t, os.Symlink(to, filepath.Join(dir, link)))
	}
	require.NoError(t, syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o600))
	root, err := vfs.OpenRoot(dir)
	require.NoError(t, err)
	defer root.Close()
	data, err := vfs.ReadFile(root, "within")
	require.NoError(t, err)
	require.Equal(t, "inner", string(data))
	for _, name := range []string{
		"../secret", "sub/../../secret", secret, "relative", "absolute", "up/secret", "dangling",
	} {
		_, err := root.Open(name)
		require.ErrorIs(t, err, vfs.ErrOutside, name)
		_, err = root.Create(name)
		require.ErrorIs(t, err, vfs.ErrOutside, name)
		_, err = root.OpenReadWrite(name)
		require.ErrorIs(t, err, vfs.ErrOutside, name)
		_, err = root.Lock(name)
		require.Error(t, err, name)
	}
	require.Error(t, root.Rename("inner", "../out"))
	require.Error(t, root.Rename("inner", "up/out"))
	require.Error(t, root.Remove("../secret"))
	require.Error(t, root.MkdirAll("../made"))
	require.Error(t, root.SyncDir(".."))
	_, err = root.List("up")
	require.Error(t, err)
	for _, name := range []string{"pipe", "sub"} {
		_, err = root.Open(name)
		require.ErrorIs(t, err, vfs.ErrNotRegular, name)
	}
	data, err = os.ReadFile(secret)
	require.NoError(t, err)
	require.Equal(t, "secret", string(data))
	names, err := os.ReadDir(outer)
	require.NoError(t, err)
	require.Len(t, names, 2, "nothing was made outside")
}
