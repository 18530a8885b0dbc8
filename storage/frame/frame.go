package frame

import (
	"encoding/binary"
	"hash/crc32"
)

// Sizes in bytes.
const (
	headerBytes = 24
	alignment   = 8

	// BodyBytesMax is the largest body; what is larger is chained over several frames.
	BodyBytesMax = 1<<20 - headerBytes
)

// Flags chain frames to records.
type Flags uint8

// The flags.
const (
	Continues Flags = 1 << iota // the body goes on where the frame before ended
	More                        // the next frame continues this one
)

// Kind is what a body holds; the caller gives it a meaning. 0 is no kind.
type Kind uint8

// Frame is one decoded frame; the body points into the bytes it was decoded from.
type Frame struct {
	Kind  Kind
	Flags Flags
	Body  []byte
}

// checksum is CRC32C (RFC 3720), which processors compute.
func checksum(parts ...[]byte) uint32 {
	sum := uint32(0)
	table := crc32.MakeTable(crc32.Castagnoli) // made once, inside crc32
	for _, p := range parts {
		sum = crc32.Update(sum, table, p)
	}
	return sum
}

// Size returns the bytes of a frame with a body of n bytes.
func Size(n int) int { return headerBytes + (n+alignment-1)/alignment*alignment }

// RecordSize returns the bytes of the frames that Append makes of a body of n bytes.
func RecordSize(n int) int {
	size := 0
	for ; n > BodyBytesMax; n -= BodyBytesMax {
		size += Size(BodyBytesMax)
	}
	return size + Size(n)
}

// Append adds one frame to dst. The body has at most BodyBytesMax bytes.
func Append(dst []byte, position uint64, f Frame) []byte {
	var header [headerBytes]byte
	binary.LittleEndian.PutUint32(header[0:], uint32(len(f.Body)))
	binary.LittleEndian.PutUint64(header[8:], position)
	header[16], header[17] = byte(f.Kind), byte(f.Flags)
	binary.LittleEndian.PutUint32(header[4:], checksum(header[:4], header[8:], f.Body))
	end := len(dst) + Size(len(f.Body))
	dst = append(append(dst, header[:]...), f.Body...)
	for len(dst) < end {
		dst = append(dst, 0)
	}
	return dst
}

// Decode reads the frame that begins src and has the given position. It returns the bytes the frame takes, and
// false when there is no whole, undamaged frame of that position.
func Decode(src []byte, position uint64) (Frame, int, bool) {
	if len(src) < headerBytes || binary.LittleEndian.Uint64(src[8:]) != position || src[16] == 0 {
		return Frame{}, 0, false
	}
	length := int(binary.LittleEndian.Uint32(src))
	if length > BodyBytesMax || Size(length) > len(src) {
		return Frame{}, 0, false
	}
	body := src[headerBytes : headerBytes+length : headerBytes+length]
	if binary.LittleEndian.Uint32(src[4:]) != checksum(src[:4], src[8:headerBytes], body) {
		return Frame{}, 0, false
	}
	for _, b := range src[headerBytes+length : Size(length)] {
		if b != 0 {
			return Frame{}, 0, false
		}
	}
	return Frame{Kind: Kind(src[16]), Flags: Flags(src[17]), Body: body}, Size(length), true
}

// Search calls found for each whole frame in src, whose first byte has the given position, wherever it begins.
// It is how damage is told from a torn end: frames beyond what can't be read.
func Search(src []byte, position uint64, found func(at int, f Frame)) {
	for at := 0; at+headerBytes <= len(src); {
		f, n, ok := Decode(src[at:], position+uint64(at))
		if !ok {
			at += alignment
			continue
		}
		found(at, f)
		at += n
	}
}
