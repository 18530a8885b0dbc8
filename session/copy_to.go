package session

import (
	"context"
	"errors"
	"io"

	"github.com/micodb/micodb/engine/parser/ast"
	"github.com/micodb/micodb/internal/batch"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/tablefile"
)

// copyTo writes the rows of a query to a file.
type copyTo struct {
	*statement

	tree    *ast.CopyTo
	options copyOptions
	query   *statement
}

func (st *statement) prepareCopyTo(ctx context.Context, x *transaction, s *ast.CopyTo) (copying, error) {
	if err := st.session.authorizeFiles(); err != nil {
		return nil, err
	}
	o, err := readCopyOptions(s.Options, s.File, optionMaxErrors)
	if err != nil {
		return nil, err
	}
	query := &statement{
		session: st.session, tx: st.tx, sql: st.sql, within: st.within, kind: kindCopy, tree: s.Query,
	}
	if err := query.plan(ctx, x); err != nil {
		return nil, err
	}
	st.parameters = query.parameters
	return &copyTo{statement: st, tree: s, options: o, query: query}, nil
}

// run implements copying. A file that can't be written is told before the query runs.
func (c *copyTo) run(ctx context.Context, params batch.Stream) (n int64, _ []copied, err error) {
	u := c.session
	if err := u.authorizeFiles(); err != nil {
		return 0, nil, u.noted(ctx, err)
	}
	file := c.tree.File
	out, err := u.server.config.Files.Create(file.Text, c.options.overwrite)
	if err != nil {
		return 0, nil, u.noted(ctx, sqlerr.From(err).At(file.Position()))
	}
	if n, err = c.write(ctx, params, out); err == nil {
		err = out.Commit()
	} else {
		err = errors.Join(err, out.Discard())
	}
	if err != nil {
		return 0, nil, err
	}
	u.audited(ctx, "COPY TO", file.Text)
	return n, nil, nil
}

// write writes all rows.
func (c *copyTo) write(ctx context.Context, params batch.Stream, out io.Writer) (n int64, err error) {
	defer c.session.recovered(ctx, &err)
	rows, err := c.query.open(ctx, params)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	w, err := tablefile.NewWriter(out, rows.Schema(), tablefile.WriteOptions{
		Format: c.options.format, Dialect: c.options.dialect,
		Reserve: rows.query.budget.Reserve, Release: rows.query.budget.Release,
	})
	if err != nil {
		return 0, err
	}
	for {
		b, err := rows.Next(ctx)
		if errors.Is(err, io.EOF) {
			return n, w.Close()
		}
		if err != nil {
			return 0, err
		}
		n += b.NumRows()
		err = w.Write(b)
		b.Release()
		if err != nil {
			return 0, err
		}
	}
}
