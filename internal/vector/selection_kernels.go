package vector

// All returns the selection of rows 0 to n-1; it must not be written.
func All(n int) []uint16 { return allRows[:n] }

var allRows = func() (s [ChunkRows]uint16) {
	for i := range s {
		s[i] = uint16(i)
	}
	return s
}()

// NoneValid is the validity of a chunk of NULLs; it must not be written.
func NoneValid(n int) []uint64 { return noneValid[:(n+63)/64] }

var noneValid [ChunkRows / 64]uint64
