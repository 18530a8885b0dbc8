package exec

// nested is the query for work within a query that has memory of its own: what it is lent is returned when the work
// ends, and not at the query's end. Other work of the query waits meanwhile.
func (q *Query) nested() *Query {
	own := *q
	own.lent = &lent{}
	own.settled = len(q.waiting.all())
	return &own
}

// endNested returns the memory of a nested query, whose sinks must not be asked for any.
func (q *Query) endNested() {
	q.waiting.turn <- struct{}{}
	q.waiting.cut(q.settled)
	<-q.waiting.turn
	q.returnAll()
}

// cut forgets the sinks after the first n.
func (w *waiting) cut(n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.some = append([]reclaimer(nil), w.some[:n]...)
}

// remove forgets a sink.
func (w *waiting) remove(r reclaimer) {
	w.mu.Lock()
	defer w.mu.Unlock()
	kept := make([]reclaimer, 0, len(w.some))
	for _, o := range w.some {
		if o != r {
			kept = append(kept, o)
		}
	}
	w.some = kept
}

// release gives the memory of rows back that nobody reads any more.
func (k *keptRows) release() {
	k.query.waiting.turn <- struct{}{}
	defer func() { <-k.query.waiting.turn }()
	k.query.waiting.remove(k)
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, b := range k.blocks {
		if b.rows != nil {
			b.rows.free()
			b.rows = nil
		}
	}
	k.query.giveBack(k.scratch)
	k.blocks, k.scratch = nil, nil
}

// round returns the rows that a working table has, and setRound gives it others.
func (k *keeper) round(w *Working) *keptRows {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.rounds[w]
}

func (k *keeper) setRound(w *Working, rows *keptRows) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.rounds == nil {
		k.rounds = map[*Working]*keptRows{}
	}
	k.rounds[w] = rows
}

// forget makes a shared operator run again.
func (k *keeper) forget(s *Shared) {
	k.mu.Lock()
	rows := k.kept[s]
	delete(k.kept, s)
	k.mu.Unlock()
	if rows != nil {
		rows.release()
	}
}
