package flightsrv

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/internal/limits"
)

func TestClaimsKeepTheirKind(t *testing.T) {
	id := newHandleID()
	for _, c := range []claim{
		{kindTicket, id[:]},
		{kindPrepared, id[:]},
		{kindQuery, make([]byte, queryHeader)},
		{kindTransaction, make([]byte, transactionSize)},
		{kindSavepoint, append(make([]byte, transactionSize), "name"...)},
	} {
		back, ok := decodeClaim(c.encode())
		require.True(t, ok)
		require.Equal(t, c, back)
	}
	for _, b := range [][]byte{
		nil,
		{1},
		{1, 't'},
		{2, 't'},
		append([]byte{1, 'z'}, id[:]...), append([]byte{2, 't'}, id[:]...),
		append([]byte{1, 't', 0}, id[:]...), append([]byte{1, 's'}, make([]byte, transactionSize)...),
	} {
		_, ok := decodeClaim(b)
		require.False(t, ok, "%q", b)
	}
}

func FuzzTicket(f *testing.F) {
	id := newHandleID()
	f.Add(claim{kindTicket, id[:]}.encode())
	f.Add(claim{kindPrepared, id[:]}.encode())
	f.Add(claim{kindQuery, []byte("\x01\x00\x00\x00\x00\x00\x00\x00\x04\x00mainSELECT 1")}.encode())
	f.Add(claim{kindTransaction, make([]byte, transactionSize)}.encode())
	f.Add(claim{kindSavepoint, append(make([]byte, transactionSize), "name"...)}.encode())
	f.Add([]byte{})
	s := &Server{door: newFakeDoor(), handles: newHandles(limits.Defaults(), (&clock{}).read)}
	c := &client{session: &fakeSession{}}
	f.Fuzz(func(t *testing.T, b []byte) {
		if opened, ok := decodeClaim(b); ok {
			require.True(t, bytes.Equal(b, opened.encode()), "two forms of one claim")
			if q, ok := opened.query(); opened.kind == kindQuery && ok {
				require.Len(t, opened.body, queryHeader+len(q.Database)+len(q.SQL))
			}
			if opened.kind == kindTransaction || opened.kind == kindSavepoint {
				opened.transaction()
			}
			if opened.kind == kindSavepoint {
				require.NotEmpty(t, opened.savepoint())
			}
		}
		for _, k := range []kind{kindTicket, kindPrepared, kindTransaction, kindSavepoint} {
			_, err := s.open(t.Context(), c, k, b)
			require.Error(t, err, "bytes that nobody signed were taken")
			signed := s.door.SignTicket("", b)
			if opened, err := s.open(t.Context(), c, k, signed); err == nil && (k == kindTicket || k == kindPrepared) {
				_, err = s.handles.get(opened)
				require.Error(t, err, "a handle that nobody was given")
			}
		}
	})
}
