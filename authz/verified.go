package authz

import (
	"crypto/sha256"
	"sync"
	"time"
)

// maxVerified is how many tokens are remembered; one takes some 300 bytes.
const maxVerified = 4096

// verified remembers what tokens say whose signatures were found good: Flight's clients bring theirs with every call,
// and to decode one takes longer than a small query. It knows them by their hashes, so that it holds no secret. Whether
// a token is still good is not remembered, but looked at each time.
type verified struct {
	mu sync.RWMutex // guards by
	by map[[sha256.Size]byte]saying
}

// saying is what a token says.
type saying struct {
	user  string
	proof Proof
}

func newVerified() *verified { return &verified{by: map[[sha256.Size]byte]saying{}} }

// find returns what a token says that is not over.
func (v *verified) find(token string, now time.Time) (saying, bool) {
	hash := sha256.Sum256([]byte(token))
	v.mu.RLock()
	s, ok := v.by[hash]
	v.mu.RUnlock()
	return s, ok && !now.After(s.proof.Expires.Add(tokenLeeway))
}

// add remembers a token. One that was there makes room for it, whichever the map gives first.
func (v *verified) add(token string, s saying) {
	hash := sha256.Sum256([]byte(token))
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(v.by) >= maxVerified {
		for old := range v.by {
			delete(v.by, old)
			break
		}
	}
	v.by[hash] = s
}
