package catalog

import (
	"context"
	"slices"

	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

// Provider is a table whose rows are made when it is read. Safe for concurrent use.
type Provider interface {
	Name() TableName

	// Columns returns names, types and nullability; the ids are given by Providers.
	Columns() []Column

	// Rows calls emit with each row, whose values have the columns' types. s holds what the reader may see.
	Rows(ctx context.Context, s Snapshot, emit func(row ...vector.Scalar) error) error
}

// providerIDs is where the ids of provided databases and tables begin: the instance's sequence never gets there.
const providerIDs = 1 << 62

// Providers is an immutable list of providers.
type Providers struct {
	databases map[string]DatabaseID // of provided tables, by folded name
	tables    map[TableName]*provided
	byID      map[TableID]*provided
}

type provided struct {
	table    *Table
	provider Provider
}

// NewProviders gives ids to providers; of two with one name the later counts.
func NewProviders(list ...Provider) *Providers {
	p := &Providers{
		databases: map[string]DatabaseID{}, tables: map[TableName]*provided{}, byID: map[TableID]*provided{},
	}
	for i, x := range list {
		name := foldTable(x.Name())
		db, ok := p.databases[name.Database]
		if !ok {
			db = DatabaseID(providerIDs + len(p.databases))
			p.databases[name.Database] = db
		}
		t := &Table{
			ID: TableID(providerIDs + i), Database: db, Name: name, Kind: SystemView, Version: 1,
			Columns: slices.Clone(x.Columns()),
		}
		for c := range t.Columns {
			t.Columns[c].ID = ColumnID(c + 1)
		}
		p.tables[name] = &provided{table: t, provider: x}
		p.byID[t.ID] = p.tables[name]
	}
	return p
}

func foldTable(n TableName) TableName { return TableName{FoldName(n.Database), FoldName(n.Table)} }

// read makes all rows of a provider.
func (p *provided) read(ctx context.Context, s Snapshot) ([]*vector.Chunk, error) {
	builders := make([]*vector.Builder, len(p.table.Columns))
	for i, c := range p.table.Columns {
		builders[i] = vector.NewBuilder(c.Type)
	}
	var chunks []*vector.Chunk
	flush := func() {
		c := &vector.Chunk{Len: builders[0].Len()}
		for _, b := range builders {
			c.Columns = append(c.Columns, b.Build())
		}
		chunks = append(chunks, c)
	}
	err := p.provider.Rows(ctx, s, func(row ...vector.Scalar) error {
		if len(row) != len(builders) {
			return sqlerr.New(sqlerr.InternalError, "a row of %s has %d values", p.table.Name, len(row))
		}
		for i, v := range row {
			builders[i].AppendScalar(v)
		}
		if builders[0].Len() == vector.ChunkRows {
			flush()
		}
		return ctx.Err()
	})
	if err != nil {
		return nil, err
	}
	if builders[0].Len() > 0 {
		flush()
	}
	return chunks, nil
}
