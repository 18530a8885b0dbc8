package function

import (
	"github.com/micodb/micodb/internal/sqlerr"
)

// maxCompared is how many characters of a text its distance to another is computed for: the time is their product.
const maxCompared = 1 << 12

// similarities compare two texts.
func similarities() []Entry {
	text := textType()
	entry := inFamily("text")
	return []Entry{
		entry("levenshtein editdist3", "(text, text) → BIGINT",
			shown("How many characters to insert, drop or replace to make one text of the other.",
				"levenshtein('duck', 'db')", "3"), toBig(distanceBy(false), text, text)),
		entry("damerau_levenshtein", "(text, text) → BIGINT",
			shown("As levenshtein, and two neighbours may change places.", "damerau_levenshtein('duckdb', 'udckbd')",
				"2"),
			toBig(distanceBy(true), text, text)),
		entry("hamming mismatches", "(text, text) → BIGINT",
			shown("At how many places two texts of one length differ.", "hamming('duck', 'luck')", "1"),
			toBig(hamming, text, text)),
		entry("jaccard", "(text, text) → DOUBLE",
			shown("The share of the characters of both texts that both have.", "jaccard('duck', 'luck')", "0.6"),
			toDouble(jaccard, text, text)),
		entry("jaro_similarity", "(text, text) → DOUBLE",
			shown("Jaro's similarity, from 0 to 1.", "jaro_similarity('abc', 'abc')", "1"),
			toDouble(func(r *row) (float64, error) { return jaro(r, false) }, text, text)),
		entry("jaro_winkler_similarity jaro_winkler", "(text, text) → DOUBLE",
			shown("Jaro's similarity with Winkler's preference for a common beginning.",
				"round(jaro_winkler_similarity('duck', 'duckdb'), 4)", "0.9333"),
			toDouble(func(r *row) (float64, error) { return jaro(r, true) }, text, text)),
	}
}

// comparedRunes returns the characters of the two arguments.
func comparedRunes(r *row) (a, b []rune, err error) {
	a, b = []rune(string(r.text(0))), []rune(string(r.text(1)))
	if len(a) > maxCompared || len(b) > maxCompared {
		return nil, nil, sqlerr.New(sqlerr.ProgramLimitExceeded, "texts of more than %d characters are not compared",
			maxCompared)
	}
	return a, b, nil
}

// distanceBy counts edits; with swaps it counts those of neighbours as one (optimal string alignment).
func distanceBy(swaps bool) intRow {
	return func(r *row) (int64, error) {
		a, b, err := comparedRunes(r)
		if err != nil {
			return 0, err
		}
		before, last, now := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
		for j := range last {
			last[j] = j
		}
		for i := 1; i <= len(a); i++ {
			now[0] = i
			for j := 1; j <= len(b); j++ {
				d := last[j-1]
				if a[i-1] != b[j-1] {
					d = 1 + min(d, last[j], now[j-1])
				}
				if swaps && i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
					d = min(d, before[j-2]+1)
				}
				now[j] = d
			}
			before, last, now = last, now, before
		}
		return int64(last[len(b)]), nil
	}
}

func hamming(r *row) (int64, error) {
	a, b, err := comparedRunes(r)
	if err != nil {
		return 0, err
	}
	if len(a) != len(b) {
		return 0, sqlerr.New(sqlerr.InvalidParameterValue, "hamming compares texts of one length, not of %d and %d",
			len(a), len(b))
	}
	differ := int64(0)
	for i := range a {
		differ += truthOf(a[i] != b[i])
	}
	return differ, nil
}

func jaccard(r *row) (float64, error) {
	a, b, err := comparedRunes(r)
	if err != nil {
		return 0, err
	}
	const inA, inB = 1, 2
	set := map[rune]int{}
	for _, c := range a {
		set[c] |= inA
	}
	for _, c := range b {
		set[c] |= inB
	}
	both := 0
	for _, in := range set {
		both += int(truthOf(in == inA|inB))
	}
	if len(set) == 0 {
		return 1, nil
	}
	return float64(both) / float64(len(set)), nil
}

// jaro computes the similarity of M. A. Jaro (1989), and with winkler that of W. E. Winkler (1990): a tenth of what is
// missing to 1 for each of up to four first characters that are the same, where it is over 0.7.
func jaro(r *row, winkler bool) (float64, error) {
	a, b, err := comparedRunes(r)
	switch {
	case err != nil:
		return 0, err
	case len(a) == 0 && len(b) == 0:
		return 1, nil
	case len(a) == 0 || len(b) == 0:
		return 0, nil
	}
	ofA, ofB := jaroMatches(a, b)
	if len(ofA) == 0 {
		return 0, nil
	}
	swapped := 0
	for i := range ofA {
		swapped += int(truthOf(ofA[i] != ofB[i]))
	}
	m := float64(len(ofA))
	similarity := (m/float64(len(a)) + m/float64(len(b)) + (m-float64(swapped)/2)/m) / 3
	const boost, tenth, most = 0.7, 0.1, 4
	if !winkler || similarity <= boost {
		return similarity, nil
	}
	same := 0
	for same < min(len(a), len(b), most) && a[same] == b[same] {
		same++
	}
	return similarity + float64(same)*tenth*(1-similarity), nil
}

// jaroMatches returns the characters of either text that stand in the other not too far away, in order.
func jaroMatches(a, b []rune) (ofA, ofB []rune) {
	window := max(max(len(a), len(b))/2-1, 0)
	taken := make([]bool, len(b))
	for i, c := range a {
		for j := max(i-window, 0); j < min(i+window+1, len(b)); j++ {
			if !taken[j] && b[j] == c {
				taken[j] = true
				ofA = append(ofA, c)
				break
			}
		}
	}
	for j, is := range taken {
		if is {
			ofB = append(ofB, b[j])
		}
	}
	return ofA, ofB
}
