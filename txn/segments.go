package txn

import (
	"encoding/json"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/storage/manifest"
	"github.com/micodb/micodb/storage/segment"
	"github.com/micodb/micodb/storage/table"
)

// addSegment returns the change that names a segment.
func addSegment(id catalog.TableID, d *segment.Descriptor) (manifest.Change, error) {
	body, err := json.Marshal(d)
	if err != nil {
		return nil, sqlerr.Wrap(err, sqlerr.InternalError, "segment %s can't be described", d.Path)
	}
	return &manifest.AddSegment{Table: id, ID: d.ID, Descriptor: body}, nil
}

func decodeSegment(body []byte) (*segment.Descriptor, error) {
	d := &segment.Descriptor{}
	if err := json.Unmarshal(body, d); err != nil {
		return nil, sqlerr.Wrap(err, sqlerr.DataCorrupted, "the description of a segment can't be read: %v", err)
	}
	return d, nil
}

// encodeSegments returns the body of the log's record of segments.
func encodeSegments(id catalog.TableID, segments []*segment.Descriptor) ([]byte, error) {
	changes := make([]manifest.Change, len(segments))
	for i, d := range segments {
		var err error
		if changes[i], err = addSegment(id, d); err != nil {
			return nil, err
		}
	}
	return manifest.Encode(changes)
}

// committed returns the descriptors of segments whose transaction has got its place in the order.
func committed(
	segments []*segment.Descriptor, sequence catalog.Sequence, schema catalog.Version,
) []*segment.Descriptor {
	out := make([]*segment.Descriptor, len(segments))
	for i, d := range segments {
		c := *d
		c.Sequence, c.Schema = sequence, schema
		out[i] = &c
	}
	return out
}

// addPermutation returns the change that keeps a flush's moves for the log.
func addPermutation(id catalog.TableID, p *table.Permutation) (manifest.Change, error) {
	body, err := json.Marshal(p)
	if err != nil {
		return nil, sqlerr.Wrap(err, sqlerr.InternalError, "a permutation can't be written")
	}
	return &manifest.AddPermutation{Table: id, Permutation: body}, nil
}

func decodePermutation(body []byte) (*table.Translator, error) {
	p := &table.Permutation{}
	if err := json.Unmarshal(body, p); err != nil {
		return nil, sqlerr.Wrap(err, sqlerr.DataCorrupted, "a permutation of the manifest can't be read: %v", err)
	}
	return p.Translator()
}
