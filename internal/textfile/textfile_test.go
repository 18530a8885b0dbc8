package textfile_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/textfile"
)

// readAll reads a text to its end, and returns the rows as JSON.
func readAll(t *testing.T, text string, o textfile.Options) (r *textfile.Reader, rows []string, err error) {
	t.Helper()
	r, err = textfile.NewReader(strings.NewReader(text), o)
	if err != nil {
		return nil, nil, err
	}
	defer r.Close()
	for {
		b, err := r.Next()
		if errors.Is(err, io.EOF) {
			return r, rows, nil
		}
		if err != nil {
			return r, rows, err
		}
		var out bytes.Buffer
		require.NoError(t, array.RecordToJSON(b, &out))
		rows = append(rows, strings.Split(strings.TrimSpace(out.String()), "\n")...)
		b.Release()
	}
}

func types(s *arrow.Schema) string {
	out := make([]string, s.NumFields())
	for i, f := range s.Fields() {
		out[i] = f.Name + " " + f.Type.String()
	}
	return strings.Join(out, ", ")
}

func TestTypesAreFound(t *testing.T) {
	for name, c := range map[string]struct {
		text   string
		format textfile.Format
		want   string
		rows   int
	}{
		"comma": {
			"id,price,ratio,ok,day,at,name\n1,1.50,1e3,true,2026-01-31,2026-01-31 10:00:00.5,ada\n2,12.25,0.1,FALSE,2026-02-01,2026-01-31T10:00,\n",
			textfile.CSV,
			"id int64, price decimal(18, 2), ratio float64, ok bool, day date32, at timestamp[ns], name utf8",
			2,
		},
		"semicolon":      {"a;b\n1;x,y\n2;z,\n", textfile.CSV, "a int64, b utf8", 2},
		"tab":            {"a\tb\n1\t2\n", textfile.CSV, "a int64, b int64", 1},
		"bar":            {"a|b\n1|2\n", textfile.CSV, "a int64, b int64", 1},
		"no header":      {"1,x\n2,y\n", textfile.CSV, "c1 int64, c2 utf8", 2},
		"byte order":     {"\xEF\xBB\xBFa,b\n1,2\n", textfile.CSV, "a int64, b int64", 1},
		"zip codes":      {"zip\n01234\n99999\n", textfile.CSV, "zip utf8", 2},
		"mixed scales":   {"x\n1.5\n2.25\n", textfile.CSV, "x float64", 2},
		"words":          {"x\nnan\ninf\n", textfile.CSV, "x utf8", 2},
		"offset":         {"x\n2026-01-31T10:00:00+02:00\n", textfile.CSV, "x timestamp[ns, tz=UTC]", 1},
		"only names":     {"a,b\n", textfile.CSV, "a utf8, b utf8", 0},
		"objects":        {"{\"a\":1,\"b\":\"x\"}\n\n{\"b\":null,\"c\":{\"d\":[1]}}\n", textfile.NDJSON, "a int64, b utf8, c utf8", 2},
		"texts":          {`{"a":"1","b":"true","c":"2026-01-31","d":2}` + "\n", textfile.NDJSON, "a utf8, b utf8, c date32, d int64", 1},
		"too big a year": {"x\n3026-01-31 10:00:00\n", textfile.CSV, "x utf8", 1},
	} {
		t.Run(name, func(t *testing.T) {
			r, rows, err := readAll(t, c.text, textfile.Options{Format: c.format})
			require.NoError(t, err)
			require.Equal(t, c.want, types(r.Schema()))
			require.Len(t, rows, c.rows)
		})
	}
}

func TestQuotesBreaksAndNULL(t *testing.T) {
	_, rows, err := readAll(t, "a,b\r\n\"x \"\"y\"\"\",\"two\nlines\"\r\n\"\",\r\n\"p,q\",z", textfile.Options{})
	require.NoError(t, err)
	require.Equal(t, []string{
		`{"a":"x \"y\"","b":"two\nlines"}`, `{"a":"","b":null}`, `{"a":"p,q","b":"z"}`,
	}, rows)
}

