// Package hostile sends the real binary what no honest client sends: Arrow messages whose lengths, offsets, counts,
// types and compressed bytes are forged, and broken files. The generator is seeded, so that a failure comes back.
package hostile
