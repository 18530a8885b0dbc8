package node

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/internal/sqlerr"
)

func TestADataDirectoryIsItsOwners(t *testing.T) {
	dir := t.TempDir()
	require.Equal(t, sqlerr.InvalidParameterValue, sqlerr.CodeOf(checkDataDir(dir, os.Geteuid())))
	require.NoError(t, os.Mkdir(filepath.Join(dir, "manifest"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "manifest", "CURRENT"), nil, 0o600))
	require.NoError(t, checkDataDir(dir, os.Geteuid()))
	err := checkDataDir(dir, os.Geteuid()+1)
	require.Equal(t, sqlerr.InsufficientPrivilege, sqlerr.CodeOf(err))
	require.ErrorContains(t, err, "run this as the user that the server runs as")
}
