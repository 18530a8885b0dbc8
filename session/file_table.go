package session

import (
	"context"
	"errors"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/engine/bind"
	"github.com/micodb/micodb/engine/parser/ast"
	"github.com/micodb/micodb/internal/batch"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/tablefile"
	"github.com/micodb/micodb/internal/vector"
)

// fileSet is the files that a call in FROM reads as one table. It is immutable.
type fileSet struct {
	directory *tablefile.Directory
	options   fileOptions
	table     *catalog.Table
	texts     *arrow.Schema // what the values of text files are read as: the columns of the first file
	parts     []filePart
}

// filePart is what one worker reads at a time: a row group of a Parquet file, or a file of text.
type filePart struct {
	file  string
	group int   // from 1
	rows  int64 // of the row group
}

// fileOptions are the options of read_parquet, read_csv and read_json.
type fileOptions struct {
	copyOptions

	filename    bool // a last column says which file a row is from
	unionByName bool // a file may lack columns, which are NULL
}

// filenameColumn is what the option filename adds.
const filenameColumn = "filename"

// textRowBytes is about how long a row of a text file is, for estimates.
const textRowBytes = 64

// fileTable finds out what files hold: their columns are those of the first one, or with union_by_name of all.
func (u *userSession) fileTable(ctx context.Context, f bind.FileTable) (*catalog.Table, error) {
	if err := u.authorizeFiles(); err != nil {
		return nil, err
	}
	options, err := readFileOptions(f)
	if err != nil {
		return nil, err
	}
	s := &fileSet{directory: u.server.config.Files, options: options, table: &catalog.Table{
		Name: catalog.TableName{Table: f.Function + "('" + f.Files[0].Text + "')"}, Kind: catalog.External,
		Statistics: &catalog.Statistics{},
	}}
	for _, pattern := range f.Files {
		names, err := s.directory.Match(pattern.Text)
		if err != nil {
			return nil, sqlerr.From(err).At(pattern.Position())
		}
		for _, name := range names {
			if err := s.add(ctx, name); err != nil {
				return nil, sqlerr.From(err).At(pattern.Position())
			}
		}
	}
	if err := s.addFilename(); err != nil {
		return nil, sqlerr.From(err).At(f.Files[0].Position())
	}
	s.table.Source = s
	return s.table, nil
}

// readFileOptions reads the options under the names that they have elsewhere, too.
func readFileOptions(f bind.FileTable) (o fileOptions, err error) {
	format := &ast.Literal{At: f.Files[0].At, Kind: ast.StringLiteral, Text: f.Format}
	list := []ast.Option{{At: f.Files[0].At, Name: ast.Name{Text: optionFormat}, Value: format}}
	for _, option := range f.Options {
		switch name := strings.ToUpper(option.Name.Text); name {
		case "DELIM", "SEP", optionDelimiter:
			option.Name.Text = optionDelimiter
		case "NULLSTR", optionNull:
			option.Name.Text = optionNull
		case optionHeader, optionMaxErrors:
		case "FILENAME", "UNION_BY_NAME":
			value, ok := option.Value.(*ast.Literal)
			if !ok || value.Kind != ast.BooleanLiteral {
				return o, sqlerr.New(sqlerr.InvalidParameterValue, "%s is true or false", option.Name.Text).
					At(option.Position())
			}
			if name == "FILENAME" {
				o.filename = value.Text == "true"
			} else {
				o.unionByName = value.Text == "true"
			}
			continue
		default:
			return o, sqlerr.NotSupported("the option " + option.Name.Text + " of " + f.Function).At(option.Position()).
				WithHint("there are delim, header, nullstr, max_errors, filename and union_by_name")
		}
		list = append(list, option)
	}
	o.copyOptions, err = readCopyOptions(list, f.Files[0], optionOverwrite)
	return o, err
}

// add looks into a file.
func (s *fileSet) add(ctx context.Context, name string) (err error) {
	f, source, err := s.directory.Open(name)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	first := s.texts == nil
	rows := source.Size/textRowBytes + 1
	if s.options.format != tablefile.Parquet && !first && !s.options.unionByName {
		s.parts = append(s.parts, filePart{file: name}) // whether its columns fit is seen when it is read
		s.table.Statistics.Rows += rows
		return nil
	}
	r, err := tablefile.Open(ctx, source, tablefile.ReadOptions{Format: s.options.format, Dialect: s.options.dialect})
	if err != nil {
		return err
	}
	defer r.Close() //nolint:errcheck // it never fails
	if first || s.options.unionByName {
		if err := s.addColumns(r.Schema()); err != nil {
			return tablefile.InFile(name, err)
		}
	}
	if s.options.format == tablefile.Parquet {
		rows = 0
		for i, n := range r.Groups() {
			s.parts = append(s.parts, filePart{file: name, group: i + 1, rows: n})
			rows += n
		}
	} else {
		s.parts = append(s.parts, filePart{file: name})
	}
	s.table.Statistics.Rows += rows
	return nil
}

// addColumns adds the columns of a file that are not there yet.
func (s *fileSet) addColumns(file *arrow.Schema) error {
	seen := map[string]bool{}
	fields := []arrow.Field(nil)
	if s.texts != nil {
		fields = s.texts.Fields()
	}
	for _, f := range file.Fields() {
		folded := catalog.FoldName(f.Name)
		if seen[folded] {
			return sqlerr.New(sqlerr.DuplicateColumn, "it has two columns with the name %q", f.Name)
		}
		seen[folded] = true
		if s.table.Find(f.Name) >= 0 {
			continue
		}
		t, err := batch.TypeOf(f)
		if err != nil {
			return err
		}
		if t.Kind == vector.Unknown {
			t = vector.Of(vector.Text) // nothing but NULL in it
		}
		id := catalog.ColumnID(len(s.table.Columns) + 1)
		s.table.Columns = append(s.table.Columns, catalog.Column{ID: id, Name: f.Name, Type: t})
		fields = append(fields, batch.FieldOf(f.Name, t, true))
	}
	s.texts = arrow.NewSchema(fields, nil)
	return nil
}

func (s *fileSet) addFilename() error {
	if !s.options.filename {
		return nil
	}
	if s.table.Find(filenameColumn) >= 0 {
		return sqlerr.New(sqlerr.DuplicateColumn, "the files have a column %q of their own", filenameColumn)
	}
	s.table.Columns = append(s.table.Columns, catalog.Column{
		ID: catalog.ColumnID(len(s.table.Columns) + 1), Name: filenameColumn, Type: vector.Of(vector.Text),
		NotNull: true,
	})
	return nil
}
