package sqlerr_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/internal/sqlerr"
)

var update = flag.Bool("update", false, "rewrite docs/errors.md")

// page renders the table of all codes.
func page() string {
	var b strings.Builder
	b.WriteString(`# Errors

Every failure has an SQLSTATE of five characters. Flight SQL sends it at the start of the gRPC status message
("42P01: there is no table …") with the status code below; the JSON protocol sends it as "code" beside the message in
"data". *Retry* says whether the same request may succeed when it is sent again unchanged. What caused a failure inside
the server is in its log, never in the answer.

| SQLSTATE | meaning | retry | gRPC status |
| --- | --- | --- | --- |
`)
	for _, e := range sqlerr.Entries() {
		retry := "no"
		if e.Retryable {
			retry = "yes"
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", e.Code, e.Meaning, retry, e.GRPC)
	}
	return b.String()
}

func TestThePageShowsTheTable(t *testing.T) {
	name := filepath.Join("..", "..", "docs", "errors.md")
	if *update {
		require.NoError(t, os.WriteFile(name, []byte(page()), 0o600))
	}
	got, err := os.ReadFile(name)
	require.NoError(t, err)
	require.Equal(t, page(), string(got), "run go test ./internal/sqlerr -update")
}

func TestCodesAreUniqueAndInOrder(t *testing.T) {
	var last []string
	for _, e := range sqlerr.Entries() {
		require.Len(t, string(e.Code), 5)
		last = append(last, string(e.Code))
	}
	require.True(t, slices.IsSorted(last), "the table is in the order of the codes: %v", last)
	require.Equal(t, last, slices.Compact(slices.Clone(last)))
}

func TestWhatAClientSees(t *testing.T) {
	cause := errors.New("secret path /x")
	e := sqlerr.Wrap(cause, sqlerr.UndefinedTable, "there is no table %q", "t").
		At(sqlerr.Position{Line: 2, Column: 5}).WithHint("did you mean %q?", "tt")
	require.Equal(t, `there is no table "t" (line 2, column 5): did you mean "tt"?`, e.Error())
	require.ErrorIs(t, e, cause)
	wrapped := fmt.Errorf("layer: %w", e)
	require.Equal(t, sqlerr.UndefinedTable, sqlerr.CodeOf(wrapped))
	require.Equal(t, e, sqlerr.From(wrapped))
}

func TestKindsOfForeignErrors(t *testing.T) {
	require.Nil(t, sqlerr.From(nil))
	require.Empty(t, sqlerr.CodeOf(nil))
	require.Equal(t, sqlerr.QueryCanceled, sqlerr.CodeOf(fmt.Errorf("x: %w", context.Canceled)))
	require.Equal(t, sqlerr.QueryCanceled, sqlerr.CodeOf(context.DeadlineExceeded))
	require.Equal(t, sqlerr.DiskFull, sqlerr.CodeOf(fmt.Errorf("write: %w", syscall.ENOSPC)))
	e := sqlerr.From(errors.New("secret"))
	require.Equal(t, sqlerr.InternalError, e.Code)
	require.NotContains(t, e.Error(), "secret")
	require.Equal(t, sqlerr.InternalError, sqlerr.Lookup("?????").Code)
}
