package session

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"log/slog"
	"sync"

	"github.com/micodb/micodb/internal/limits"
	"github.com/micodb/micodb/internal/sqlerr"
)

// A ticket is version, HMAC-SHA256 over version, user and payload, payload. The key lives as long as the
// process, as what the payloads name does.
const (
	ticketVersion  = 1
	ticketKeyBytes = 32
	ticketHeader   = 1 + sha256.Size
)

type ticketKey struct {
	macs sync.Pool // of hash.Hash with the key, which takes two rounds of the hash to put in
}

func newTicketKey() *ticketKey {
	key := make([]byte, ticketKeyBytes)
	_, _ = rand.Read(key) // never fails: crypto/rand ends the process instead
	return &ticketKey{macs: sync.Pool{New: func() any { return hmac.New(sha256.New, key) }}}
}

func (k *ticketKey) mac(user string, payload []byte) []byte {
	m, _ := k.macs.Get().(hash.Hash) // New makes no other
	defer k.macs.Put(m)
	m.Reset()
	var head [9]byte
	head[0] = ticketVersion
	binary.LittleEndian.PutUint64(head[1:], uint64(len(user)))
	_, _ = m.Write(head[:]) // a hash takes everything
	_, _ = m.Write([]byte(user))
	_, _ = m.Write(payload)
	return m.Sum(nil)
}

// SignTicket wraps a payload, of at most limits.TicketBytes, so that OpenTicket gives it back to the same user only.
func (s *Server) SignTicket(user string, payload []byte) []byte {
	ticket := make([]byte, 0, ticketHeader+len(payload))
	ticket = append(ticket, ticketVersion)
	ticket = append(ticket, s.ticketKey.mac(user, payload)...)
	return append(ticket, payload...)
}

// OpenTicket returns the payload of a ticket that SignTicket made for the user: 28000 for anything else, which goes
// into the audit log with the address that it came from. It does not say what is wrong with a ticket.
func (s *Server) OpenTicket(ctx context.Context, user, address string, ticket []byte) ([]byte, error) {
	payload, ok := s.ticketKey.open(user, ticket)
	if !ok {
		s.audit.LogAttrs(ctx, slog.LevelWarn, "ticket refused", slog.String("user", user),
			slog.String("address", address), slog.String("code", string(sqlerr.InvalidAuthorization)))
		return nil, sqlerr.New(sqlerr.InvalidAuthorization, "the ticket is not valid").
			WithHint("ask for a new one: tickets are bound to their user and end with the server")
	}
	return payload, nil
}

func (k *ticketKey) open(user string, ticket []byte) (payload []byte, ok bool) {
	if len(ticket) < ticketHeader || len(ticket) > ticketHeader+limits.TicketBytes || ticket[0] != ticketVersion {
		return nil, false
	}
	signed := ticket[ticketHeader:]
	if !hmac.Equal(ticket[1:ticketHeader], k.mac(user, signed)) {
		return nil, false
	}
	return append([]byte(nil), signed...), true
}
