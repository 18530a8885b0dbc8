package flightsrv

import (
	"encoding/binary"

	"github.com/micodb/micodb/internal/limits"
	"github.com/micodb/micodb/internal/sqlerr"
)

// A zstd frame says how much memory its decoder should take, up to 1 GiB for a frame of a few bytes, and the
// decoder takes it outside of any budget. So the frames of compressed buffers are looked at before they are
// decoded. Their format is RFC 8878's.
const (
	zstdMagic          = 0xFD2FB528
	skippableMagic     = 0x184D2A50 // and the 15 after it
	skippableMask      = 0xFFFFFFF0
	blockHeaderBytes   = 3
	blockRLE           = 1
	uncompressedPrefix = 8 // a buffer begins with its length when decompressed
)

// checkCompressed looks at a buffer of a message that is compressed with zstd.
func checkCompressed(buffer []byte) error {
	if len(buffer) < uncompressedPrefix || int64(binary.LittleEndian.Uint64(buffer)) == -1 {
		return nil // empty, or left as it is
	}
	return checkFrames(buffer[uncompressedPrefix:])
}

// checkFrames walks over the frames of a buffer and refuses one that wants too large a window. What it can't read,
// the decoder refuses.
func checkFrames(b []byte) error {
	for len(b) >= 8 {
		magic := binary.LittleEndian.Uint32(b)
		if magic&skippableMask == skippableMagic {
			size := uint64(binary.LittleEndian.Uint32(b[4:])) + 8
			b = b[min(size, uint64(len(b))):]
			continue
		}
		if magic != zstdMagic {
			return nil
		}
		header, window := frameHeader(b)
		if window > limits.ZstdWindowBytes {
			return sqlerr.New(sqlerr.LimitExceeded, "a zstd frame wants a window of %d MiB, the limit is %d MiB",
				window>>20, limits.ZstdWindowBytes>>20).WithHint("compress at a lower level, or not at all")
		}
		if header == 0 {
			return nil
		}
		b = skipBlocks(b[header:], b[4]&4 != 0)
	}
	return nil
}

// frameHeader returns the length of a frame's header, 0 when it is cut off, and the window that it wants.
func frameHeader(b []byte) (length int, window uint64) {
	descriptor := b[4]
	single := descriptor&0x20 != 0
	length = 5
	if !single {
		exponent, mantissa := b[5]>>3, uint64(b[5]&7)
		base := uint64(1) << (10 + exponent)
		window = base + base/8*mantissa
		length++
	}
	length += [4]int{0, 1, 2, 4}[descriptor&3] // dictionary id
	sizeBytes := [4]int{0, 2, 4, 8}[descriptor>>6]
	if single && sizeBytes == 0 {
		sizeBytes = 1
	}
	if len(b) < length+sizeBytes {
		return 0, window
	}
	if single { // the window is the whole content
		var size [8]byte
		copy(size[:], b[length:length+sizeBytes])
		window = binary.LittleEndian.Uint64(size[:])
	}
	return length + sizeBytes, window
}

// skipBlocks returns what follows a frame's blocks and its checksum.
func skipBlocks(b []byte, checksum bool) []byte {
	for len(b) >= blockHeaderBytes {
		head := uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16
		size := int(head >> 3)
		if head>>1&3 == blockRLE {
			size = 1
		}
		b = b[min(blockHeaderBytes+size, len(b)):]
		if head&1 != 0 { // the last one
			if checksum {
				b = b[min(4, len(b)):]
			}
			return b
		}
	}
	return nil
}
