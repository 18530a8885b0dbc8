package node

import (
	"path/filepath"

	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/tablefile"
	"github.com/micodb/micodb/internal/vfs"
)

// files is the directory that COPY may use; nil when there is none.
type files struct {
	root  *vfs.Root
	names []string
}

// openFiles opens the directory of --allow-files. The data directory must be apart from it: whoever may write files
// could change the users, and every table.
func openFiles(dir, dataDir string) (*files, error) {
	if dir == "" {
		return nil, nil //nolint:nilnil // no files are allowed
	}
	wrong := func(err error) error {
		return sqlerr.Wrap(err, sqlerr.InvalidParameterValue, "--allow-files %s can't be used: %v", dir, err)
	}
	given, err := filepath.Abs(dir)
	if err != nil {
		return nil, wrong(err)
	}
	resolved, err := filepath.EvalSymlinks(given)
	if err != nil {
		return nil, wrong(err)
	}
	data, err := filepath.Abs(dataDir)
	if err == nil {
		data, err = filepath.EvalSymlinks(data)
	}
	if err != nil {
		return nil, wrong(err)
	}
	if contains(resolved, data) || contains(data, resolved) {
		return nil, sqlerr.New(sqlerr.InvalidParameterValue, "--allow-files %s and the data directory %s lie within "+
			"each other", dir, dataDir).WithHint("name a directory of its own")
	}
	root, err := vfs.OpenRoot(resolved)
	if err != nil {
		return nil, wrong(err)
	}
	return &files{root: root, names: []string{given, resolved}}, nil
}

func contains(dir, name string) bool {
	rest, err := filepath.Rel(dir, name)
	return err == nil && filepath.IsLocal(rest)
}

func (f *files) directory() *tablefile.Directory {
	if f == nil {
		return nil
	}
	return tablefile.NewDirectory(f.root, f.names...)
}

func (f *files) close() error {
	if f == nil {
		return nil
	}
	return f.root.Close()
}
