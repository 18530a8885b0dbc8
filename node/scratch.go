package node

import (
	"cmp"
	"os"
	"path/filepath"

	"github.com/micodb/micodb/internal/spill"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vfs"
)

// openScratch opens the directory for queries that outgrow their memory. It needs no lock of the data directory: a
// process that starts can take nothing from one that runs there, whose scratch files have no names.
func (c *Config) openScratch() (*spill.Space, error) {
	dir := cmp.Or(c.SpillDir, filepath.Join(c.DataDir, "spill"))
	limit, err := c.SpillLimitBytes, os.MkdirAll(dir, 0o700)
	if err == nil && limit == 0 {
		var disk vfs.Space
		disk, err = vfs.SpaceOf(dir)
		limit = int64(disk.Free / 2)
	}
	var scratch *spill.Space
	if err == nil {
		scratch, err = spill.Open(vfs.Disk{}, dir, limit)
	}
	if err != nil {
		return nil, sqlerr.Wrap(err, sqlerr.IOError, "the scratch directory %s can't be used: %v", dir, err).
			WithHint("name another with --spill-directory")
	}
	return scratch, nil
}
