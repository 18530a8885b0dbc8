package limits_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/authz"
	"github.com/micodb/micodb/internal/limits"
	"github.com/micodb/micodb/internal/sqlerr"
)

var update = flag.Bool("update", false, "rewrite docs/limits.md")

// page renders the table of all limits.
func page() string {
	var b strings.Builder
	b.WriteString(`# Limits

Every limit is a flag of ` + "`micodb serve`" + `, a variable (--max-sessions: MICODB_MAX_SESSIONS) and a key of the
configuration file (max-sessions: 100). What is exactly at a limit works. A value out of its range ends the start with a
message that names the flag.

| flag | default | from | to | what it bounds | beyond it |
| --- | --- | --- | --- | --- | --- |
`)
	l := limits.Defaults()
	for _, f := range l.Flags() {
		beyond := f.Then
		if len(f.Above) > 0 {
			beyond = string(f.Above) + ": " + beyond
		}
		help := f.Help
		if f.Zero != "" {
			help += "; 0: " + f.Zero
		}
		fmt.Fprintf(&b, "| --%s | %s | %s | %s | %s | %s |\n", f.Name, f.Text(f.Number()), f.Text(f.Min), f.Text(f.Max),
			help, beyond)
	}
	b.WriteString(`
"--max-message-size" is an eighth of --memory-limit, at most 128MiB, when no flag sets it. Above it gRPC itself answers,
without an SQLSTATE. "--keepalive-time" ends at gRPC's own limit of a second.

gRPC reads the request of a call that is a single message before anybody looks at its login. Each of the connections
before a login may so take --max-message-size for each of its --max-calls, which no memory limit counts: a server that
strangers can reach is best given smaller ones. The batches of DoPut are read after the login only.

## Limits without a flag

| what | limit | beyond it |
| --- | --- | --- |
`)
	for _, fixed := range []struct {
		what   string
		limit  string
		beyond sqlerr.Code
	}{
		{"words and signs of one SQL statement", number(limits.StatementTokens), sqlerr.ProgramLimitExceeded},
		{
			"operators in a chain, queries combined, tables joined", number(limits.StatementTreeDepth),
			sqlerr.ProgramLimitExceeded,
		},
		{
			"operations of an expression, after what BETWEEN, COALESCE, NULLIF and CASE of a value repeat",
			number(limits.ExpressionNodes), sqlerr.ProgramLimitExceeded,
		},
		{"sets of one GROUP BY", number(limits.GroupingSets), sqlerr.ProgramLimitExceeded},
		{"rounds of a recursive query", number(limits.RecursionRounds), sqlerr.ProgramLimitExceeded},
		{"views that read views, one below the other", number(limits.ViewDepth), sqlerr.ProgramLimitExceeded},
		{
			"SQL text for `\"format\":\"arrowflight\"` of the JSON port", size(limits.TicketQueryBytes),
			sqlerr.ProgramLimitExceeded,
		},
		{"header of an Arrow IPC message", size(limits.MessageHeaderBytes), sqlerr.LimitExceeded},
		{"fields of a schema from a client, nested ones too", number(limits.SchemaFields), sqlerr.LimitExceeded},
		{"levels of fields in it", number(limits.SchemaDepth), sqlerr.LimitExceeded},
		{"pairs of metadata in it", number(limits.SchemaPairs), sqlerr.LimitExceeded},
		{"names, time zones and metadata in it", size(limits.SchemaNameBytes), sqlerr.LimitExceeded},
		{
			"texts that 4,096 rows share by views or a dictionary, written out", size(limits.SharedTextBytes),
			sqlerr.LimitExceeded,
		},
		{"window of a zstd frame from a client", size(limits.ZstdWindowBytes), sqlerr.LimitExceeded},
		{"clients that have logged in by Flight SQL and not called yet", number(limits.NamesExpected), sqlerr.SessionLost},
		{"name of a user", size(authz.MaxNameBytes), sqlerr.InvalidParameterValue},
		{"password", size(authz.MaxPasswordBytes), sqlerr.InvalidParameterValue},
		{"API keys of a user", number(authz.MaxKeysPerUser), sqlerr.LimitExceeded},
	} {
		fmt.Fprintf(&b, "| %s | %s | %s |\n", fixed.what, fixed.limit, fixed.beyond)
	}
	return b.String()
}

func number(n int) string { return fmt.Sprint(n) }

func size(n int64) string {
	if text := limits.SizeText(n); !strings.HasSuffix(text, "B") {
		return text + "B"
	}
	return limits.SizeText(n)
}

func TestThePageShowsTheLimits(t *testing.T) {
	name := filepath.Join("..", "..", "docs", "limits.md")
	if *update {
		require.NoError(t, os.WriteFile(name, []byte(page()), 0o600))
	}
	got, err := os.ReadFile(name)
	require.NoError(t, err)
	require.Equal(t, page(), string(got), "run go test ./internal/limits -update")
}

func TestEveryMemberHasAFlag(t *testing.T) {
	l := limits.Defaults()
	flags := map[any]string{}
	names := map[string]bool{}
	for _, f := range l.Flags() {
		require.False(t, names[f.Name], f.Name)
		names[f.Name], flags[f.Value] = true, f.Name
	}
	var look func(v reflect.Value)
	look = func(v reflect.Value) {
		for i := range v.NumField() {
			if v.Field(i).Kind() == reflect.Struct {
				look(v.Field(i))
				continue
			}
			require.NotEmpty(t, flags[v.Field(i).Addr().Interface()], "%s has no flag", v.Type().Field(i).Name)
			delete(flags, v.Field(i).Addr().Interface())
		}
	}
	look(reflect.ValueOf(&l).Elem())
	require.Empty(t, flags)
}

func put(value any, n int64) {
	switch v := value.(type) {
	case *int:
		*v = int(n)
	case *int64:
		*v = n
	case *time.Duration:
		*v = time.Duration(n)
	}
}

func TestTheRangeOfEachLimit(t *testing.T) {
	d := limits.Defaults()
	require.NoError(t, d.Validate())
	for i, f := range d.Flags() {
		for _, c := range []struct {
			n  int64
			ok bool
		}{
			{f.Min, true},
			{f.Max, true},
			{f.Min - 1, f.Min == 1 && f.Zero != ""},
			{f.Max + 1, false},
			{-1, false},
			{0, f.Zero != ""},
		} {
			l := limits.Defaults()
			put(l.Flags()[i].Value, c.n)
			err := l.Validate()
			if c.ok {
				require.NoError(t, err, "%s %d", f.Name, c.n)
				continue
			}
			require.Equal(t, sqlerr.InvalidParameterValue, sqlerr.CodeOf(err), "%s %d", f.Name, c.n)
			require.ErrorContains(t, err, "--"+f.Name)
		}
	}
}

func TestZeroMembersBecomeDefaults(t *testing.T) {
	l := limits.Complete(limits.Limits{Sessions: 7, Statement: limits.Statement{Depth: 9}})
	require.Equal(t, 7, l.Sessions)
	require.Equal(t, limits.Statement{Bytes: 16 << 20, Depth: 9, Parameters: 65535}, l.Statement)
	require.EqualValues(t, limits.MessageBytesMax, l.MessageBytes)
	require.Equal(t, time.Hour, l.StatementTimeout)
}
