package crash_test

import (
	"fmt"
	"sync"
)

// commit names one transaction of one writer. It adds partsOf(commit) rows to each of two tables.
type commit struct {
	writer int
	number int
}

const partsMax = 5

func (c commit) parts() int { return 1 + (c.writer+c.number)%partsMax }

// fate is what a writer knows of a commit.
type fate uint8

const (
	unknown      fate = iota // sent, and the server died before it answered: all or nothing
	acknowledged             // must be there
	rolledBack               // must not be there
)

// ledger is kept outside of the server.
type ledger struct {
	mu    sync.Mutex // guards fates and acks
	fates map[commit]fate
	acks  int
}

func newLedger() *ledger { return &ledger{fates: map[commit]fate{}} }

func (l *ledger) set(c commit, f fate) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.fates[c] = f
	if f == acknowledged {
		l.acks++
	}
}

func (l *ledger) acknowledgements() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.acks
}

// check compares the rows that the server has of each commit, in both tables, with the ledger, and returns what is
// wrong.
func (l *ledger) check(left, right map[commit]int) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for c, f := range l.fates {
		a, b := left[c], right[c]
		switch {
		case a != b:
			return fmt.Errorf("commit %+v (%d parts) is half applied: %d rows in one table, %d in the other", c, c.parts(), a, b)
		case a != 0 && a != c.parts():
			return fmt.Errorf("commit %+v has %d of %d rows", c, a, c.parts())
		case f == acknowledged && a == 0:
			return fmt.Errorf("commit %+v was acknowledged and is lost", c)
		case f == rolledBack && a != 0:
			return fmt.Errorf("commit %+v was rolled back and is there", c)
		}
	}
	for _, table := range []map[commit]int{left, right} {
		for c := range table {
			if _, sent := l.fates[c]; !sent {
				return fmt.Errorf("commit %+v was never sent and is there", c)
			}
		}
	}
	return nil
}
