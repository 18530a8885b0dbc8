package table

import (
	"context"
	"errors"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/storage/segment"
)

// Analysis is what a look at all rows of a table found. Its JSON form is kept in the manifest.
type Analysis struct {
	Rows    int64            `json:"rows"`
	Columns []AnalyzedColumn `json:"columns"`
}

// AnalyzedColumn describes the values of a column in all rows.
type AnalyzedColumn struct {
	ID      catalog.ColumnID `json:"id"`
	Summary segment.Summary  `json:"summary"`
}

// Analyze reads all rows, column by column within each chunk, and keeps none of them.
func (v *Version) Analyze(ctx context.Context) (a *Analysis, err error) {
	columns := v.table.of.Columns
	var request catalog.ScanRequest
	for _, c := range columns {
		request.Columns = append(request.Columns, c.ID)
	}
	scan, err := v.Scan(ctx, request, nil)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, scan.Close()) }()
	rows, err := scan.Open(0)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	s := segment.NewSummarizer(columns)
	for {
		if err := context.Cause(ctx); err != nil {
			return nil, err
		}
		chunk, err := rows.Next(ctx)
		if err != nil {
			return nil, err
		}
		if chunk == nil {
			break
		}
		s.Append(chunk)
	}
	a = &Analysis{}
	n, summaries := s.Result()
	a.Rows = n
	for i, c := range columns {
		a.Columns = append(a.Columns, AnalyzedColumn{ID: c.ID, Summary: summaries[i]})
	}
	return a, nil
}

// WithAnalysis returns a version whose estimates, and those of the versions that follow it, know of an analysis.
func (v *Version) WithAnalysis(a *Analysis) *Version {
	next := v.copy()
	next.analysis = a
	return &next
}

// staleFraction is by how much of its rows a table may grow or shrink until an analysis counts no more.
const staleFraction = 0.2

// refine puts what an analysis found in the place of what row groups tell, while the table has about as many rows.
// The bounds of an analysis are exact; those of row groups also hold for rows that came since.
func (e *estimate) refine(a *Analysis, id catalog.ColumnID, rows int64) {
	if a == nil || a.Rows == 0 {
		return
	}
	change := float64(rows-a.Rows) / float64(a.Rows)
	if change > staleFraction || change < -staleFraction {
		return
	}
	for i := range a.Columns {
		if a.Columns[i].ID != id {
			continue
		}
		exact := estimate{of: e.of}
		all := segment.Group{Rows: uint32(min(a.Rows, 1<<32-1)), Columns: []segment.Summary{a.Columns[i].Summary}}
		exact.group(&all, 0)
		exact.nulls = int64(float64(exact.nulls) * (1 + change))
		if rows != a.Rows && e.bounded {
			exact.lo, exact.hi, exact.bounded = e.lo, e.hi, true
		}
		*e = exact
	}
}
