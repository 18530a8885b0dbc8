package hostile_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/micodb/micodb/e2e/harness"
)

// Whatever is in a file that COPY reads, the statement ends with a SQLSTATE and changes nothing, the server goes on,
// and its memory stays within its limit and a fifth.
func TestHostileFilesAreRefused(t *testing.T) {
	files := t.TempDir()
	s := harness.Start(t, "--memory-limit", memoryLimit, "--log-level", "warn", "--allow-files", files)
	p := connect(t, s)
	exec := func(sql string) int64 {
		t.Helper()
		n, err := p.client.ExecuteUpdate(p.ctx, sql)
		require.NoError(t, err, sql)
		return n
	}
	number := func(sql string) int64 {
		t.Helper()
		n, err := p.number(sql)
		require.NoError(t, err, sql)
		return n
	}
	const columns = " (id BIGINT, name VARCHAR, raw BLOB, flag BOOLEAN)"
	exec("CREATE TABLE target" + columns)
	exec("CREATE TABLE honest" + columns)
	exec("INSERT INTO target (id) VALUES (-42)")
	const good = 5000
	require.NoError(t, os.WriteFile(filepath.Join(files, "good.parquet"),
		honestParquet(t, compress.Codecs.Zstd, honestRows(good)), 0o600))

	var taken int64
	try := func(f badFile) {
		t.Helper()
		path := filepath.Join(files, f.name)
		require.NoError(t, os.WriteFile(path, f.data, 0o600))
		_, err := p.client.ExecuteUpdate(p.ctx, "COPY target FROM '"+f.name+"'")
		require.NotEqual(t, codes.Unavailable, status.Code(err), "%s: %v\n%s", f.name, err, s.Log())
		require.Less(t, s.PeakBytes(), int64(peakBytes), f.name)
		require.NoError(t, os.Remove(path))
		switch {
		case err == nil && f.harmless:
			taken++
			exec("DELETE FROM target WHERE id IS NULL OR id <> -42")
		case err == nil || !refused(err):
			t.Errorf("%s: %v", f.name, err)
		}
		require.Equal(t, int64(1), number("SELECT COUNT(*) FROM target"), f.name)
	}
	for _, f := range slices.Concat(badParquet(t), badTexts()) {
		try(f)
	}
	for seed := range rounds() {
		try(flippedParquet(t, seed))
		try(flippedText(seed))
	}
	require.Equal(t, int64(1), number("SELECT COUNT(*) FROM target"))
	require.Equal(t, int64(good), exec("COPY honest FROM 'good.parquet'"))
	require.Equal(t, int64(good), number("SELECT COUNT(*) FROM honest"))
	t.Logf("%d files with odd bytes were taken; the server had at most %d MiB", taken, s.PeakBytes()>>20)
	require.NotContains(t, s.Log(), "panicked")
	require.NotContains(t, strings.ToLower(s.Log()), "goroutine ", "a stack")
	s.Stop()
}
