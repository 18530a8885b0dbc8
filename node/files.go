package node

import (
	"path/filepath"

	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/tablefile"
)

// openFiles opens the directory of --allow-files; without one COPY has no files. The data directory must be apart from
// it: whoever may write files could change the users, and every table.
func openFiles(dir, dataDir string) (*tablefile.Directory, error) {
	if dir == "" {
		return nil, nil //nolint:nilnil // no files are allowed
	}
	wrong := func(err error) error {
		return sqlerr.Wrap(err, sqlerr.InvalidParameterValue, "--allow-files %s can't be used: %v", dir, err)
	}
	data, err := filepath.Abs(dataDir)
	if err == nil {
		data, err = filepath.EvalSymlinks(data)
	}
	if err != nil {
		return nil, wrong(err)
	}
	resolved, err := filepath.EvalSymlinks(dir)
	if err == nil {
		resolved, err = filepath.Abs(resolved)
	}
	if err != nil {
		return nil, wrong(err)
	}
	if contains(resolved, data) || contains(data, resolved) {
		return nil, sqlerr.New(sqlerr.InvalidParameterValue, "--allow-files %s and the data directory %s lie within "+
			"each other", dir, dataDir).WithHint("name a directory of its own")
	}
	files, err := tablefile.OpenDirectory(dir)
	if err != nil {
		return nil, wrong(err)
	}
	return files, nil
}

func contains(dir, name string) bool {
	rest, err := filepath.Rel(dir, name)
	return err == nil && filepath.IsLocal(rest)
}
