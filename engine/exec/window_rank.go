package exec

import (
	"context"

	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

// windowRank is a function of a row's place in its partition.
type windowRank struct {
	*WindowCall

	number int // of the call
	buffer vector.Buffer
	row    int64 // of the partition's rows so far
	rank   int64

	parts, peers *windowSpans // where the function looks at the whole partition
}

func (r *windowRank) begin(_ context.Context, b *windowBlock) (err error) {
	if r.Kind == expr.PercentRank || r.Kind == expr.CumeDist || r.Kind == expr.NTile {
		if r.parts, err = b.spansBy(r.Partition); err != nil {
			return err
		}
	}
	if r.Kind == expr.PercentRank || r.Kind == expr.CumeDist {
		r.peers, err = b.spansBy(r.Partition + r.Order)
	}
	return err
}

func (r *windowRank) end() { r.parts, r.peers = nil, nil }

func (r *windowRank) values(b *windowBlock, lo, hi int, out []*vector.Vector) error {
	same, parts, peers := b.same[lo:hi], uint8(r.Partition), uint8(r.Partition+r.Order)
	switch r.Kind {
	case expr.RowNumber:
		out[r.number] = r.ints(r.rowNumbers(same, parts), nil)
	case expr.Rank:
		out[r.number] = r.ints(r.ranks(same, parts, peers), nil)
	case expr.DenseRank:
		out[r.number] = r.ints(r.denseRanks(same, parts, peers), nil)
	case expr.PercentRank:
		d := r.buffer.Floats(hi - lo)
		for i := range d {
			row := lo + i
			first, last := r.parts.start(row), r.parts.end(row)
			d[i] = 0
			if last-first > 1 {
				d[i] = float64(r.peers.start(row)-first) / float64(last-first-1)
			}
		}
		out[r.number] = r.buffer.FloatVector(r.Of, d, nil)
	case expr.CumeDist:
		d := r.buffer.Floats(hi - lo)
		for i := range d {
			row := lo + i
			first := r.parts.start(row)
			d[i] = float64(r.peers.end(row)-first) / float64(r.parts.end(row)-first)
		}
		out[r.number] = r.buffer.FloatVector(r.Of, d, nil)
	default:
		return r.tiles(b, lo, hi, out)
	}
	return nil
}

func (r *windowRank) ints(d []int64, valid []uint64) *vector.Vector {
	return r.buffer.IntVector(r.Of, d, valid, 1, maxCount)
}

func (r *windowRank) rowNumbers(same []uint8, parts uint8) []int64 {
	d, row := r.buffer.Ints(len(same)), r.row
	for i, s := range same {
		if s <= parts {
			row = 0
		}
		row++
		d[i] = row
	}
	r.row = row
	return d
}

func (r *windowRank) ranks(same []uint8, parts, peers uint8) []int64 {
	d, row, rank := r.buffer.Ints(len(same)), r.row, r.rank
	for i, s := range same {
		if s <= parts {
			row = 0
		}
		row++
		if s <= peers {
			rank = row
		}
		d[i] = rank
	}
	r.row, r.rank = row, rank
	return d
}

func (r *windowRank) denseRanks(same []uint8, parts, peers uint8) []int64 {
	d, rank := r.buffer.Ints(len(same)), r.rank
	for i, s := range same {
		if s <= parts {
			rank = 0
		}
		if s <= peers {
			rank++
		}
		d[i] = rank
	}
	r.rank = rank
	return d
}

// tiles divides each partition into parts whose sizes differ by one row at most, the greater first.
func (r *windowRank) tiles(b *windowBlock, lo, hi int, out []*vector.Vector) error {
	d, valid := r.buffer.Ints(hi-lo), r.buffer.AllValid(hi-lo)
	v := b.column(r.Number, lo, hi)
	for i := range d {
		if v.IsNull(i) {
			valid[i>>6] &^= 1 << (i & 63)
			d[i] = 1
			continue
		}
		tiles, row := v.Int(i), lo+i
		if tiles < 1 {
			return sqlerr.New(sqlerr.InvalidNTile, "NTILE(%d): the number of parts must be greater than zero", tiles)
		}
		first := r.parts.start(row)
		at, size := int64(row-first), int64(r.parts.end(row)-first)
		less, more := size/tiles, size%tiles
		if large := more * (less + 1); at < large {
			d[i] = at/(less+1) + 1
		} else {
			d[i] = more + (at-large)/max(less, 1) + 1
		}
	}
	out[r.number] = r.ints(d, valid)
	return nil
}
