package session

import (
	"context"
	"strconv"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/micodb/micodb/authz"
	"github.com/micodb/micodb/engine/parser/ast"
	"github.com/micodb/micodb/internal/batch"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/tablefile"
	"github.com/micodb/micodb/internal/textfile"
)

// copying is a COPY statement: rows that go from files of the server into a table, or from a query into a file.
type copying interface {
	// run does it and returns the number of rows, and for COPY FROM what became of each file.
	run(ctx context.Context, params batch.Stream) (int64, []copied, error)
}

// copied is what became of a file.
type copied struct {
	file     string
	rows     int64
	rejected int
	errors   []string // the first lines that were left out
}

// reportSchema is what a COPY FROM with MAX_ERRORS answers: a row for each file.
func reportSchema() *arrow.Schema {
	return arrow.NewSchema([]arrow.Field{
		{Name: "file", Type: arrow.BinaryTypes.String},
		{Name: "rows", Type: arrow.PrimitiveTypes.Int64},
		{Name: "rejected", Type: arrow.PrimitiveTypes.Int64},
		{Name: "errors", Type: arrow.BinaryTypes.String, Nullable: true},
	}, nil)
}

// copyReport runs a COPY that answers with rows.
func (st *statement) copyReport(ctx context.Context, params batch.Stream) (batch.Stream, error) {
	_, files, err := st.copying.run(ctx, params)
	if err != nil {
		return nil, err
	}
	b := array.NewRecordBuilder(memory.DefaultAllocator, st.result)
	defer b.Release()
	for _, f := range files {
		b.Field(0).(*array.StringBuilder).Append(f.file)           //nolint:errcheck // reportSchema's type
		b.Field(1).(*array.Int64Builder).Append(f.rows)            //nolint:errcheck // the same
		b.Field(2).(*array.Int64Builder).Append(int64(f.rejected)) //nolint:errcheck // the same
		if len(f.errors) == 0 {
			b.Field(3).AppendNull()
			continue
		}
		b.Field(3).(*array.StringBuilder).Append(strings.Join(f.errors, "\n")) //nolint:errcheck // the same
	}
	return batch.NewSlice(st.result, b.NewRecordBatch()), nil
}

// authorizeFiles asks whether the principal may use files of the server, and whether there are any.
func (u *userSession) authorizeFiles() error {
	if u.server.config.Files == nil {
		return sqlerr.New(sqlerr.InsufficientPrivilege, "the server was not told which files it may use").
			WithHint("start it with --allow-files DIR, or use micodb import and micodb export, which need no files " +
				"of the server")
	}
	if err := u.authorize(authz.ExecuteQuery, authz.Object{}); err != nil {
		return err
	}
	return u.authorize(authz.AccessFiles, authz.Object{})
}

// copyOptions are what stands in brackets at the end of a COPY.
type copyOptions struct {
	format    tablefile.Format
	known     bool // whether the format was told
	dialect   tablefile.Dialect
	maxErrors int
	overwrite bool
}

// The options of COPY. Only a COPY FROM has MAX_ERRORS, only a COPY TO has OVERWRITE.
const (
	optionFormat    = "FORMAT"
	optionDelimiter = "DELIMITER"
	optionHeader    = "HEADER"
	optionNull      = "NULL"
	optionMaxErrors = "MAX_ERRORS"
	optionOverwrite = "OVERWRITE"
)

// readCopyOptions reads the options, of which not is the one that the direction does not have.
func readCopyOptions(list []ast.Option, file *ast.Literal, not string) (o copyOptions, err error) {
	given := map[string]ast.Option{}
	for _, option := range list {
		name := strings.ToUpper(option.Name.Text)
		switch name {
		case not:
			return o, sqlerr.NotSupported("the option " + name + " in this direction").At(option.Position())
		case optionFormat, optionDelimiter, optionHeader, optionNull, optionMaxErrors, optionOverwrite:
		default:
			return o, sqlerr.NotSupported("the option " + name + " of COPY").At(option.Position()).
				WithHint("there are FORMAT, DELIMITER, HEADER, NULL, MAX_ERRORS and OVERWRITE")
		}
		if _, twice := given[name]; twice {
			return o, sqlerr.New(sqlerr.SyntaxError, "the option %s is there twice", name).At(option.Position())
		}
		given[name] = option
		if err := o.set(name, option); err != nil {
			return o, sqlerr.From(err).At(option.Position())
		}
	}
	if null, ok := given[optionNull]; ok { // after the delimiter, which it must not hold
		if err := o.dialect.ParseNull(null.Value.(*ast.Literal).Text); err != nil { //nolint:errcheck // set looked
			return o, sqlerr.From(err).At(null.Position())
		}
	}
	if !o.known {
		if o.format, err = tablefile.FormatOf(file.Text); err != nil {
			return o, sqlerr.From(err).At(file.Position())
		}
	}
	return o, o.fit(given)
}

// set takes one option.
func (o *copyOptions) set(name string, option ast.Option) (err error) {
	value, ok := option.Value.(*ast.Literal)
	switch name {
	case optionHeader, optionOverwrite:
		if ok && value.Kind != ast.BooleanLiteral {
			return sqlerr.New(sqlerr.InvalidParameterValue, "%s is true or false, not %s", name, value.Text)
		}
		yes := !ok || value.Text == "true"
		switch {
		case name == optionOverwrite:
			o.overwrite = yes
		case yes:
			o.dialect.Header = textfile.WithHeader
		default:
			o.dialect.Header = textfile.WithoutHeader
		}
		return nil
	}
	if !ok || value.Kind == ast.BooleanLiteral {
		return sqlerr.New(sqlerr.InvalidParameterValue, "the option %s needs a value", name)
	}
	switch name {
	case optionFormat:
		o.known = true
		o.format, err = tablefile.ParseFormat(value.Text)
	case optionDelimiter:
		o.dialect.Delimiter, err = tablefile.ParseDelimiter(value.Text)
	case optionMaxErrors:
		if o.maxErrors, err = strconv.Atoi(value.Text); err != nil || o.maxErrors < 0 {
			err = sqlerr.New(sqlerr.InvalidParameterValue, "%s is no number of errors", value.Text)
		}
	}
	return err
}

// fit refuses options that the format does not have.
func (o *copyOptions) fit(given map[string]ast.Option) error {
	for _, name := range []string{optionDelimiter, optionHeader, optionNull, optionMaxErrors} {
		option, ok := given[name]
		if !ok || o.format == tablefile.CSV || o.format == tablefile.NDJSON && name == optionMaxErrors {
			continue
		}
		return sqlerr.New(sqlerr.InvalidParameterValue, "the format %s has no option %s", o.format, name).
			At(option.Position())
	}
	return nil
}
