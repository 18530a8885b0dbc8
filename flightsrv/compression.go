package flightsrv

import (
	"encoding/binary"

	flatbuffers "github.com/google/flatbuffers/go"

	"github.com/micodb/micodb/internal/sqlerr"
)

// A zstd frame says how much memory its decoder should take, up to 1 GiB for a frame of a few bytes, and the
// decoder takes it outside of any budget. So the frames of compressed buffers are looked at before they are
// decoded. Their format is RFC 8878's; the message's is Arrow's Message.fbs.
const (
	maxWindowBytes = 8 << 20 // what RFC 8878 asks decoders to take, and encoders to stay within

	zstdMagic          = 0xFD2FB528
	skippableMagic     = 0x184D2A50 // and the 15 after it
	skippableMask      = 0xFFFFFFF0
	blockHeaderBytes   = 3
	blockRLE           = 1
	uncompressedPrefix = 8 // a buffer begins with its length when decompressed
)

// The fields of the flatbuffers, by their places in the vtable.
const (
	messageHeaderType      = 6
	messageHeader          = 8
	dictionaryBatchData    = 6
	recordBatchBuffers     = 8
	recordBatchCompression = 10
	compressionCodec       = 4

	headerDictionaryBatch = 2
	headerRecordBatch     = 3
	codecZstd             = 1
	bufferStructBytes     = 16 // offset, length
)

// checkCompression looks at the message of a record batch or a dictionary.
func checkCompression(header, body []byte) (err error) {
	defer func() {
		if recover() != nil { // flatbuffers trusts its offsets
			err = sqlerr.New(sqlerr.ProtocolViolation, "the data is not a valid Arrow IPC message")
		}
	}()
	for _, b := range zstdBuffers(header) {
		if b.offset < 0 || b.length < uncompressedPrefix || b.offset > int64(len(body))-b.length {
			continue // empty, or what the decoder refuses
		}
		raw := body[b.offset : b.offset+b.length]
		if int64(binary.LittleEndian.Uint64(raw)) == -1 {
			continue // this one was left as it is
		}
		if err := checkFrames(raw[uncompressedPrefix:]); err != nil {
			return err
		}
	}
	return nil
}

// place is where a buffer lies in the body.
type place struct{ offset, length int64 }

// zstdBuffers finds the buffers of a message that is compressed so. It panics when the message is broken.
func zstdBuffers(header []byte) []place {
	if len(header) == 0 {
		return nil
	}
	message := table(header, flatbuffers.GetUOffsetT(header))
	batch, ok := child(message, messageHeader)
	if !ok {
		return nil
	}
	switch message.GetByteSlot(messageHeaderType, 0) {
	case headerRecordBatch:
	case headerDictionaryBatch:
		if batch, ok = child(batch, dictionaryBatchData); !ok {
			return nil
		}
	default:
		return nil
	}
	compression, ok := child(batch, recordBatchCompression)
	if !ok || compression.GetByteSlot(compressionCodec, 0) != codecZstd {
		return nil
	}
	at := flatbuffers.UOffsetT(batch.Offset(recordBatchBuffers))
	if at == 0 {
		return nil
	}
	start, n := batch.Vector(at), batch.VectorLen(at)
	buffers := make([]place, 0, min(n, len(header)/bufferStructBytes))
	for i := range n {
		p := start + flatbuffers.UOffsetT(i*bufferStructBytes)
		buffers = append(buffers, place{offset: batch.GetInt64(p), length: batch.GetInt64(p + bufferStructBytes/2)})
	}
	return buffers
}

func table(b []byte, at flatbuffers.UOffsetT) *flatbuffers.Table {
	return &flatbuffers.Table{Bytes: b, Pos: at}
}

// child follows a field that is a table.
func child(t *flatbuffers.Table, field flatbuffers.VOffsetT) (*flatbuffers.Table, bool) {
	at := flatbuffers.UOffsetT(t.Offset(field))
	if at == 0 {
		return nil, false
	}
	return table(t.Bytes, t.Indirect(at+t.Pos)), true
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
		if window > maxWindowBytes {
			return sqlerr.New(sqlerr.LimitExceeded, "a zstd frame wants a window of %d MiB, the limit is %d MiB",
				window>>20, maxWindowBytes>>20).WithHint("compress at a lower level, or not at all")
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
