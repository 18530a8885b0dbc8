package exec

import (
	"context"
	"errors"

	"github.com/micodb/micodb/internal/spill"
)

// mergeRuns merges runs, neighbours so that equal keys keep their order, until there is memory to merge all that are
// left at once, and returns the stream of that.
func (s *sortSink) mergeRuns(ctx context.Context) (Stream, error) {
	for {
		m, n, err := s.beginMerge(s.runs)
		if err != nil {
			return nil, err
		}
		if n == len(s.runs) {
			s.dismiss()
			return s.mergedStream(m), nil
		}
		m.release()
		// The least work that leaves as few runs as can be merged at once, or else as many as can be at a time.
		first, n := s.cheapest(min(n, len(s.runs)-n+1))
		if m, n, err = s.beginMerge(s.runs[first : first+n]); err != nil {
			return nil, err
		}
		run, err := s.mergePass(ctx, m)
		m.release()
		if err != nil {
			return nil, err
		}
		rest := append([]*sortedRun{run}, s.runs[first+n:]...)
		old := s.runs[first : first+n]
		s.runs = append(s.runs[:first:first], rest...)
		if err := s.closeFiles(old); err != nil {
			return nil, err
		}
	}
}

// beginMerge takes the memory to merge the runs, or as many from the first on as there is memory for, but two at
// least: else it fails with 53200.
func (s *sortSink) beginMerge(runs []*sortedRun) (*sortMerge, int, error) {
	n, extra := len(runs), mergeExtra*s.query.Workers
	for {
		m, err := newSortMerge(s.memory, s, runs[:n], extra)
		switch {
		case !outOfMemory(err):
			return m, n, err
		case extra > 2:
			extra /= 2
		case n > 2:
			n = max(2, n*3/4)
		default:
			m, err = newSortMerge(s.query, s, runs[:n], 0)
			return m, n, err
		}
	}
}

// cheapest returns where the n neighbours begin that have the fewest rows.
func (s *sortSink) cheapest(n int) (first, length int) {
	least := -1
	for i := 0; i+n <= len(s.runs); i++ {
		rows := 0
		for _, r := range s.runs[i : i+n] {
			rows += r.rows
		}
		if least < 0 || rows < least {
			first, least = i, rows
		}
	}
	return first, n
}

// mergePass writes the rows of a merge as one run, to a file of its own.
func (s *sortSink) mergePass(ctx context.Context, m *sortMerge) (*sortedRun, error) {
	for worker := range s.spillers {
		if err := s.prepare(worker); err != nil {
			return nil, err
		}
	}
	file, err := s.query.Spill.Create()
	if err != nil {
		return nil, err
	}
	run := &sortedRun{file: file}
	for s.op.Limit == 0 || run.rows < int(s.op.Limit) {
		rows, err := m.round(ctx)
		if err != nil || len(rows) == 0 {
			return run, err
		}
		parts := make([]sortedRun, (len(rows)-1)/m.shape.rows+1)
		err = s.query.tasks(ctx, len(parts), func(ctx context.Context, worker, task int) error {
			first := task * m.shape.rows
			writer := s.spillers[worker].writer
			writer.file = file
			err := writer.write(ctx, &m.rows, rows[first:min(len(rows), first+m.shape.rows)], &parts[task])
			s.spillers[worker].writer.buffer = writer.buffer
			return err
		})
		if err != nil {
			return nil, err
		}
		for i := range parts {
			run.blocks, run.first = append(run.blocks, parts[i].blocks...), append(run.first, parts[i].first...)
			run.rows += parts[i].rows
		}
	}
	return run, nil
}

// dismiss returns the memory that workers spill with.
func (s *sortSink) dismiss() {
	for i, sp := range s.spillers {
		if sp != nil {
			s.query.giveBack(sp.order)
			s.query.giveBack(sp.writer.buffer)
			s.spillers[i] = nil
		}
	}
}

// closeFiles ends the files of runs that no other run lies in.
func (s *sortSink) closeFiles(of []*sortedRun) (err error) {
	files := map[*spill.File]bool{}
	for _, r := range of {
		files[r.file] = true
	}
	for _, r := range s.runs {
		delete(files, r.file)
	}
	for f := range files {
		err = errors.Join(err, f.Close())
	}
	return err
}

// mergedStream hands out the rows of a merge. A round is the work of all workers, while the one that asked for it
// waits: the others may be elsewhere in their pipelines.
func (s *sortSink) mergedStream(m *sortMerge) Stream {
	m.query = s.query.aside()
	var rest []uint32
	left := s.op.Limit
	return s.stream(m.rows.store.reader(), func(ctx context.Context, numbers []uint32) (n int, err error) {
		if len(rest) == 0 && m.memory != nil && (s.op.Limit == 0 || left > 0) {
			err := s.query.blocking(ctx, 0, func() (err error) {
				rest, err = m.round(ctx)
				return err
			})
			if err != nil {
				return 0, err
			}
		}
		if s.op.Limit > 0 {
			rest = rest[:min(int64(len(rest)), left)]
		}
		if len(rest) == 0 {
			m.release()
			runs := s.runs
			s.runs = nil
			return 0, s.closeFiles(runs)
		}
		n = copy(numbers, rest)
		rest, left = rest[n:], left-int64(n)
		return n, nil
	})
}
