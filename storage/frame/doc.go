// Package frame is the framing that the log and the manifest share: a file header, then checksummed frames.
//
// All numbers are little endian. A header is 64 bytes: magic, format version, instance UUID, the file's number,
// the position of its first frame, CRC32C. A frame is 24 bytes of header (body length, CRC32C, position, kind,
// flags) and the body, padded with zeros to a multiple of 8. A frame's position is its place in the log as a
// whole: it says that the frame belongs where it was found, so that what an earlier use of the place left
// behind is never taken for part of the log.
//
// The package reads bytes that a crash may have torn and a disk may have damaged; it tells "no frame here" from
// "a frame", and its callers judge what that means.
package frame
