package frame_test

import (
	"bytes"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/storage/frame"
)

func TestDecodeReturnsWhatAppendWrote(t *testing.T) {
	var log []byte
	bodies := [][]byte{nil, []byte("a"), bytes.Repeat([]byte("b"), 8), bytes.Repeat([]byte("c"), frame.BodyBytesMax)}
	for i, body := range bodies {
		f := frame.Frame{Kind: frame.Kind(i + 1), Flags: frame.More, Body: body}
		log = frame.Append(log, 1000+uint64(len(log)), f)
	}
	at := 0
	for i, body := range bodies {
		f, n, ok := frame.Decode(log[at:], 1000+uint64(at))
		require.True(t, ok)
		require.Equal(t, frame.Kind(i+1), f.Kind)
		require.Equal(t, frame.More, f.Flags)
		require.True(t, bytes.Equal(body, f.Body))
		require.Equal(t, frame.Size(len(body)), n)
		at += n
	}
	require.Len(t, log, at)
}

func TestEveryFlippedBitIsSeen(t *testing.T) {
	log := frame.Append(nil, 64, frame.Frame{Kind: 1, Body: []byte("12345678")})
	for bit := range len(log) * 8 {
		damaged := bytes.Clone(log)
		damaged[bit/8] ^= 1 << (bit % 8)
		_, _, ok := frame.Decode(damaged, 64)
		require.False(t, ok, "bit %d", bit)
	}
	_, _, ok := frame.Decode(log, 72)
	require.False(t, ok, "a frame of another place")
	_, _, ok = frame.Decode(log[:len(log)-1], 64)
	require.False(t, ok, "a torn frame")
}

func TestSearchFindsFramesBehindDamage(t *testing.T) {
	log := frame.Append(nil, 0, frame.Frame{Kind: 1, Body: []byte("first")})
	second := len(log)
	log = frame.Append(log, uint64(second), frame.Frame{Kind: 2, Body: []byte("second")})
	log[3] ^= 0x40 // the first's length
	var found []int
	frame.Search(log, 0, func(at int, f frame.Frame) {
		require.Equal(t, "second", string(f.Body))
		found = append(found, at)
	})
	require.Equal(t, []int{second}, found)
}

func TestHeaderRefusesOtherFormats(t *testing.T) {
	h := frame.Header{Magic: "MICOTEST", Version: 2, Instance: uuid.New(), Number: 7, Position: 99}
	got, err := frame.DecodeHeader(h.Encode(), "file", "MICOTEST", 2)
	require.NoError(t, err)
	require.Equal(t, h, got)
	_, err = frame.DecodeHeader(h.Encode(), "file", "MICOTEST", 1)
	require.ErrorContains(t, err, "file has format version 2; this program reads versions up to 1")
	_, err = frame.DecodeHeader(h.Encode(), "file", "MICOOTHR", 2)
	require.ErrorContains(t, err, `begins with "MICOTEST"`)
	damaged := h.Encode()
	damaged[20] ^= 1
	_, err = frame.DecodeHeader(damaged, "file", "MICOTEST", 2)
	require.Equal(t, sqlerr.DataCorrupted, sqlerr.CodeOf(err))
	require.ErrorContains(t, err, "the header of file (offset 0) is damaged")
}

func FuzzDecode(f *testing.F) {
	f.Add(frame.Append(nil, 64, frame.Frame{Kind: 3, Body: []byte("body")}))
	f.Fuzz(func(t *testing.T, b []byte) {
		if got, n, ok := frame.Decode(b, 64); ok {
			again := frame.Append(nil, 64, got)
			require.Len(t, again, n)
			require.Equal(t, b[:24+len(got.Body)], again[:24+len(got.Body)])
		}
		frame.Search(b, 64, func(at int, found frame.Frame) {
			require.LessOrEqual(t, at+frame.Size(len(found.Body)), len(b))
		})
		_, _ = frame.DecodeHeader(b, "fuzz", "MICOTEST", 1)
	})
}
