package model_test

import (
	"fmt"

	"github.com/micodb/micodb/catalog"
)

// row is a row that was there from the commit that made it until the one that deleted it.
type row struct {
	id      int64
	value   int64
	made    catalog.Sequence
	deleted catalog.Sequence // 0: not yet
}

func (r *row) at(n catalog.Sequence) bool { return r.made <= n && (r.deleted == 0 || r.deleted > n) }

// text is the value of a row's text column: a repeated one, for dictionaries, or one of its own.
func text(value int64) string {
	if value%3 == 0 {
		return fmt.Sprint("text ", value%11)
	}
	return fmt.Sprint("the text of ", value)
}

// table is all that was ever in a table.
type table struct {
	id   catalog.TableID
	made catalog.Sequence
	rows []*row
	live map[int64]*row
}

// at returns the values by id after a commit.
func (t *table) at(n catalog.Sequence) map[int64]int64 {
	rows := map[int64]int64{}
	for _, r := range t.rows {
		if r.at(n) {
			rows[r.id] = r.value
		}
	}
	return rows
}

// oracle is what an instance must hold.
type oracle struct {
	tables map[string]*table
	times  []catalog.Timestamp // times[n] is when commit n was
	nextID int64
}

func newOracle() *oracle {
	return &oracle{tables: map[string]*table{}, times: []catalog.Timestamp{0}}
}

func (o *oracle) newest() catalog.Sequence { return catalog.Sequence(len(o.times) - 1) }

// changes are what a transaction does to a table.
type changes struct {
	added   map[int64]int64 // values by id
	removed map[int64]*row  // that were there when the transaction began
	touched bool            // also by what came to nothing
}

func newChanges() *changes { return &changes{added: map[int64]int64{}, removed: map[int64]*row{}} }

// conflicts tells whether another transaction has deleted a row that these changes delete.
func (c *changes) conflicts() bool {
	for _, r := range c.removed {
		if r.deleted != 0 {
			return true
		}
	}
	return false
}

// commit applies the changes of a transaction.
func (o *oracle) commit(at catalog.Timestamp, of map[string]*changes) {
	o.times = append(o.times, at)
	n := o.newest()
	for name, c := range of {
		t := o.tables[name]
		for id, r := range c.removed {
			r.deleted = n
			delete(t.live, id)
		}
		for id, value := range c.added {
			r := &row{id: id, value: value, made: n}
			t.rows = append(t.rows, r)
			t.live[id] = r
		}
	}
}