func TestWrongRecordsAreToldAndLeftOut(t *testing.T) {
	table := arrow.NewSchema([]arrow.Field{
		{Name: "id", Type: arrow.PrimitiveTypes.Int32},
		{Name: "price", Type: &arrow.Decimal128Type{Precision: 6, Scale: 2}, Nullable: true},
	}, nil)
	csv := "ID,price\n1,1.5\nx,2\n3\n4,1.005\n,1\n\"5,5\n"
	want := []string{
		`line 3, column 1 (id): "x" is no integer of 32 bits`,
		`line 4: the record has 1 fields, the first has 2`,
		`line 5, column 2 (price): "1.005" does not fit DECIMAL(6,2)`,
		`line 6, column 1 (id): the value is missing and the column is NOT NULL`,
		`line 7: a quote is never closed`,
	}
	r, rows, err := readAll(t, csv, textfile.Options{Table: table, MaxErrors: 5})
	require.NoError(t, err)
	require.Equal(t, []string{`{"id":1,"price":"1.5"}`}, rows)
	for i, wrong := range r.Rejects() {
		require.Equal(t, want[i], wrong.Error())
	}
	require.Len(t, r.Rejects(), 5)
	_, _, err = readAll(t, csv, textfile.Options{Table: table, MaxErrors: 2})
	require.EqualError(t, err, want[2])
	require.Equal(t, sqlerr.InvalidText, sqlerr.CodeOf(err))

	lines := `{"id":1}
{"id":1,"no":2}
[1]
{"id":2
{"id":3} 4
{"id":1,"id":2}
{"id":9,"price":99999.99}
{"id":7,"price":7}
`
	want = []string{
		`line 2: there is no column "no"`, `line 3: the line is no JSON object`, `line 4: the JSON ends early`,
		`line 5: text follows the object`, `line 6: the key "id" is there twice`,
		`line 7, column 2 (price): "99999.99" does not fit DECIMAL(6,2)`,
	}
	r, rows, err = readAll(t, lines, textfile.Options{Format: textfile.NDJSON, Table: table, MaxErrors: 6})
	require.NoError(t, err)
	require.Equal(t, []string{`{"id":1,"price":null}`, `{"id":7,"price":"7"}`}, rows)
	require.Len(t, r.Rejects(), 6)
	for i, wrong := range r.Rejects() {
		require.Equal(t, want[i], wrong.Error())
	}
}

func TestHostileFilesAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		o    textfile.Options
		code sqlerr.Code
	}{
		"empty":          {"", textfile.Options{}, sqlerr.InvalidText},
		"empty lines":    {"\n\n", textfile.Options{Format: textfile.NDJSON}, sqlerr.InvalidText},
		"open quote":     {"a\n\"" + strings.Repeat("x\n", textfile.RecordBytesMax/2+1), textfile.Options{}, sqlerr.ProgramLimitExceeded},
		"endless line":   {"a\n" + strings.Repeat("x", textfile.RecordBytesMax+1), textfile.Options{}, sqlerr.ProgramLimitExceeded},
		"many columns":   {strings.Repeat(",", textfile.ColumnsMax+1), textfile.Options{Delimiter: ','}, sqlerr.ProgramLimitExceeded},
		"not UTF-8":      {"a\n\xff\n", textfile.Options{}, sqlerr.InvalidText},
		"deep nesting":   {`{"a":` + strings.Repeat("[", 100_000) + "\n", textfile.Options{Format: textfile.NDJSON, Table: oneText()}, sqlerr.InvalidText},
		"unknown column": {"b\nx\n", textfile.Options{Table: oneText(), Header: textfile.WithHeader}, sqlerr.UndefinedColumn},
		"two columns":    {"1,2\n", textfile.Options{Table: oneText()}, sqlerr.DatatypeMismatch},
		"delimiter":      {"a\n", textfile.Options{Delimiter: '"'}, sqlerr.InvalidParameterValue},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := readAll(t, c.text, c.o)
			require.Error(t, err)
			require.Equal(t, c.code, sqlerr.CodeOf(err), "%v", err)
		})
	}
}

func oneText() *arrow.Schema {
	return arrow.NewSchema([]arrow.Field{{Name: "a", Type: arrow.BinaryTypes.String, Nullable: true}}, nil)
}

