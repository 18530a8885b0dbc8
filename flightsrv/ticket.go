package flightsrv

import (
	"context"
	"crypto/rand"

	"github.com/micodb/micodb/internal/sqlerr"
)

// kind says what a signed name stands for, so that none can be used as another.
type kind byte

const (
	kindTicket      kind = 't' // the rows of a statement
	kindQuery       kind = 'q' // the rows of a query that the ticket carries
	kindPrepared    kind = 'p' // a prepared statement
	kindTransaction kind = 'x' // a transaction
	kindSavepoint   kind = 's' // a savepoint of a transaction
)

// String is how error messages call it.
func (k kind) String() string {
	switch k {
	case kindTicket, kindQuery:
		return "ticket"
	case kindPrepared:
		return "prepared statement handle"
	case kindTransaction:
		return "transaction id"
	case kindSavepoint:
		return "savepoint id"
	}
	return "handle"
}

// handleID names a statement within this process.
type handleID [16]byte

func newHandleID() (id handleID) {
	_, _ = rand.Read(id[:]) // crypto/rand.Read never fails
	return id
}

// claim is what a signed name says. Its bytes are
//
//	version 1 | kind | body
//
// and the body is a handle id, or a transaction's number (8, little endian) with a savepoint's name after it.
type claim struct {
	kind kind
	body []byte
}

const (
	claimVersion    = 1
	claimHeader     = 2
	transactionSize = 8
)

func (c claim) encode() []byte {
	return append([]byte{claimVersion, byte(c.kind)}, c.body...)
}

// decodeClaim reads what encode wrote, and refuses anything else.
func decodeClaim(b []byte) (claim, bool) {
	if len(b) < claimHeader || b[0] != claimVersion {
		return claim{}, false
	}
	c := claim{kind: kind(b[1]), body: b[claimHeader:]}
	switch c.kind {
	case kindTicket, kindPrepared:
		return c, len(c.body) == len(handleID{})
	case kindQuery:
		return c, len(c.body) >= queryHeader
	case kindTransaction:
		return c, len(c.body) == transactionSize
	case kindSavepoint:
		return c, len(c.body) > transactionSize
	}
	return claim{}, false
}

// sign returns the bytes that a client gets, which are of use to the same user only.
func (s *Server) sign(c *client, k kind, body []byte) []byte {
	return s.door.SignTicket(c.user(), claim{kind: k, body: body}.encode())
}

// open checks the signature, the user and the kind of what a client sent.
func (s *Server) open(ctx context.Context, c *client, k kind, signed []byte) (claim, error) {
	payload, err := s.door.OpenTicket(ctx, c.user(), addressOf(ctx), signed)
	if err != nil {
		return claim{}, err
	}
	opened, ok := decodeClaim(payload)
	if !ok || opened.kind != k {
		return claim{}, sqlerr.New(sqlerr.InvalidAuthorization, "what was sent as a %s is none", k)
	}
	return opened, nil
}
