package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/flight/flightsql"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
)

const (
	password     = "a password for benchmarks"
	ingestRows   = 64 << 10 // of a batch
	startTimeout = time.Minute
)

// server is a process that is measured.
type server struct {
	name     string
	address  string
	headers  metadata.MD // with every call
	fixedRow bool        // it gives the same row for each key
	process  *exec.Cmd
	stdin    io.Closer
}

// servers are the two that are compared.
type servers struct {
	mico, empty *server
	directory   string // of MicoDB's data
}

// start starts both servers and fills the table. Both are sent the same headers.
func (o options) start(ctx context.Context) (_ *servers, err error) {
	s := &servers{}
	defer func() {
		if err != nil {
			s.stop()
		}
	}()
	if s.directory, err = os.MkdirTemp("", "micodb-point-"); err != nil {
		return nil, err
	}
	if s.mico, err = o.startMicoDB(ctx, s.directory); err != nil {
		return nil, err
	}
	if err = s.mico.fill(ctx, o.rows); err != nil {
		return nil, err
	}
	if s.empty, err = startEmpty(ctx); err != nil {
		return nil, err
	}
	s.empty.headers = s.mico.headers
	return s, nil
}

func (s *servers) stop() {
	for _, one := range []*server{s.mico, s.empty} {
		if one != nil {
			one.stop()
		}
	}
	_ = os.RemoveAll(s.directory) // nobody needs it any more
}

func (s *server) stop() {
	if s.stdin != nil {
		_ = s.stdin.Close() // it ends then
	}
	_ = s.process.Process.Signal(syscall.SIGTERM) // it may have ended
	_ = s.process.Wait()                          // however it ends
}

// context has the headers.
func (s *server) context(ctx context.Context) context.Context {
	return metadata.NewOutgoingContext(ctx, s.headers)
}

func startEmpty(ctx context.Context) (*server, error) {
	c := exec.CommandContext(ctx, os.Args[0], "-serve-empty")
	c.Stderr = os.Stderr
	in, err := c.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := c.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := c.Start(); err != nil {
		return nil, err
	}
	s := &server{name: "empty", fixedRow: true, process: c, stdin: in}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		s.stop()
		return nil, fmt.Errorf("the empty server did not start: %w", err)
	}
	s.address = strings.TrimSpace(line)
	return s, nil
}

func (o options) startMicoDB(ctx context.Context, dir string) (_ *server, err error) {
	c := exec.CommandContext(ctx, o.binary, "serve", "--data-dir", dir, "--port", "0", "--flight-port", "0",
		"--http-port", "0", "--log-level", "warn", "--threads", strconv.Itoa(o.threads))
	c.Env = append(os.Environ(), "MICODB_ADMIN_PASSWORD="+password)
	c.Stderr = os.Stderr
	if err := c.Start(); err != nil {
		return nil, err
	}
	s := &server{name: "MicoDB", process: c}
	defer func() {
		if err != nil {
			s.stop()
		}
	}()
	var at struct {
		Flight string `json:"flight"`
	}
	for deadline := time.Now().Add(startTimeout); at.Flight == ""; time.Sleep(10 * time.Millisecond) {
		b, err := os.ReadFile(filepath.Join(dir, "endpoints.json"))
		if err == nil {
			err = json.Unmarshal(b, &at)
		}
		if err != nil && time.Now().After(deadline) {
			return nil, fmt.Errorf("the server did not start: %w", err)
		}
	}
	s.address = at.Flight
	return s, s.login(ctx)
}

// login gets the token that goes with every call, as drivers do.
func (s *server) login(ctx context.Context) error {
	c, err := s.connect()
	if err != nil {
		return err
	}
	in, err := c.Client.AuthenticateBasicToken(ctx, "admin", password)
	if err == nil {
		s.headers, _ = metadata.FromOutgoingContext(in)
	}
	return errors.Join(err, c.Close())
}

func (s *server) connect() (*flightsql.Client, error) {
	return flightsql.NewClient(s.address, nil, nil, grpc.WithTransportCredentials(insecure.NewCredentials()))
}

// fill makes the table.
func (s *server) fill(ctx context.Context, rows int64) error {
	c, err := s.connect()
	if err != nil {
		return err
	}
	batches := func(yield func(arrow.RecordBatch, error) bool) {
		for first := int64(1); first <= rows; first += ingestRows {
			ids := make([]int64, min(ingestRows, rows-first+1))
			for i := range ids {
				ids[i] = first + int64(i)
			}
			if !yield(pointBatch(ids), nil) {
				return
			}
		}
	}
	one := pointBatch(nil)
	defer one.Release()
	reader := array.ReaderFromIter(one.Schema(), batches)
	defer reader.Release()
	n, err := c.ExecuteIngest(s.context(ctx), reader, &flightsql.ExecuteIngestOpts{
		Table: "points", TableDefinitionOptions: &flightsql.TableDefinitionOptions{
			IfNotExist: flightsql.TableDefinitionOptionsTableNotExistOptionCreate,
			IfExists:   flightsql.TableDefinitionOptionsTableExistsOptionFail,
		},
	})
	if err == nil && n != rows {
		err = fmt.Errorf("%d rows were ingested instead of %d", n, rows)
	}
	return errors.Join(err, c.Close())
}

// cpu returns the processor time that the process has taken.
func (s *server) cpu() (time.Duration, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.process.Process.Pid))
	if err != nil {
		return 0, err
	}
	_, after, _ := strings.Cut(string(b), ") ") // the name may have spaces
	fields := strings.Fields(after)
	const user, system = 11, 12 // proc(5) numbers them from the name on
	if len(fields) <= system {
		return 0, errors.New("what /proc says of a process is too short")
	}
	var ticks int64
	for _, f := range fields[user : system+1] {
		n, err := strconv.ParseInt(f, 10, 64)
		if err != nil {
			return 0, err
		}
		ticks += n
	}
	const tick = 10 * time.Millisecond // USER_HZ is 100 on every architecture that Go runs on
	return time.Duration(ticks) * tick, nil
}
