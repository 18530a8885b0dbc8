// Package crash holds the tests that pull the plug: in process, with a disk that forgets what was not synced, and on
// the binary, with SIGKILL. A ledger outside the server knows what was acknowledged.
package crash
