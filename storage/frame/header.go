package frame

import (
	"bytes"
	"encoding/binary"

	"github.com/google/uuid"

	"github.com/micodb/micodb/internal/sqlerr"
)

// HeaderBytes is the size of a file's header; frames begin behind it.
const HeaderBytes = 64

// magicBytes is the size of a magic.
const magicBytes = 8

// Header begins a file.
type Header struct {
	Magic    string    // 8 bytes that name the format
	Version  uint32    // of the format
	Instance uuid.UUID // whose data it is
	Number   uint64    // of the file
	Position uint64    // of its first frame
}

// Encode returns the header's bytes.
func (h Header) Encode() []byte {
	b := make([]byte, HeaderBytes)
	copy(b, h.Magic)
	binary.LittleEndian.PutUint32(b[8:], h.Version)
	copy(b[16:32], h.Instance[:])
	binary.LittleEndian.PutUint64(b[32:], h.Number)
	binary.LittleEndian.PutUint64(b[40:], h.Position)
	binary.LittleEndian.PutUint32(b[HeaderBytes-4:], checksum(b[:HeaderBytes-4]))
	return b
}

// Whole tells whether b begins with an undamaged header of any kind.
func Whole(b []byte) bool {
	return len(b) >= HeaderBytes &&
		binary.LittleEndian.Uint32(b[HeaderBytes-4:]) == checksum(b[:HeaderBytes-4])
}

// DecodeHeader reads the header of the named file: XX001 when it is damaged, of another format, or of a newer
// version than the given one.
func DecodeHeader(b []byte, name, magic string, version uint32) (Header, error) {
	if !Whole(b) {
		return Header{}, sqlerr.New(sqlerr.DataCorrupted, "the header of %s (offset 0) is damaged", name).
			WithHint("restore the data directory from a backup")
	}
	h := Header{
		Magic: string(bytes.TrimRight(b[:magicBytes], "\x00")), Version: binary.LittleEndian.Uint32(b[8:]),
		Instance: uuid.UUID(b[16:32]), Number: binary.LittleEndian.Uint64(b[32:]),
		Position: binary.LittleEndian.Uint64(b[40:]),
	}
	if h.Magic != magic {
		return Header{}, sqlerr.New(sqlerr.DataCorrupted, "%s begins with %q, not with %q", name, h.Magic, magic).
			WithHint("it is not a file of MicoDB, or has another's name")
	}
	if h.Version == 0 || h.Version > version {
		return Header{}, sqlerr.New(sqlerr.DataCorrupted,
			"%s has format version %d; this program reads versions up to %d", name, h.Version, version).
			WithHint("open the data directory with the newer MicoDB that wrote it")
	}
	return h, nil
}