// everything is a batch of all types, with NULLs and values at the edges.
func everything(t *testing.T) arrow.RecordBatch {
	t.Helper()
	extension := func(name string) arrow.Metadata {
		return arrow.NewMetadata([]string{"ARROW:extension:name"}, []string{name})
	}
	fields := []arrow.Field{
		{Name: "b", Type: arrow.FixedWidthTypes.Boolean},
		{Name: "i8", Type: arrow.PrimitiveTypes.Int8},
		{Name: "i16", Type: arrow.PrimitiveTypes.Int16},
		{Name: "i32", Type: arrow.PrimitiveTypes.Int32},
		{Name: "i64", Type: arrow.PrimitiveTypes.Int64},
		{Name: "u8", Type: arrow.PrimitiveTypes.Uint8},
		{Name: "u16", Type: arrow.PrimitiveTypes.Uint16},
		{Name: "u32", Type: arrow.PrimitiveTypes.Uint32},
		{Name: "u64", Type: arrow.PrimitiveTypes.Uint64},
		{Name: "f32", Type: arrow.PrimitiveTypes.Float32},
		{Name: "f64", Type: arrow.PrimitiveTypes.Float64},
		{Name: "dec", Type: &arrow.Decimal128Type{Precision: 38, Scale: 10}},
		{Name: "txt", Type: arrow.BinaryTypes.String},
		{Name: "bin", Type: arrow.BinaryTypes.Binary},
		{Name: "day", Type: arrow.PrimitiveTypes.Date32},
		{Name: "t", Type: arrow.FixedWidthTypes.Time64us},
		{Name: "ts", Type: &arrow.TimestampType{Unit: arrow.Nanosecond}},
		{Name: "tz", Type: &arrow.TimestampType{Unit: arrow.Microsecond, TimeZone: "UTC"}},
		{Name: "iv", Type: arrow.FixedWidthTypes.MonthDayNanoInterval},
		{Name: "id", Type: &arrow.FixedSizeBinaryType{ByteWidth: 16}, Metadata: extension("arrow.uuid")},
		{Name: "js", Type: arrow.BinaryTypes.String, Metadata: extension("arrow.json")},
	}
	for i := range fields {
		fields[i].Nullable = true
	}
	b, _, err := array.RecordFromJSON(memory.DefaultAllocator, arrow.NewSchema(fields, nil), strings.NewReader(`[
		{"b":true,"i8":-128,"i16":-32768,"i32":-2147483648,"i64":-9223372036854775808,"u8":255,"u16":65535,
		 "u32":4294967295,"u64":18446744073709551615,"f32":0.1,"f64":-1e300,
		 "dec":"-9999999999999999999999999999.9999999999","txt":"quote \" comma , line\nbreak \r\n ; ü 😀",
		 "bin":"AP8B","day":"0001-01-01","t":"23:59:59.999999","ts":"2262-01-01 00:00:00.123456789",
		 "tz":"9999-12-31 23:59:59.999999Z","iv":{"months":-1,"days":2,"nanoseconds":-3},
		 "id":"AAECAwQFBgcICQoLDA0ODw==","js":"{\"a\":[1,\"x,y\"]}"},
		{},
		{"b":false,"i8":127,"i64":0,"js":"\"text\"","dec":"0.0000000001","ts":"1678-01-01 00:00:00","f64":0.1,
		 "bin":"","txt":""},
		{"txt":" NULL "}
	]`))
	require.NoError(t, err)
	return b
}

func TestWhatIsWrittenIsReadAsItWas(t *testing.T) {
	want := everything(t)
	defer want.Release()
	for name, o := range map[string]textfile.WriteOptions{
		"csv":         {},
		"semicolon":   {Delimiter: ';'},
		"tab":         {Delimiter: '\t'},
		"headerless":  {NoHeader: true},
		"json":        {Format: textfile.NDJSON},
		"json, again": {Format: textfile.NDJSON, Delimiter: ';'},
	} {
		t.Run(name, func(t *testing.T) {
			var text bytes.Buffer
			w, err := textfile.NewWriter(&text, want.Schema(), o)
			require.NoError(t, err)
			require.NoError(t, w.Write(want))
			require.NoError(t, w.Close())
			header := textfile.WithHeader
			if o.NoHeader {
				header = textfile.WithoutHeader
			}
			r, err := textfile.NewReader(&text, textfile.Options{
				Format: o.Format, Table: want.Schema(), Header: header, Delimiter: o.Delimiter,
			})
			require.NoError(t, err)
			defer r.Close()
			got, err := r.Next()
			require.NoError(t, err)
			defer got.Release()
			require.True(t, array.RecordEqual(want, got), "%v\n%v", want, got)
			_, err = r.Next()
			require.ErrorIs(t, err, io.EOF)
		})
	}
}

func TestLargeFilesComeInBatches(t *testing.T) {
	var text strings.Builder
	text.WriteString("n\n")
	for range 3*textfile.BatchRows + 1 {
		text.WriteString("7\n")
	}
	r, err := textfile.NewReader(strings.NewReader(text.String()), textfile.Options{})
	require.NoError(t, err)
	defer r.Close()
	var sizes []int64
	for {
		b, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		sizes = append(sizes, b.NumRows())
		b.Release()
	}
	require.Equal(t, []int64{textfile.BatchRows, textfile.BatchRows, textfile.BatchRows, 1}, sizes)
}

func fuzz(f *testing.F, format textfile.Format) {
	f.Helper()
	f.Fuzz(func(t *testing.T, text string) {
		r, rows, err := readAll(t, text, textfile.Options{Format: format, MaxErrors: 10})
		if err != nil || len(rows) == 0 {
			return
		}
		require.LessOrEqual(t, len(r.Rejects()), 10)
	})
}

func FuzzCSV(f *testing.F) {
	f.Add("a,b\n1,\"x\"\"y\"\n")
	f.Add("1;2.5;2026-01-01\n")
	fuzz(f, textfile.CSV)
}

func FuzzNDJSON(f *testing.F) {
	f.Add("{\"a\":1,\"b\":[{}]}\n{\"a\":null}\n")
	fuzz(f, textfile.NDJSON)
}
