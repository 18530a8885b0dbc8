package shell

import (
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"
)

// A statement that takes longer than progressAfter is reported on, so often.
const (
	progressAfter = time.Second
	progressEvery = 200 * time.Millisecond
)

// progress shows on a terminal how long a statement has run and how many rows have come.
type progress struct {
	out   io.Writer
	began time.Time
	rows  atomic.Int64
	done  chan struct{}
	ended chan struct{}
	once  sync.Once
}

// startProgress starts reporting; a nil writer is nobody who watches.
func startProgress(out io.Writer) *progress {
	p := &progress{out: out, began: time.Now(), done: make(chan struct{}), ended: make(chan struct{})}
	if out == nil {
		close(p.ended)
		return p
	}
	go p.run()
	return p
}

func (p *progress) run() {
	defer close(p.ended)
	timer := time.NewTimer(progressAfter)
	defer timer.Stop()
	for shown := false; ; {
		select {
		case <-p.done:
			if shown {
				_, _ = io.WriteString(p.out, "\r\x1b[K") // a terminal that is gone needs no cleaning
			}
			return
		case <-timer.C:
			shown = true
			_, _ = fmt.Fprintf(p.out, "\r\x1b[K%s, %s rows so far (Ctrl-C cancels)",
				time.Since(p.began).Truncate(100*time.Millisecond), countText(p.rows.Load()))
			timer.Reset(progressEvery)
		}
	}
}

func (p *progress) add(rows int64) { p.rows.Add(rows) }

// stop takes the report away and waits until it is gone. It is idempotent.
func (p *progress) stop() {
	p.once.Do(func() { close(p.done) })
	<-p.ended
}

// firstly is a writer that does something before the first bytes.
type firstly struct {
	io.Writer

	do func()
}

// Write does it, and writes.
func (f firstly) Write(b []byte) (int, error) {
	f.do()
	return f.Writer.Write(b)
}
