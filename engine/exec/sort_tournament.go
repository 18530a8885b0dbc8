package exec

// tournament merges ordered lists of rows, each of which is compared about log2 of the number of lists times: a tree
// of losers (Knuth, The Art of Computer Programming, vol. 3, 5.4.1; Graefe, Implementing Sorting in Database Systems,
// ACM Computing Surveys 38, 2006). Among equal keys the earlier list comes first.
type tournament struct {
	compare *comparer
	lists   []mergeList
	losers  []int32 // of the match at each inner node, from 1 on
	winner  int32
}

// mergeList is one input of a tournament: either rows with the first words of their keys, or spans of rows that lie
// in order.
type mergeList struct {
	key    uint64 // of row
	row    uint32
	ended  bool
	ranked []ranked // after row
	spans  []span   // after end
	end    uint32   // of the span that row is in
}

// span is the rows from first to before end.
type span struct{ first, end uint32 }

func (s span) rows() int { return int(s.end - s.first) }

// begin takes the first rows of all lists.
func (t *tournament) begin() {
	n := len(t.lists)
	for i := range t.lists {
		t.advance(&t.lists[i])
	}
	t.losers = make([]int32, n)
	winners := make([]int32, 2*n)
	for i := range n {
		winners[n+i] = int32(i)
	}
	for node := n - 1; node > 0; node-- {
		a, b := winners[2*node], winners[2*node+1]
		if t.less(b, a) {
			a, b = b, a
		}
		winners[node], t.losers[node] = a, b
	}
	t.winner = winners[1]
}

// advance takes a list's next row.
func (t *tournament) advance(l *mergeList) {
	switch {
	case len(l.ranked) > 0:
		l.key, l.row, l.ranked = l.ranked[0].key, l.ranked[0].row, l.ranked[1:]
		return
	case l.row+1 < l.end:
		l.row++
	case len(l.spans) > 0:
		l.row, l.end, l.spans = l.spans[0].first, l.spans[0].end, l.spans[1:]
	default:
		l.ended = true
		return
	}
	l.key = t.compare.keys[int(l.row)*t.compare.words]
}

func (t *tournament) less(a, b int32) bool {
	x, y := &t.lists[a], &t.lists[b]
	switch {
	case x.ended || y.ended:
		return y.ended && !x.ended
	case x.key != y.key:
		return x.key < y.key
	}
	if d := t.compare.compare(x.row, y.row); d != 0 {
		return d < 0
	}
	return a < b
}

// take writes the next rows and returns how many there are: fewer than asked for at the end of all lists.
func (t *tournament) take(out []uint32) int {
	for i := range out {
		w := t.winner
		l := &t.lists[w]
		if l.ended {
			return i
		}
		out[i] = l.row
		t.advance(l)
		for node := (int(w) + len(t.lists)) / 2; node > 0; node /= 2 {
			if t.less(t.losers[node], w) {
				w, t.losers[node] = t.losers[node], w
			}
		}
		t.winner = w
	}
	return len(out)
}
