package session

import (
	"context"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/internal/vector"
	"github.com/micodb/micodb/txn"
)

// Storage tells what lies on the disk, and looks at it.
type Storage interface {
	// Segments returns all segment files that are in use now.
	Segments() []txn.SegmentInfo

	// Versions returns the newest version and the oldest that can be read.
	Versions() (newest, oldest catalog.Sequence)

	// Analyze looks at all rows of a table and keeps what it finds: 42P01 when there is no such table.
	Analyze(ctx context.Context, name catalog.TableName) (*catalog.Statistics, error)
}

// storageProviders returns the views of what lies on the disk.
func (s *Server) storageProviders() []catalog.Provider {
	text, number := vector.Of(vector.Text), vector.Of(vector.Int64)
	return []catalog.Provider{
		systemView{"segments", []catalog.Column{
			notNull("database_name", text), notNull("table_name", text), notNull("segment_id", number),
			notNull("tier", number), notNull("origin", text), notNull("row_count", number),
			notNull("deleted_rows", number), notNull("retained_rows", number), notNull("bytes", number),
			notNull("oldest_version", number), notNull("newest_version", number),
			{Name: "created", Type: instantType()},
		}, s.segmentRows},
		systemView{"versions", []catalog.Column{
			notNull("newest_version", number), notNull("oldest_version", number),
		}, s.versionRows},
		statisticsView{},
	}
}

func (s *Server) segmentRows(emit emitter) error {
	for _, g := range s.config.Storage.Segments() {
		created := vector.NullOf(instantType())
		if g.Created != 0 {
			created = instant(int64(g.Created))
		}
		err := emit(vector.TextOf(g.Table.Database), vector.TextOf(g.Table.Table), bigint(int64(g.ID)),
			bigint(int64(g.Tier)), vector.TextOf(string(g.Origin)), bigint(g.Rows), bigint(g.Deleted),
			bigint(g.Retained), bigint(g.Bytes), bigint(int64(g.Oldest)), bigint(int64(g.Newest)), created)
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *Server) versionRows(emit emitter) error {
	newest, oldest := s.config.Storage.Versions()
	return emit(bigint(int64(newest)), bigint(int64(max(oldest, 1))))
}
