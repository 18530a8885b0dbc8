package client

import "time"

// RenewNow lets the next call renew the token. It returns the token, and how long it would have been kept.
func (c *Conn) RenewNow() (token string, kept time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	kept = time.Until(c.identity.renew)
	c.identity.renew = time.Now().Add(-time.Second)
	return c.identity.secret, kept
}
