package parquetfile

import (
	"encoding/binary"
	"errors"
)

var errShort = errors.New("the data ends too early")

// decodeHybrid decodes Parquet's mix of run-length and bit-packed runs of width bits into out.
func decodeHybrid(data []byte, width int, out []uint32) error {
	if width < 0 || width > 32 {
		return errors.New("codes are wider than 32 bits")
	}
	for len(out) > 0 {
		header, n := binary.Uvarint(data)
		if n <= 0 || header>>1 == 0 {
			return errShort
		}
		data = data[n:]
		count := int(min(header>>1, uint64(len(out))))
		if header&1 == 0 {
			size := (width + 7) / 8
			if len(data) < size {
				return errShort
			}
			var value uint32
			for i := range size {
				value |= uint32(data[i]) << (8 * i)
			}
			for i := range out[:count] {
				out[i] = value
			}
			data, out = data[size:], out[count:]
			continue
		}
		count = min(8*count, len(out))
		if len(data) < (count*width+7)/8 {
			return errShort
		}
		unpack(data, width, out[:count])
		out = out[count:]
		if len(out) > 0 { // the run was whole
			data = data[count/8*width:]
		}
	}
	return nil
}
