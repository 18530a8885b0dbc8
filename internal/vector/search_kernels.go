package vector

// FindText looks for a needle of two bytes or more in all texts of a Flat vector, which it searches as one piece: a
// match over the end of a row is none. It writes the rows that hold the needle, ascending and NULLs left out, and where
// the leftmost match of each ends in v.Data; both have room for all rows. It returns how many there are.
func FindText(v *Vector, needle []byte, rows []uint16, ends []int32) int {
	offsets, row, k := v.Offsets, 0, 0
	at, end := int(offsets[0]), int(offsets[v.Len])
	for {
		i := index(v.Data[at:end], needle)
		if i < 0 {
			return k
		}
		for int(offsets[row+1]) <= at+i {
			row++
		}
		if at+i+len(needle) > int(offsets[row+1]) {
			at += i + 1
			continue
		}
		if !v.IsNull(row) {
			rows[k], ends[k] = uint16(row), int32(at+i+len(needle))
			k++
		}
		at = int(offsets[row+1])
	}
}
