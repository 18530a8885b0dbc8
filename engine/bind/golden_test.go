package bind_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/catalog/catalogtest"
	"github.com/micodb/micodb/engine/bind"
	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/engine/function"
	"github.com/micodb/micodb/engine/optimize"
	"github.com/micodb/micodb/engine/parser"
	"github.com/micodb/micodb/engine/plan"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestGolden binds the statements of testdata/*.golden. A file holds cases between empty lines: a statement, a line of
// four dashes, and the plan or the error. Lines that begin with # are comments.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.golden")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) { golden(t, file) })
	}
}

func golden(t *testing.T, file string) {
	t.Helper()
	raw, err := os.ReadFile(file)
	require.NoError(t, err)
	var out []string
	for block := range strings.SplitSeq(strings.Trim(string(raw), "\n"), "\n\n") {
		comments, input := "", ""
		for line := range strings.SplitAfterSeq(block+"\n", "\n") {
			if strings.HasPrefix(line, "#") {
				comments += line
			} else {
				input += line
			}
		}
		input, want, _ := strings.Cut(input, "----\n")
		if strings.TrimSpace(input) == "" {
			out = append(out, comments)
			continue
		}
		got := describe(t.Context(), strings.TrimSpace(input)) + "\n"
		if !*update {
			require.Equal(t, strings.TrimSpace(want), strings.TrimSpace(got), "%s", input)
		}
		out = append(out, comments+input+"----\n"+got)
	}
	if *update {
		require.NoError(t, os.WriteFile(file, []byte(strings.Join(out, "\n")), 0o600))
	}
}

// environment has TPC-H in main, and two tables of all types: main.types and other.things.
func environment() bind.Environment {
	column := catalogtest.Column
	notNull := column("id", vector.Of(vector.Int64))
	notNull.NotNull = true
	types := catalogtest.Table("main", "types", notNull,
		column("b", vector.Of(vector.Boolean)), column("i8", vector.Of(vector.Int8)),
		column("i16", vector.Of(vector.Int16)), column("i32", vector.Of(vector.Int32)),
		column("u8", vector.Of(vector.UInt8)), column("u64", vector.Of(vector.UInt64)),
		column("d52", vector.DecimalType(5, 2)), column("f32", vector.Of(vector.Float32)),
		column("f64", vector.Of(vector.Float64)), column("s", vector.Of(vector.Text)),
		column("day", vector.Of(vector.Date)), column("at", vector.Of(vector.Timestamp)),
		column("instant", vector.Type{Kind: vector.Timestamp, Precision: 9, Zone: true}),
		column("raw", vector.Of(vector.Binary)), column("u", vector.Of(vector.UUID)))
	things := catalogtest.Table("other", "things",
		column("id", vector.Of(vector.Int32)), column("Name", vector.Of(vector.Text)))
	settings := map[string]string{"time_zone": "UTC", "threads": "2"}
	snapshot := catalogtest.Of(append(catalogtest.TPCH(), types, things)...)
	return bind.Environment{
		Snapshot: snapshot, Database: catalog.DefaultDatabase, Functions: functions(), User: "ada",
		Now: snapshot.Timestamp(), SettingNames: []string{"threads", "time_zone"},
		Setting: func(name string) (string, bool) { v, ok := settings[name]; return v, ok },
	}
}

// functions are a few signatures whose kernels fail: bind only chooses among them.
func functions() *function.Registry {
	text, big, date := vector.Of(vector.Text), vector.Of(vector.Int64), vector.Of(vector.Date)
	at, interval := vector.Of(vector.Timestamp), vector.Of(vector.Interval)
	entry := func(name string, overloads ...expr.Overload) function.Entry {
		return function.Entry{Name: name, Signature: name + "(…)", Resolve: function.Choose(name, overloads...)}
	}
	kernel := func() expr.Kernel {
		return func([]*vector.Vector, int, []uint16) (*vector.Vector, error) {
			return nil, sqlerr.NotSupported("running this function")
		}
	}
	of := func(result vector.Type, args ...vector.Type) expr.Overload {
		return function.Fixed(result, expr.NullIfAny, kernel, args...)
	}
	greatest := function.Entry{
		Name: "greatest", Signature: "greatest(a, …)",
		Resolve: function.Variadic("greatest", 1, func(t vector.Type, n int) (expr.Overload, bool) {
			return of(t, function.Repeat(t, n)...), t.Kind != vector.Unknown
		}),
	}
	return function.RegistryOf([]function.Entry{
		greatest, entry(function.BitAnd, of(big, big, big)), entry(function.RegexpMatches, of(vector.Of(vector.Boolean), text, text)),
		entry("upper", of(text, text)), entry(function.Concat, of(text, text, text)),
		entry("year", of(big, date), of(big, at)),
		entry("abs", of(big, big), of(vector.Of(vector.Float64), vector.Of(vector.Float64))),
		entry("date_trunc", of(date, text, date), of(at, text, at)),
		entry(function.AddInterval, of(at, at, interval)), entry(function.SubtractInterval, of(at, at, interval)),
		entry(function.AddDays, of(date, date, big)), entry(function.SubtractDays, of(date, date, big)),
		entry(function.SubtractDates, of(big, date, date)), entry(function.SubtractTimestamps, of(interval, at, at)),
	})
}

// describe is what the golden files show of a bound statement.
func describe(ctx context.Context, sql string) string {
	stmt, err := parser.Parse(sql) //nolint:contextcheck // parsing takes no context
	if err != nil {
		return describeError(err)
	}
	b, err := bind.Bind(ctx, environment(), stmt)
	if err != nil {
		return describeError(err)
	}
	if _, err := optimize.Optimize(b.Plan); err != nil {
		return "optimize: " + describeError(err)
	}
	var out strings.Builder
	for i, f := range b.Plan.Schema().Fields {
		null := ""
		if !f.Nullable {
			null = " NOT NULL"
		}
		fmt.Fprintf(&out, "%s%s %s%s", []string{"", ", "}[min(i, 1)], f.Name, f.Type, null)
	}
	out.WriteString("\n")
	for i, p := range b.Parameters {
		fmt.Fprintf(&out, "$%d %s\n", i+1, p)
	}
	for _, a := range b.Access {
		fmt.Fprintf(&out, "needs %s on %s\n", a.Privilege, strings.TrimSuffix(a.Database+"."+a.Table, "."))
	}
	if b.HoldsNow {
		out.WriteString("holds now\n")
	}
	if !b.ReadOnly {
		out.WriteString("writes\n")
	}
	out.WriteString(plan.Format(b.Plan))
	plan.Walk(b.Plan, func(n plan.Node) { describeConstants(&out, n) })
	return strings.TrimSpace(out.String())
}

// describeConstants shows what a node's own line leaves out.
func describeConstants(out *strings.Builder, n plan.Node) {
	switch n := n.(type) {
	case *plan.Values:
		for _, row := range n.Rows {
			if len(row) > 0 {
				fmt.Fprintf(out, "row %v\n", row)
			}
		}
	case *plan.Define:
		fmt.Fprintf(out, "%+v\n", n.Change)
	}
}

func describeError(err error) string {
	e := sqlerr.From(err)
	return fmt.Sprintf("%s %s", e.Code, e)
}
