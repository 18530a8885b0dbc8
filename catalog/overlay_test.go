package catalog_test

import (
	"context"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

// empty is a snapshot with the database main and nothing in it.
type empty struct{ catalog.Snapshot }

func (empty) Databases(context.Context) ([]catalog.Database, error) {
	return []catalog.Database{{ID: 1, Name: "main"}}, nil
}

func (empty) Tables(_ context.Context, database string) ([]catalog.TableName, error) {
	if catalog.FoldName(database) != "main" {
		return nil, sqlerr.New(sqlerr.InvalidCatalogName, "no database %s", database)
	}
	return nil, nil
}

func (e empty) Table(ctx context.Context, name catalog.TableName) (*catalog.Table, error) {
	if _, err := e.Tables(ctx, name.Database); err != nil {
		return nil, err
	}
	return nil, sqlerr.New(sqlerr.UndefinedTable, "no table %s", name)
}

// numbers is a provider of the numbers from 0, every third one NULL.
type numbers int

func (numbers) Name() catalog.TableName {
	return catalog.TableName{Database: "views", Table: "Numbers"}
}

func (numbers) Columns() []catalog.Column {
	return []catalog.Column{{Name: "n", Type: vector.Of(vector.Int64)}}
}

func (n numbers) Rows(_ context.Context, _ catalog.Snapshot, emit func(row ...vector.Scalar) error) error {
	for i := range int(n) {
		v := vector.IntOf(vector.Of(vector.Int64), int64(i))
		if i%3 == 0 {
			v = vector.NullOf(v.Type)
		}
		if err := emit(v); err != nil {
			return err
		}
	}
	return nil
}

func all(catalog.TableName) bool { return true }

func TestProvidersAreTables(t *testing.T) {
	s := catalog.NewProviders(numbers(10)).Over(empty{}, all)
	databases, err := s.Databases(t.Context())
	require.NoError(t, err)
	require.Len(t, databases, 2)
	require.Equal(t, "views", databases[1].Name)
	names, err := s.Tables(t.Context(), "VIEWS")
	require.NoError(t, err)
	require.Equal(t, []catalog.TableName{{Database: "views", Table: "numbers"}}, names)
	table, err := s.Table(t.Context(), catalog.TableName{Database: "Views", Table: "NUMBERS"})
	require.NoError(t, err)
	require.Equal(t, catalog.SystemView, table.Kind)
	_, err = s.Table(t.Context(), catalog.TableName{Database: "views", Table: "letters"})
	require.Equal(t, sqlerr.UndefinedTable, sqlerr.CodeOf(err))
	_, err = s.Table(t.Context(), catalog.TableName{Database: "nowhere", Table: "numbers"})
	require.Equal(t, sqlerr.InvalidCatalogName, sqlerr.CodeOf(err))
	_, err = s.Tables(t.Context(), "main")
	require.NoError(t, err)
}

func TestWhatIsNotSeenIsNotThere(t *testing.T) {
	s := catalog.NewProviders(numbers(10)).Over(empty{}, func(n catalog.TableName) bool { return n.Database == "main" })
	databases, err := s.Databases(t.Context())
	require.NoError(t, err)
	require.Equal(t, []catalog.Database{{ID: 1, Name: "main"}}, databases)
	_, err = s.Tables(t.Context(), "views")
	require.Equal(t, sqlerr.InvalidCatalogName, sqlerr.CodeOf(err))
	_, err = s.Table(t.Context(), numbers(0).Name())
	require.Equal(t, sqlerr.InsufficientPrivilege, sqlerr.CodeOf(err))
}

func TestRowsOfProvidersGoToOneWorkerEach(t *testing.T) {
	const rows = 3*vector.ChunkRows + 5
	s := catalog.NewProviders(numbers(rows)).Over(empty{}, all)
	table, err := s.Table(t.Context(), numbers(0).Name())
	require.NoError(t, err)
	scan, err := s.Scan(t.Context(), table.ID, catalog.ScanRequest{
		Columns: []catalog.ColumnID{catalog.AddressBlock, table.Columns[0].ID},
	})
	require.NoError(t, err)
	require.Equal(t, 4, scan.Morsels())
	require.Len(t, scan.Columns(), 2)
	var mu sync.Mutex
	seen := map[int64]int{}
	nulls := 0
	var workers sync.WaitGroup
	for w := range 3 {
		workers.Go(func() {
			source, err := scan.Open(w)
			require.NoError(t, err)
			defer source.Close()
			for {
				c, err := source.Next(context.Background())
				require.NoError(t, err)
				if c == nil {
					return
				}
				mu.Lock()
				for i := range c.Len {
					require.True(t, c.Columns[0].IsNull(i), "rows of a view have no address")
					if c.Columns[1].IsNull(i) {
						nulls++
					} else {
						seen[c.Columns[1].Int(i)]++
					}
				}
				mu.Unlock()
			}
		})
	}
	workers.Wait()
	require.Equal(t, rows, len(seen)+nulls)
	require.Equal(t, (rows+2)/3, nulls)
	require.EqualValues(t, rows, scan.Counts().Rows)
	require.NoError(t, scan.Close())
	_, err = s.Scan(t.Context(), table.ID, catalog.ScanRequest{Columns: []catalog.ColumnID{99}})
	require.Equal(t, sqlerr.InternalError, sqlerr.CodeOf(err))
}
