package limits_test

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

// connectionEdges are those of connections, of whatever port.
func connectionEdges() map[string]edge {
	return map[string]edge{
		"max-json-connections": {value: "2", test: func(t *testing.T, s *server) string {
			t.Helper()
			first, second := openJSON(t, s), openJSON(t, s)
			code := dial(t, s.JSON).refused()
			require.Empty(t, second.run("SELECT 1"))
			first.close()
			eventually(t, func() bool { return welcome(t, s) })
			second.close()
			return code
		}},
		"max-connections-before-login": {value: "2", test: strangersEdge},
		"max-flight-connections": {value: "2", test: func(t *testing.T, s *server) string {
			t.Helper()
			first, second := openFlight(t, s), openFlight(t, s)
			require.Empty(t, first.run("SELECT 1"))
			require.Empty(t, dial(t, s.Flight).ended())
			require.Empty(t, first.run("SELECT 1"))
			require.Empty(t, second.run("SELECT 1"))
			first.close()
			eventually(t, func() bool {
				p := dial(t, s.Flight)
				defer p.close()
				_, err := p.lines.Peek(1)
				return err == nil
			})
			second.close()
			return told
		}},
		"max-http-connections": {value: "2", test: func(t *testing.T, s *server) string {
			t.Helper()
			first, second := dial(t, s.HTTP), dial(t, s.HTTP)
			first.alive()
			second.alive()
			require.Empty(t, dial(t, s.HTTP).ended())
			first.alive()
			second.close()
			eventually(t, func() bool {
				p := dial(t, s.HTTP)
				p.write(getAlive)
				_, err := p.lines.Peek(1)
				return err == nil
			})
			return told
		}},
		"login-timeout": {value: "1s", test: func(t *testing.T, s *server) string {
			t.Helper()
			json, flight := openJSON(t, s), openFlight(t, s)
			require.Contains(t, dial(t, s.JSON).ended(), `"code":"28000"`, "who is sent away learns why")
			stranger := dial(t, s.Flight)
			stranger.write(preface)
			stranger.ended()
			require.Empty(t, json.run("SELECT 1"), "who has logged in may idle")
			require.Empty(t, flight.run("SELECT 1"))
			return told
		}},
		"connect-timeout": {value: "1s", test: func(t *testing.T, s *server) string {
			t.Helper()
			flight := openFlight(t, s)
			dial(t, s.Flight).ended()
			require.Empty(t, flight.run("SELECT 1"))
			return told
		}},
	}
}

const getAlive = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"

// alive asks a connection of the HTTP port, and keeps it.
func (p peer) alive() {
	p.t.Helper()
	p.write(getAlive)
	r, err := http.ReadResponse(p.lines, nil)
	require.NoError(p.t, err)
	_, err = io.Copy(io.Discard, r.Body)
	require.NoError(p.t, err)
	require.NoError(p.t, r.Body.Close())
	require.Equal(p.t, http.StatusOK, r.StatusCode)
}

// strangersEdge has so many connections of each port on which nobody logs in, beside those on which somebody did.
func strangersEdge(t *testing.T, s *server) string {
	t.Helper()
	friends := []door{openJSON(t, s), openJSON(t, s), openFlight(t, s), openFlight(t, s)}
	for _, f := range friends {
		require.Empty(t, f.run("SELECT 1"))
	}
	json := []peer{dial(t, s.JSON), dial(t, s.JSON)}
	code := dial(t, s.JSON).refused()
	flight := []peer{dial(t, s.Flight), dial(t, s.Flight)}
	for _, p := range flight {
		_, err := p.lines.Peek(1)
		require.NoError(t, err, "it was let in")
	}
	require.Empty(t, dial(t, s.Flight).ended(), "Flight SQL has no word before HTTP/2")
	require.Empty(t, json[0].ask(loginLine).Code)
	require.True(t, welcome(t, s), "who logs in makes room")
	flight[0].close()
	eventually(t, func() bool { return serves(t, s) })
	for _, f := range friends {
		require.Empty(t, f.run("SELECT 1"))
	}
	json[1].close()
	flight[1].close()
	return code
}

// What HTTP/2 begins with: the client's preface and its empty settings.
const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + "\x00\x00\x00\x04\x00\x00\x00\x00\x00"

// The types and flags of HTTP/2's frames that are looked at.
const (
	framePing    = 6
	frameGoAway  = 7
	flagAck      = 1
	frameHeader  = 9
	pingBytes    = 8
	enhancedCalm = 11 // the reason of a GOAWAY
)

// frame is one of HTTP/2.
type frame struct {
	kind, flags byte
	body        []byte
}

func readFrame(r *bufio.Reader) (f frame, err error) {
	head := make([]byte, frameHeader)
	if _, err = io.ReadFull(r, head); err != nil {
		return f, err
	}
	f = frame{kind: head[3], flags: head[4], body: make([]byte, binary.BigEndian.Uint32(head)>>8)}
	_, err = io.ReadFull(r, f.body)
	return f, err
}

// next returns the next frame of a kind.
func (p peer) next(kind byte) frame {
	p.t.Helper()
	for {
		f, err := readFrame(p.lines)
		require.NoError(p.t, err)
		if f.kind == kind {
			return f
		}
	}
}

// ping sends one, or the answer to one.
func (p peer) ping(flags byte, body []byte) {
	p.t.Helper()
	p.write(fmt.Sprintf("\x00\x00%c%c%c\x00\x00\x00\x00%s", pingBytes, framePing, flags, body))
}
