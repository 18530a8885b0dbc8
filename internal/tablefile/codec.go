package tablefile

import (
	"encoding/binary"
	"fmt"

	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/klauspost/compress/zstd"
)

// CapCodecs makes the Parquet library's decompression write no more than its destination holds, whatever the compressed
// bytes say or become: what does not fit it takes beside every budget. It is called once, before any Parquet file is
// read: the library has one table of codecs for a process, without a lock.
func CapCodecs() error {
	zstandard, err := zstd.NewReader(nil, zstd.WithDecodeAllCapLimit(true))
	if err != nil {
		return err
	}
	for _, kind := range []compress.Compression{
		compress.Codecs.Zstd, compress.Codecs.Snappy, compress.Codecs.Gzip, compress.Codecs.Brotli,
	} { // LZ4_RAW is capped as it is
		codec, err := compress.GetCodec(kind)
		if err != nil {
			return err
		}
		compress.RegisterCodec(kind, &cappedCodec{Codec: codec, kind: kind, zstandard: zstandard})
	}
	return nil
}

// cappedCodec decodes into its destination or fails.
type cappedCodec struct {
	compress.Codec

	kind      compress.Compression
	zstandard *zstd.Decoder
}

// DecodeWithError implements compress.ErrorCodec.
func (c *cappedCodec) DecodeWithError(dst, src []byte) ([]byte, error) {
	switch c.kind {
	case compress.Codecs.Zstd:
		return c.zstandard.DecodeAll(src, dst[:0:len(dst)])
	case compress.Codecs.Snappy:
		if n, _ := binary.Uvarint(src); n > uint64(len(dst)) {
			return nil, fmt.Errorf("snappy: %d bytes for a page of %d", n, len(dst))
		}
	default:
		if dst == nil {
			dst = []byte{} // without a destination the streams are read to their ends
		}
	}
	return compress.Decode(c.Codec, dst, src)
}

// Decode implements compress.Codec, whose errors are panics.
func (c *cappedCodec) Decode(dst, src []byte) []byte {
	out, err := c.DecodeWithError(dst, src)
	if err != nil {
		panic(err)
	}
	return out
}
