package limits_test

import (
	"encoding/binary"
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// pingEdges are those of the pings that tell whether somebody is there.
func pingEdges() map[string]edge {
	return map[string]edge{
		"keepalive-time": {value: "1s", flags: []string{"--keepalive-timeout", "1m"}, test: func(t *testing.T, s *server) string {
			t.Helper()
			p := dial(t, s.Flight)
			p.write(preface)
			f := p.next(framePing)
			require.Zero(t, f.flags)
			p.ping(flagAck, f.body)
			return told
		}},
		"keepalive-timeout": {value: "500ms", flags: []string{"--keepalive-time", "1s"}, test: func(t *testing.T, s *server) string {
			t.Helper()
			silent, alive := dial(t, s.Flight), dial(t, s.Flight)
			silent.write(preface)
			alive.write(preface)
			gone := make(chan struct{})
			go func() {
				defer close(gone)
				silent.ended()
			}()
			pings := 0
			for ended := false; !ended; pings++ {
				f := alive.next(framePing)
				alive.ping(flagAck, f.body)
				select {
				case <-gone:
					ended = true
				default:
				}
			}
			f := alive.next(framePing)
			require.Zero(t, f.flags, "who answers stays")
			return told
		}},
		"keepalive-minimum": {value: "100ms", test: minimumEdge},
	}
}

// minimumEdge pings as often as it may, and then without a pause: the third ping that came too early is one too many.
func minimumEdge(t *testing.T, s *server) string {
	t.Helper()
	p := dial(t, s.Flight)
	p.write(preface)
	body := []byte("are you?")
	for range 5 {
		p.ping(0, body)
		require.Equal(t, body, p.next(framePing).body)
		time.Sleep(110 * time.Millisecond) // the pause that is asked for, from when the ping has arrived
	}
	for range 1 + 3 {
		p.ping(0, body)
	}
	var last frame
	for {
		f, err := readFrame(p.lines)
		if err != nil {
			require.NotErrorIs(t, err, io.ErrUnexpectedEOF)
			break
		}
		if f.kind == frameGoAway {
			last = f
		}
	}
	require.NotEmpty(t, last.body)
	require.EqualValues(t, enhancedCalm, binary.BigEndian.Uint32(last.body[4:]))
	return told
}
