package client_test

import (
	"io"
	"net"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// proxy is an address that stays while servers come and go behind it, and that can lose what they answer.
type proxy struct {
	listener net.Listener
	working  sync.WaitGroup

	mu    sync.Mutex // guards what follows
	to    string
	deaf  bool // answers are read and dropped
	conns []net.Conn
}

func newProxy(t *testing.T, to string) *proxy {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	p := &proxy{listener: l, to: to}
	p.working.Go(p.accept)
	t.Cleanup(func() {
		_ = l.Close()
		p.cut()
		p.working.Wait()
	})
	return p
}

func (p *proxy) url() string { return "grpc://" + p.listener.Addr().String() }

func (p *proxy) accept() {
	for {
		from, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.mu.Lock()
		address := p.to
		p.mu.Unlock()
		to, err := net.Dial("tcp", address)
		if err != nil {
			_ = from.Close()
			continue
		}
		p.mu.Lock()
		p.conns = append(p.conns, from, to)
		p.mu.Unlock()
		p.working.Go(func() {
			_, _ = io.Copy(to, from)
			_ = to.Close()
		})
		p.working.Go(func() {
			_, _ = io.Copy(answers{p, from}, to)
			_ = from.Close()
		})
	}
}

// answers writes what the server says, unless the proxy is deaf.
type answers struct {
	p  *proxy
	to net.Conn
}

func (a answers) Write(b []byte) (int, error) {
	a.p.mu.Lock()
	deaf := a.p.deaf
	a.p.mu.Unlock()
	if deaf {
		return len(b), nil
	}
	return a.to.Write(b)
}

// forward sends new connections elsewhere, and ends those that are there.
func (p *proxy) forward(to string) {
	p.mu.Lock()
	p.to, p.deaf = to, false
	p.mu.Unlock()
	p.cut()
}

// silence drops what the server answers from now on.
func (p *proxy) silence() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.deaf = true
}

func (p *proxy) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.conns {
		_ = c.Close()
	}
	p.conns = nil
}
