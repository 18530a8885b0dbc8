package tablefile_test

import (
	"fmt"
	"os"
	"testing"

	"github.com/micodb/micodb/internal/tablefile"
)

func TestMain(m *testing.M) {
	if err := tablefile.CapCodecs(); err != nil {
		_, _ = fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}
