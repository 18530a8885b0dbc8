package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/pflag"

	"github.com/micodb/micodb/internal/tablefile"
	"github.com/micodb/micodb/internal/textfile"
)

// dialectFlags say what CSV import reads and export writes.
type dialectFlags struct {
	delimiter string
	header    bool
	noHeader  bool
	null      string
}

func (f *dialectFlags) add(fs *pflag.FlagSet) {
	fs.StringVar(&f.delimiter, "delimiter", "", `what stands between the fields of CSV, as in ";" or "\t"`)
	fs.BoolVar(&f.noHeader, "no-header", false, "the first line of CSV is a row")
	fs.StringVar(&f.null, "null", "", "what stands for NULL in CSV where it is not quoted; else an empty field does")
}

// dialect returns what the flags say, of which only CSV has any.
func (f *dialectFlags) dialect(format tablefile.Format) (d tablefile.Dialect, err error) {
	switch {
	case format != tablefile.CSV:
		return d, nil // several files may have several formats
	case f.header && f.noHeader:
		return d, errors.New("--header and --no-header exclude each other")
	case f.header:
		d.Header = textfile.WithHeader
	case f.noHeader:
		d.Header = textfile.WithoutHeader
	}
	if f.delimiter != "" {
		if d.Delimiter, err = tablefile.ParseDelimiter(f.delimiter); err != nil {
			return d, err
		}
	}
	return d, d.ParseNull(f.null)
}

// formatOf reads the flag --format, or else the ending of a file's name.
func formatOf(flag, file string) (tablefile.Format, error) {
	if flag != "" {
		return tablefile.ParseFormat(flag)
	}
	return tablefile.FormatOf(file)
}

// quoteTable is --table as SQL has it.
func quoteTable(flag string) (string, error) {
	database, table, dotted := strings.Cut(flag, ".")
	switch {
	case !dotted && database != "":
		return quoteName(database), nil
	case database == "" || table == "" || strings.Contains(table, "."):
		return "", fmt.Errorf("--table %s is not TABLE or DATABASE.TABLE", flag)
	}
	return quoteName(database) + "." + quoteName(table), nil
}
