package tablefile

import (
	"path/filepath"
	"strings"

	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/textfile"
)

// Format is a format of files.
type Format uint8

// The formats.
const (
	Parquet Format = iota
	CSV
	NDJSON
)

// String returns the format as options name it.
func (f Format) String() string { return [...]string{"parquet", "csv", "ndjson"}[f] }

// ParseFormat reads the name of a format: 22023 when there is none.
func ParseFormat(name string) (Format, error) {
	for _, f := range []Format{Parquet, CSV, NDJSON} {
		if strings.EqualFold(name, f.String()) {
			return f, nil
		}
	}
	return 0, sqlerr.New(sqlerr.InvalidParameterValue, "%q is no format of files", name).
		WithHint("the formats are parquet, csv and ndjson")
}

// FormatOf tells a file's format by the ending of its name: 22023 when that says nothing.
func FormatOf(file string) (Format, error) {
	switch strings.ToLower(filepath.Ext(file)) {
	case ".parquet", ".pq":
		return Parquet, nil
	case ".csv", ".tsv", ".txt", ".tbl":
		return CSV, nil
	case ".ndjson", ".jsonl", ".json":
		return NDJSON, nil
	}
	return 0, sqlerr.New(sqlerr.InvalidParameterValue, "the ending of %s says no format", file).
		WithHint("name it: parquet, csv or ndjson")
}

func (f Format) text() textfile.Format {
	if f == NDJSON {
		return textfile.NDJSON
	}
	return textfile.CSV
}

// Dialect is how CSV is written. The zero value has commas, or finds the delimiter when it is read, a header that is
// written, or found when it is read, and nothing for NULL.
type Dialect struct {
	Delimiter byte
	Header    textfile.Header
	Null      string
}

// ParseDelimiter reads a delimiter: 22023 for what can be none.
func ParseDelimiter(s string) (byte, error) {
	if s == `\t` {
		return '\t', nil
	}
	if len(s) != 1 || s[0] < ' ' && s[0] != '\t' || s[0] >= 0x7f || s[0] == '"' {
		return 0, sqlerr.New(sqlerr.InvalidParameterValue, "%q can't be a delimiter", s).
			WithHint("it is one ASCII character, and no quote")
	}
	return s[0], nil
}

// ParseNull checks what stands for NULL: 22023 for what CSV could not tell from a quote, or from several fields.
func (d *Dialect) ParseNull(s string) error {
	delimiter := ",;\t|"
	if d.Delimiter != 0 {
		delimiter = string(rune(d.Delimiter))
	}
	if strings.ContainsAny(s, "\"\r\n"+delimiter) {
		return sqlerr.New(sqlerr.InvalidParameterValue, "%q can't stand for NULL", s).
			WithHint("it has neither quotes, ends of lines nor the delimiter")
	}
	d.Null = s
	return nil
}
