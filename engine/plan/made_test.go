package plan

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/internal/vector"
)

// TestMadeSchema changes scans and joins that have their schema already: it must never be the old one.
func TestMadeSchema(t *testing.T) {
	big := vector.Of(vector.Int64)
	table := &catalog.Table{Columns: []catalog.Column{{Name: "x", Type: big}, {Name: "y", Type: big, NotNull: true}}}
	scan := NewScan(Scan{Table: table, Alias: "t", Columns: []int{0, 1}})
	require.Same(t, scan.made.out, scan.Schema())
	require.Len(t, scan.Schema().Fields, 2)
	for name, change := range map[string]func(*Scan){
		"columns": func(s *Scan) { s.Columns = []int{1} },
		"fewer":   func(s *Scan) { s.Columns = s.Columns[:1] },
		"other":   func(s *Scan) { s.Columns = []int{1, 0} },
		"alias":   func(s *Scan) { s.Alias = "u" },
		"address": func(s *Scan) { s.Address = true },
		"table":   func(s *Scan) { c := *table; c.Columns = c.Columns[1:]; s.Table, s.Columns = &c, s.Columns[:1] },
	} {
		c := *scan
		change(&c)
		require.NotEqual(t, scan.Schema(), c.Schema(), name)
		require.Equal(t, c.schema(), c.Schema(), name)
		require.Equal(t, c.schema(), NewScan(c).Schema(), name)
	}
	one := NewScan(Scan{Table: table, Alias: "u", Columns: []int{1}})
	null := expr.Compare{Left: expr.Column{Of: big, IsNull: true}, Right: expr.Column{Index: 1, Of: big}}
	join := NewJoin(Join{Left: scan, Right: one})
	require.Same(t, join.made.out, join.Schema())
	for name, change := range map[string]func(*Join){
		"left":  func(j *Join) { j.Left = one },
		"right": func(j *Join) { j.Right = scan },
		"sides": func(j *Join) { j.Left, j.Right = one, scan },
		"outer": func(j *Join) { j.Kind = LeftJoin },
		"full":  func(j *Join) { j.Kind = FullJoin },
		"semi":  func(j *Join) { j.Kind = SemiJoin },
		"mark":  func(j *Join) { j.Kind = MarkJoin },
		"null":  func(j *Join) { j.Kind, j.Mark = MarkJoin, null },
	} {
		c := *join
		change(&c)
		require.NotEqual(t, join.Schema(), c.Schema(), name)
		require.Equal(t, c.Schema(), NewJoin(c).Schema(), name)
		if c.Kind != SemiJoin {
			require.Equal(t, c.schema(), c.Schema(), name)
		}
	}
	mark := NewJoin(Join{Kind: MarkJoin, Left: scan, Right: one})
	c := *mark
	c.Mark = null
	require.False(t, mark.Schema().Fields[2].Nullable)
	require.True(t, c.Schema().Fields[2].Nullable)
}
