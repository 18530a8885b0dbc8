package session_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The statements of the page about users and roles run, in its order.
func TestThePageAboutUsersAndRolesRuns(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "docs", "users-and-roles.md"))
	require.NoError(t, err)
	blocks := regexp.MustCompile("(?ms)^```sql\n(.*?)^```$").FindAllStringSubmatch(string(page), -1)
	require.Len(t, blocks, 2)
	admin := start(t).admin()
	for _, block := range blocks {
		for sql := range strings.SplitSeq(strings.TrimSpace(block[1]), ";\n") {
			_, err := admin.query(nil, strings.TrimSuffix(sql, ";"))
			require.NoError(t, err, sql)
		}
	}
}
