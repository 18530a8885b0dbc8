package physical

import (
	"context"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/engine/exec"
	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/engine/plan"
)

// scan opens a scan. Its own predicates, and others that stand above, prune; its own are then made exact.
func (b *builder) scan(ctx context.Context, n *plan.Scan, above []expr.Expr) (exec.Operator, error) {
	req := catalog.ScanRequest{AsOf: n.AsOf, ChunkRows: b.debug.ChunkRows}
	for _, i := range n.Columns {
		req.Columns = append(req.Columns, n.Table.Columns[i].ID)
	}
	if n.Address {
		req.Columns = append(req.Columns, catalog.AddressBlock, catalog.AddressOffset)
	}
	if !b.debug.Unpruned {
		req.Runtime = b.filters[n]
		p := &pruner{node: n}
		for _, e := range append(append([]expr.Expr(nil), n.Where...), above...) {
			req.Where = append(req.Where, p.conjuncts(e)...)
		}
	}
	from, err := b.open(ctx, n.Table, req)
	if err != nil {
		return nil, err
	}
	b.scans = append(b.scans, from)
	name := n.Table.Name.String()
	if n.Alias != "" && catalog.FoldName(n.Alias) != catalog.FoldName(n.Table.Name.Table) {
		name += " AS " + n.Alias
	}
	var op exec.Operator = exec.NewScan(name, from, names(n.Schema()))
	if b.rows != nil && len(n.Where)+len(above) > 0 && n.Table.Statistics != nil {
		b.estimates[op] = max(float64(n.Table.Statistics.Rows), 1)
	}
	if len(n.Where) > 0 {
		op = exec.NewFilter(op, expr.Conjunction(n.Where))
	}
	return op, nil
}

// open begins to read a table where its rows are.
func (b *builder) open(ctx context.Context, t *catalog.Table, req catalog.ScanRequest) (catalog.Scan, error) {
	if t.Kind == catalog.External {
		return t.Source.Scan(ctx, req, b.memory)
	}
	return b.snapshot.Scan(ctx, t.ID, req)
}
