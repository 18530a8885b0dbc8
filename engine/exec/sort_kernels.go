package exec

import (
	"slices"
	"sort"
)

// ranked is a row with the first word of its key.
type ranked struct {
	key uint64
	row uint32
}

// radixSort orders words by their bits from low on, n of them, in stable passes of at most 11 bits; what lies
// below low is in order already. Room is as long as a.
func radixSort(a, room []uint64, low, n uint) {
	if len(a) < 256 {
		slices.Sort(a)
		return
	}
	passes := (n + 10) / 11
	if passes == 0 {
		return
	}
	width := (n + passes - 1) / passes
	src, dst := a, room[:len(a)]
	mask := uint64(1)<<width - 1
	var counts [1 << 11]uint32
	for p := range passes {
		shift := low + p*width
		clear(counts[:mask+1])
		for _, x := range src {
			counts[x>>shift&mask]++
		}
		sum := uint32(0)
		for i, c := range counts[:mask+1] {
			counts[i] = sum
			sum += c
		}
		for _, x := range src {
			d := x >> shift & mask
			dst[counts[d]] = x
			counts[d]++
		}
		src, dst = dst, src
	}
	if passes%2 == 1 {
		copy(a, src)
	}
}

// cutRanked returns how many of the first n rows of what mergeRanked makes of two lists are of a (the co-rank: Siebert
// and Träff, Perfectly load-balanced, optimal, stable, parallel merge, 2013).
func cutRanked(a, b []ranked, n int, tie func(a, b uint32) int) int {
	least := max(0, n-len(b))
	return least + sort.Search(min(n, len(a))-least, func(i int) bool {
		x, y := a[least+i], b[n-1-least-i]
		return y.key < x.key || y.key == x.key && tie(y.row, x.row) < 0
	})
}

// mergeRanked merges two ordered lists into out; among equal keys a comes first.
func mergeRanked(a, b, out []ranked, tie func(a, b uint32) int) {
	i, j := 0, 0
	for k := range out {
		switch {
		case i == len(a):
			copy(out[k:], b[j:])
			return
		case j == len(b):
			copy(out[k:], a[i:])
			return
		case a[i].key < b[j].key || a[i].key == b[j].key && tie(a[i].row, b[j].row) <= 0:
			out[k] = a[i]
			i++
		default:
			out[k] = b[j]
			j++
		}
	}
}
