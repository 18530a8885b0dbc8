package session

import (
	"context"
	"errors"
	"io"
	"log/slog"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/engine/bind"
	"github.com/micodb/micodb/engine/parser/ast"
	"github.com/micodb/micodb/internal/batch"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/tablefile"
)

// copyFrom fills a table from files, all or none.
type copyFrom struct {
	*statement

	tree    *ast.CopyFrom
	options copyOptions
}

func (st *statement) prepareCopyFrom(ctx context.Context, x *transaction, s *ast.CopyFrom) (copying, error) {
	if err := st.session.authorizeFiles(); err != nil {
		return nil, err
	}
	o, err := readCopyOptions(s.Options, s.File, optionOverwrite)
	if err != nil {
		return nil, err
	}
	if o.maxErrors > 0 {
		st.result = reportSchema()
	}
	look, err := st.session.look(ctx, x)
	if err != nil {
		return nil, err
	}
	defer look.Close() //nolint:errcheck // it never fails
	c := &copyFrom{statement: st, tree: s, options: o}
	_, err = c.target(ctx, look)
	return c, err
}

// target finds the table, and asks whether the principal may fill it.
func (c *copyFrom) target(ctx context.Context, look *sight) (*bind.Target, error) {
	t, err := bind.CopyTarget(ctx, c.session.environment(look, c.session.Database()), c.tree)
	if err != nil {
		return nil, err
	}
	return t, c.session.authorizeAll(t.Access)
}

// run implements copying.
func (c *copyFrom) run(ctx context.Context, _ batch.Stream) (int64, []copied, error) {
	u := c.session
	if err := u.authorizeFiles(); err != nil {
		return 0, nil, u.noted(ctx, err)
	}
	x, err := c.transaction()
	if err != nil {
		return 0, nil, err
	}
	q, err := u.run(ctx, x, kindCopy, c.sql)
	if err != nil {
		return 0, nil, err
	}
	defer q.watch(ctx)()
	l := &fileLoad{copyFrom: c, query: q}
	n, err := guard(q, func(ctx context.Context) (int64, error) {
		return change{session: u, query: q, apply: l.apply}.run(ctx, x)
	})
	q.rows.Store(n)
	if err = q.end(err); err != nil {
		return 0, nil, u.noted(ctx, err)
	}
	u.server.config.Metrics.Queries.RowsIn.Add(float64(n))
	u.server.config.Metrics.Queries.BytesIn.Add(float64(l.bytes))
	u.audited(ctx, "COPY FROM", c.tree.File.Text)
	return n, l.files, nil
}

// fileLoad is one execution of a COPY FROM.
type fileLoad struct {
	*copyFrom

	query    *query
	files    []copied
	rejected int
	bytes    int64
}

func (l *fileLoad) apply(ctx context.Context, look *sight, w catalog.Writer) (int64, error) {
	target, err := l.target(ctx, look)
	if err != nil {
		return 0, err
	}
	names, err := l.session.server.config.Files.Match(l.tree.File.Text)
	if err != nil {
		return 0, sqlerr.From(err).At(l.tree.File.Position())
	}
	var total int64
	for _, name := range names {
		if err := l.file(ctx, target, name, w); err != nil {
			return 0, err
		}
		total += l.files[len(l.files)-1].rows
	}
	return total, nil
}

// file loads one file.
func (l *fileLoad) file(ctx context.Context, target *bind.Target, name string, w catalog.Writer) (err error) {
	f, source, err := l.session.server.config.Files.Open(name)
	if err != nil {
		return sqlerr.From(err).At(l.tree.File.Position())
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	fields := make([]arrow.Field, len(target.Columns))
	for i, c := range target.Columns {
		fields[i] = batch.FieldOf(c.Name, c.Type, !c.NotNull)
	}
	rows, err := tablefile.Open(ctx, source, tablefile.ReadOptions{
		Format: l.options.format, Dialect: l.options.dialect, Table: arrow.NewSchema(fields, nil),
		MaxErrors: l.options.maxErrors - l.rejected, Memory: l.query.budget.Allocator(memory.DefaultAllocator),
	})
	if err != nil {
		return err
	}
	defer rows.Close() //nolint:errcheck // it never fails
	if err := loadRows(ctx, target, rows, w); err != nil {
		return err
	}
	done := copied{file: name, rows: rows.Rows(), rejected: rows.Rejected()}
	for _, wrong := range rows.Rejects()[:min(len(rows.Rejects()), reportedRejects)] {
		done.errors = append(done.errors, wrong.Error())
	}
	if done.rejected > 0 {
		l.session.server.log.LogAttrs(ctx, slog.LevelWarn, "COPY left lines out", slog.Uint64("query", l.query.id),
			slog.String("file", name), slog.Int("lines", done.rejected))
	}
	l.files, l.rejected = append(l.files, done), l.rejected+done.rejected
	l.bytes += source.Size
	return nil
}

// reportedRejects is how many of a file's rejected lines the answer shows.
const reportedRejects = 20

func loadRows(ctx context.Context, target *bind.Target, rows *tablefile.Reader, w catalog.Writer) error {
	if err := within(target, rows.Schema()); err != nil {
		return tablefile.InFile(rows.Name(), err)
	}
	into, err := newLoader(target.Table, rows.Schema(), IngestOptions{ByName: true})
	if err != nil {
		return tablefile.InFile(rows.Name(), err)
	}
	for {
		b, err := rows.Next(ctx)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		err = into.load(ctx, w, b)
		b.Release()
		if err != nil {
			return tablefile.InFile(rows.Name(), err)
		}
	}
}

// within fails for a column of a file that is none of the target's.
func within(target *bind.Target, file *arrow.Schema) error {
	named := map[string]bool{}
	for _, c := range target.Columns {
		named[catalog.FoldName(c.Name)] = true
	}
	for _, f := range file.Fields() {
		if !named[catalog.FoldName(f.Name)] {
			return sqlerr.New(sqlerr.UndefinedColumn, "the file's column %q is none of those of %s that are filled",
				f.Name, target.Table.Name)
		}
	}
	return nil
}
