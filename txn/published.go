package txn

import (
	"maps"
	"slices"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/storage/table"
)

// published is a state of the whole instance. It is immutable.
type published struct {
	// generation counts the states: a commit group or a flush makes the next one.
	generation  uint64
	sequence    catalog.Sequence  // of the last commit
	time        catalog.Timestamp // of that commit
	definitions *definitions
	tables      map[catalog.TableID]*table.Version

	// since is the oldest version that can be read. The manifest's through-sequence is never before it, so that
	// the log never deletes a row that is gone.
	since catalog.Sequence

	// moves are what flushes and compactions did to addresses that older transactions may hold, in order.
	moves map[catalog.TableID][]move
}

// move is one flush or compaction of a table.
type move struct {
	generation uint64 // of the state that it made
	translator *table.Translator
}

// next returns a copy to change, of the next generation. Its tables may be replaced; its definitions and moves
// are replaced as a whole.
func (p *published) next() *published {
	n := *p
	n.generation++
	n.tables = maps.Clone(p.tables)
	return &n
}

// moved installs what a flush or compaction has made of a table, in a state that is being made.
func (p *published) moved(id catalog.TableID, v *table.Version, by *table.Permutation) error {
	translator, err := by.Translator()
	if err != nil {
		return err
	}
	p.tables[id] = v
	p.moves[id] = append(slices.Clip(p.moves[id]), move{generation: p.generation, translator: translator})
	return nil
}

// forget returns the state without the versions before one.
func (p *published) forget(since catalog.Sequence) *published {
	n := *p
	n.since = since
	n.tables = make(map[catalog.TableID]*table.Version, len(p.tables))
	for id, v := range p.tables {
		n.tables[id] = v.Forget(since)
	}
	return &n
}

// translate returns where rows are now that had some addresses in an earlier state: 40001 where one is deleted.
func (p *published) translate(
	id catalog.TableID, rows *catalog.AddressSet, from uint64,
) (*catalog.AddressSet, error) {
	moves := p.moves[id]
	first := slices.IndexFunc(moves, func(m move) bool { return m.generation > from })
	if first < 0 {
		return rows, nil
	}
	for _, m := range moves[first:] {
		var dropped *catalog.Address
		if rows, dropped = m.translator.TranslateAll(rows); dropped != nil {
			return nil, deletedMeanwhile(p.definitions.tables[id])
		}
	}
	return rows, nil
}

func deletedMeanwhile(t *catalog.Table) error {
	return conflict("a row of table %s was deleted by another transaction", t.Name)
}

// movesSince returns the moves that states older than the oldest one that is read, or about to be, still need.
func (p *published) movesSince(oldest uint64) map[catalog.TableID][]move {
	kept := map[catalog.TableID][]move{}
	for id, moves := range p.moves {
		if _, exists := p.tables[id]; !exists {
			continue
		}
		first := slices.IndexFunc(moves, func(m move) bool { return m.generation > oldest })
		if first >= 0 {
			kept[id] = moves[first:]
		}
	}
	return kept
}
