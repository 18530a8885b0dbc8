package exec

import (
	"context"
	"slices"
	"sync"

	"github.com/micodb/micodb/internal/spill"
)

// task is a partition that is to be aggregated.
type task struct {
	depth  int // how often its rows were divided after the first time
	blocks []rowBlock
}

// resident tells whether a part of it is in memory.
func (t *task) resident() bool {
	return slices.ContainsFunc(t.blocks, func(b rowBlock) bool { return b.words != nil })
}

// taskQueue is what is left to do for the workers.
type taskQueue struct {
	mu      sync.Mutex // guards what follows
	tasks   []*task
	out     int           // tasks that come back
	changed chan struct{} // closed, and made anew, when one does
	file    *spill.File   // of what was in memory
}

// begin sets the first tasks.
func (t *taskQueue) begin(tasks []*task) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.tasks, t.changed = tasks, make(chan struct{})
}

// scratch returns the file for what is in memory.
func (t *taskQueue) scratch(files *spill.Files) (_ *spill.File, err error) {
	t.mu.Lock()
	file := t.file
	t.mu.Unlock()
	if file != nil {
		return file, nil
	}
	if file, err = files.Create(); err != nil {
		return nil, err
	}
	t.mu.Lock()
	t.file = file // two at a time may make one each
	t.mu.Unlock()
	return file, nil
}

// take takes a task; nil when there is no more. It waits for tasks that come back.
func (t *taskQueue) take(ctx context.Context, q *Query, worker int) (*task, error) {
	for {
		t.mu.Lock()
		n, out, changed := len(t.tasks), t.out, t.changed
		if n > 0 {
			next := t.tasks[n-1]
			t.tasks = t.tasks[:n-1]
			t.mu.Unlock()
			return next, nil
		}
		t.mu.Unlock()
		if out == 0 {
			return nil, nil //nolint:nilnil // there is none
		}
		if err := q.await(ctx, worker, changed); err != nil {
			return nil, err
		}
	}
}

// put adds a task.
func (t *taskQueue) put(next *task) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.tasks = append(t.tasks, next)
}

// lend takes a task that is in memory, for a while; nil when there is none.
func (t *taskQueue) lend() *task {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i, next := range t.tasks {
		if next.resident() {
			t.tasks = slices.Delete(t.tasks, i, i+1)
			t.out++
			return next
		}
	}
	return nil
}

// back puts a task back that was lent.
func (t *taskQueue) back(next *task) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.tasks = append([]*task{next}, t.tasks...)
	t.out--
	close(t.changed)
	t.changed = make(chan struct{})
}

// Reclaim writes the partitions to disk that nobody has begun with, and returns how many bytes of memory that gives
// back. While there are none, the workers are asked to spill as soon as they can.
func (s *radixSink) Reclaim(int64) (freed int64, err error) {
	if !s.query.Spill.Usable() {
		return 0, nil
	}
	s.wanted.Add(1)
	for t := s.queue.lend(); t != nil; t = s.queue.lend() {
		n, err := s.unload(t)
		s.queue.back(t)
		freed += n
		if err == nil {
			err = s.whole.ended()
		}
		if err != nil {
			return freed, err
		}
	}
	return freed, nil
}

// unload writes a task's blocks to disk.
func (s *radixSink) unload(t *task) (freed int64, err error) {
	file, err := s.queue.scratch(s.query.Spill)
	if err != nil {
		return 0, err
	}
	for i := range t.blocks {
		b := &t.blocks[i]
		if b.words == nil {
			continue
		}
		if err := b.write(s.query, file); err != nil {
			return freed, err
		}
		if !b.base {
			freed += int64(cap(b.words)) * 8
		}
		b.release(s.query)
	}
	return freed, nil
}
