package lineedit_test

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/cmd/micodb/lineedit"
)

type entries []string

func (e entries) Len() int           { return len(e) }
func (e entries) Entry(i int) string { return e[i] }

// editor reads keys that were all typed ahead.
func editor(keys string) *lineedit.Editor {
	return lineedit.New(lineedit.Terminal{
		In: strings.NewReader(keys), Out: &bytes.Buffer{},
		Raw:  func() (func() error, error) { return func() error { return nil }, nil },
		Size: func() (int, int) { return 40, 10 },
	}, lineedit.Options{
		Prompt: "> ", More: ". ", History: entries{"first;", "the second\nof two lines;", "third;"},
		Complete: func(text string) bool { return strings.HasSuffix(text, ";") },
		Suggest: func(before, _ string) (string, []string) {
			switch {
			case strings.HasSuffix(before, "na"):
				return "na", []string{"name", "names"}
			case strings.HasSuffix(before, "odd"):
				return "odd", []string{`"Odd A"`, `"Odd B"`}
			case strings.HasSuffix(before, "far"):
				return "far", []string{"x", "y"}
			case strings.HasSuffix(before, "one"):
				return "one", []string{`"O"`}
			default:
				return "", nil
			}
		},
	})
}

func TestKeys(t *testing.T) {
	t.Parallel()
	for keys, want := range map[string]string{
		"abc;\r":                          "abc;",
		"typed\rin two;\r":                "typed\nin two;",
		"ac\x1b[Db\x1b[C;\r":              "abc;",
		"bc;\x01a\r":                      "abc;",
		"abx\x7fc;\r":                     "abc;",
		"xabc;\x01\x04\r":                 "abc;",
		"xabc;\x1b[H\x1b[3~\r":            "abc;",
		"one two\x17three;\r":             "one three;",
		"one two\x15three;\r":             "three;",
		"one two\x01\x0bx;\r":             "x;",
		"b a;\x01\x1bd\x05\x19\r":         "", // ends with b, not with ;
		"one;\x1b[1;5D\x1b[1;5Dx\r":       "xone;",
		"täst\x7f\x7f\x7ffel;\r":          "tfel;",
		"\x1b[200~a\rb;\rc\x1b[201~;\r":   "a\nb;\nc;",
		"a\x1b\rb;\r":                     "a\nb;",
		"ab\rcd;\x1b[A\x1b[Dx\x1b[B\r":    "axb\ncd;",
		"\x1b[A\r":                        "third;",
		"\x1b[A\x1b[A\x1b[A\x1b[A\r":      "first;",
		"new;\x1b[A\x1b[B\r":              "new;",
		"\x10\x10\x0e\r":                  "third;",
		"\x12two\r\r":                     "the second\nof two lines;",
		"\x12ir\x12\r\r":                  "first;",
		"mine;\x12first\x07\r":            "mine;",
		"na\t;\r":                         "name;",
		"na\t\t;\r":                       "name;",
		"x\t;\r":                          "x;",
		"an odd\tA\";\r":                  "an \"Odd A\";",
		"far\t;\r":                        "far;",
		"the one;\x1b[D\t\x05\r":          "the \"O\";",
		"\x1b[99Zunknown keys\x1b[15~;\r": "unknown keys;",
	} {
		got, err := editor(keys).Read()
		if want == "" {
			require.ErrorIs(t, err, io.EOF, "%q", keys)
			continue
		}
		require.NoError(t, err, "%q", keys)
		require.Equal(t, want, got, "%q", keys)
	}
}

func TestEnds(t *testing.T) {
	t.Parallel()
	_, err := editor("\x04").Read()
	require.ErrorIs(t, err, io.EOF)
	_, err = editor("hung up").Read()
	require.ErrorIs(t, err, io.EOF)
	e := editor("some\x03more;\rtyped ahead;\r")
	_, err = e.Read()
	require.ErrorIs(t, err, lineedit.ErrInterrupt)
	for _, want := range []string{"more;", "typed ahead;"} {
		got, err := e.Read()
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
}
