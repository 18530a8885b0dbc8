package session_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The statements of the pages about SQL run, in their order.
func TestThePageAboutUsersAndRolesRuns(t *testing.T) { runPage(t, "users-and-roles.md", 2) }

func TestThePageAboutViewsRuns(t *testing.T) { runPage(t, "views.md", 1) }

// runPage runs the SQL of a page of docs, which has some blocks of it.
func runPage(t *testing.T, name string, count int) {
	t.Helper()
	page, err := os.ReadFile(filepath.Join("..", "docs", name))
	require.NoError(t, err)
	blocks := regexp.MustCompile("(?ms)^```sql\n(.*?)^```$").FindAllStringSubmatch(string(page), -1)
	require.Len(t, blocks, count)
	admin := start(t).admin()
	for _, block := range blocks {
		for sql := range strings.SplitSeq(strings.TrimSpace(block[1]), ";\n") {
			_, err := admin.query(nil, strings.TrimSuffix(sql, ";"))
			require.NoError(t, err, sql)
		}
	}
}
