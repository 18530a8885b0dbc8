package segment

import (
	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/internal/parquetfile"
)

// Summarizer describes rows, however many, by one zone map for each column.
type Summarizer = parquetfile.Summarizer

// NewSummarizer returns a summarizer of rows that have these columns.
func NewSummarizer(columns []catalog.Column) *Summarizer {
	of := make([]parquetfile.Column, len(columns))
	for i, c := range columns {
		of[i] = parquetfile.Column{Name: c.Name, ID: int32(c.ID), Type: c.Type, Required: c.NotNull}
	}
	return parquetfile.NewSummarizer(of)
}
