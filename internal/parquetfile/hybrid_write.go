package parquetfile

import (
	"encoding/binary"
	"math/bits"
)

// minRun is how many equal codes are written as a run: shorter ones would cut bit-packed runs to pieces that cost
// more than they save. A multiple of 8, as bit-packed runs are.
const minRun = 64

// appendHybrid appends codes of width bits as Parquet's mix of run-length and bit-packed runs.
func appendHybrid(out []byte, codes []uint32, width int) []byte {
	packed := 0 // where the bit-packed run begins that is not written yet
	for at := 0; at < len(codes); {
		run := repeats(codes[at:])
		if run < minRun {
			at += min(8, len(codes)-at)
			continue
		}
		if at+run < len(codes) {
			run &^= 7
		}
		out = appendPacked(out, codes[packed:at], width)
		out = appendRun(out, codes[at], run, width)
		at += run
		packed = at
	}
	return appendPacked(out, codes[packed:], width)
}

// repeats returns how many codes at the head are equal.
func repeats(codes []uint32) int {
	n := 1
	for n < len(codes) && codes[n] == codes[0] {
		n++
	}
	return n
}

func appendRun(out []byte, code uint32, n, width int) []byte {
	out = binary.AppendUvarint(out, uint64(n)<<1)
	for range (width + 7) / 8 {
		out = append(out, byte(code))
		code >>= 8
	}
	return out
}

// appendPacked appends one bit-packed run; zeros fill its last group of eight.
func appendPacked(out []byte, codes []uint32, width int) []byte {
	if len(codes) == 0 {
		return out
	}
	groups := (len(codes) + 7) / 8
	out = binary.AppendUvarint(out, uint64(groups)<<1|1)
	end := len(out) + groups*width
	var word uint64
	used := 0
	for _, c := range codes {
		word |= uint64(c) << used
		if used += width; used >= 64 {
			out = binary.LittleEndian.AppendUint64(out, word)
			used -= 64
			word = uint64(c) >> (width - used)
		}
	}
	for ; used > 0; used -= 8 {
		out = append(out, byte(word))
		word >>= 8
	}
	for len(out) < end {
		out = append(out, 0)
	}
	return out
}

// codeWidth returns the bits of a dictionary's codes.
func codeWidth(values int) int { return max(1, bits.Len(uint(values-1))) }
