package expr

import "github.com/micodb/micodb/internal/vector"

// search is a LIKE pattern that begins with % and a plain text: that is looked for in all texts of a chunk at once, and
// the rest of the pattern in what follows its leftmost place.
type search struct {
	needle []byte
	rest   func([]byte) bool // nil: anything may follow
}

// searchOf returns nil for other patterns.
func searchOf(pattern string, e Like) *search {
	const least = 2 // bytes of a needle
	parts, err := likeParts(pattern, e.Escape)
	if err != nil || e.Fold || len(parts) < 3 || parts[0].any || len(parts[0].text) > 0 || parts[1].any ||
		len(parts[1].text) < least {
		return nil
	}
	s := &search{needle: parts[1].text}
	if len(parts) > 3 || parts[2].any || len(parts[2].text) > 0 {
		s.rest = likeMatch(append([]likePart{{}}, parts[2:]...))
	}
	return s
}

// predicate searches where all rows of a chunk are asked for and their texts lie one behind the other; else it asks
// texts, which does the same row by row.
func (s *search) predicate(value Evaluator, texts Predicate, negate bool) Predicate {
	hits, ends := newRows(), make([]int32, vector.ChunkRows)
	return func(c *vector.Chunk, in, out []uint16) ([]uint16, error) {
		v, err := value(c, in)
		if err != nil {
			return nil, err
		}
		if v.Encoding != vector.Flat || in != nil && len(in) < c.Len {
			return texts(c, in, out)
		}
		n := vector.FindText(v, s.needle, hits, ends)
		found := hits[:n]
		if s.rest != nil {
			found = s.rests(v, found, ends)
		}
		if negate {
			return vector.Difference(vector.SelectValid(v, in, out), found, out), nil
		}
		return append(out[:0], found...), nil
	}
}

// rests keeps the rows in which the rest of the pattern follows.
func (s *search) rests(v *vector.Vector, rows []uint16, ends []int32) []uint16 {
	k := 0
	for j, i := range rows {
		rows[k] = i
		if s.rest(v.Data[ends[j]:v.Offsets[i+1]]) {
			k++
		}
	}
	return rows[:k]
}
