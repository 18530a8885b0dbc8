package vfs_test

import (
	"io/fs"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/internal/vfs"
)

func TestSpaceOf(t *testing.T) {
	dir := t.TempDir()
	space, err := vfs.SpaceOf(dir)
	require.NoError(t, err)
	require.Positive(t, space.Free)
	require.Greater(t, space.Total, space.Free)
	_, err = vfs.SpaceOf(filepath.Join(dir, "missing"))
	require.ErrorIs(t, err, fs.ErrNotExist)
}
