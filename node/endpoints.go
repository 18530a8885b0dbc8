package node

import (
	"encoding/json"
	"os"
	"path/filepath"

	"github.com/micodb/micodb/internal/sqlerr"
)

// EndpointsFile is the file in the data directory that names the addresses of the server that has it open.
const EndpointsFile = "endpoints.json"

// Endpoints are the addresses that a server listens on, as host:port.
type Endpoints struct {
	Flight string `json:"flight"`
	JSON   string `json:"json"`
	HTTP   string `json:"http"`
	TLS    bool   `json:"tls"`
	PID    int    `json:"pid"`
}

// write puts the file in place whole: a reader sees the old one or the new one.
func (e Endpoints) write(dataDir string) error {
	b, err := json.MarshalIndent(e, "", "  ")
	if err != nil {
		return err
	}
	name := endpointsPath(dataDir)
	if err := os.WriteFile(name+".tmp", append(b, '\n'), 0o600); err != nil {
		return sqlerr.Wrap(err, sqlerr.IOError, "%s can't be written", name)
	}
	if err := os.Rename(name+".tmp", name); err != nil {
		return sqlerr.Wrap(err, sqlerr.IOError, "%s can't be written", name)
	}
	return nil
}

// ReadEndpoints returns the addresses of the server that has dataDir open.
func ReadEndpoints(dataDir string) (Endpoints, error) {
	var e Endpoints
	b, err := os.ReadFile(endpointsPath(dataDir))
	if err != nil {
		return e, sqlerr.Wrap(err, sqlerr.CannotConnectNow, "no server has %s open", dataDir)
	}
	if err := json.Unmarshal(b, &e); err != nil {
		return e, sqlerr.Wrap(err, sqlerr.DataCorrupted, "%s is not a list of addresses", EndpointsFile)
	}
	return e, nil
}

func endpointsPath(dataDir string) string { return filepath.Join(dataDir, EndpointsFile) }
