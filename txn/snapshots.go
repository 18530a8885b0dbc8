package txn

import (
	"sync"
	"sync/atomic"
)

// snapshots knows which states are being read.
type snapshots struct {
	current atomic.Pointer[published]
	mu      sync.Mutex     // guards live, and orders it with current
	live    map[uint64]int // by generation, how many transactions read it
}

// pin returns the current state, which stays readable until it is released.
func (s *snapshots) pin() *published {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.current.Load()
	s.live[p.generation]++
	return p
}

func (s *snapshots) release(p *published) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.live[p.generation]--; s.live[p.generation] == 0 {
		delete(s.live, p.generation)
	}
}

// oldest returns the oldest generation that is read or may be pinned next.
func (s *snapshots) oldest() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	oldest := s.current.Load().generation
	for generation := range s.live {
		oldest = min(oldest, generation)
	}
	return oldest
}

// publish makes a state the current one. Only the sequencer does.
func (s *snapshots) publish(p *published) { s.current.Store(p) }
