package main

import (
	"io"
	"os"
	"time"

	"github.com/jedib0t/go-pretty/v6/progress"
	"golang.org/x/term"
)

// bars shows how far some work is, a bar for each part, to somebody at a terminal. Elsewhere nothing is drawn.
type bars struct {
	writer   progress.Writer // nil: nobody watches
	rendered chan struct{}   // closed when the drawing has ended
}

// startBars begins to draw n bars; end must be called.
func startBars(out io.Writer, n int) *bars {
	b := &bars{rendered: make(chan struct{})}
	if f, ok := out.(*os.File); !ok || !term.IsTerminal(int(f.Fd())) {
		close(b.rendered)
		return b
	}
	b.writer = progress.NewWriter()
	b.writer.SetOutputWriter(out)
	b.writer.SetAutoStop(true)
	b.writer.SetNumTrackersExpected(n)
	b.writer.SetUpdateFrequency(100 * time.Millisecond)
	b.writer.SetStyle(progress.StyleBlocks)
	b.writer.Style().Visibility.ETA = true
	b.writer.Style().Visibility.Speed = true
	go func() { defer close(b.rendered); b.writer.Render() }()
	return b
}

// add begins a part.
func (b *bars) add(t *progress.Tracker) {
	if b.writer != nil {
		b.writer.AppendTracker(t)
	}
}

// end waits until all bars are drawn, which ends by itself when the last is done and err is nil.
func (b *bars) end(err error) {
	for err != nil && b.writer != nil {
		b.writer.Stop() // does nothing while Render has not begun
		select {
		case <-b.rendered:
			return
		case <-time.After(10 * time.Millisecond):
		}
	}
	<-b.rendered
}
