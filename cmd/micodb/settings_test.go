package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/pflag"
	"github.com/stretchr/testify/require"
)

// values returns three values of a flag's type, none of which is its default, as its String writes them.
func values(f *pflag.Flag) [3]string {
	switch f.Value.Type() {
	case "bool":
		return [3]string{"true", "false", "true"}
	case "int":
		return [3]string{"11", "12", "13"}
	case "duration":
		return [3]string{"11s", "12s", "13s"}
	case "size":
		return [3]string{"11MiB", "12MiB", "13MiB"}
	default:
		return [3]string{"first", "second", "third"}
	}
}

// Every flag of serve, now and later: the file sets it, a variable goes before the file, the flag before both.
func TestEveryFlagHasAVariableAndAKey(t *testing.T) {
	newServe().Flags().VisitAll(func(f *pflag.Flag) {
		if f.Name == "config" { // names the file: it has a variable, and no key
			return
		}
		t.Run(f.Name, func(t *testing.T) {
			v := values(f)
			file := filepath.Join(t.TempDir(), "micodb.yaml")
			require.NoError(t, os.WriteFile(file, []byte(f.Name+": "+v[0]+"\n"), 0o600))
			load := func(args ...string) string {
				fs := newServe().Flags()
				require.NoError(t, fs.Parse(args))
				require.NoError(t, loadSettings(fs, file))
				return fs.Lookup(f.Name).Value.String()
			}
			require.Equal(t, v[0], load(), "the file")
			t.Setenv("MICODB_"+strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_")), v[1])
			require.Equal(t, v[1], load(), "the variable goes before the file")
			require.Equal(t, v[2], load("--"+f.Name+"="+v[2]), "the flag goes before both")
		})
	})
}

func TestTheVariableOfConfigNamesTheFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "micodb.yaml")
	require.NoError(t, os.WriteFile(file, []byte("threads: 3\n"), 0o600))
	t.Setenv("MICODB_CONFIG", file)
	fs := newServe().Flags()
	require.NoError(t, loadSettings(fs, ""))
	require.Equal(t, "3", fs.Lookup("threads").Value.String())
}

// `micodb` alone serves with the same flags, also the old server's short ones.
func TestMicodbAloneHasTheFlagsOfServe(t *testing.T) {
	root := newRoot().Flags()
	newServe().Flags().VisitAll(func(f *pflag.Flag) {
		require.NotNil(t, root.Lookup(f.Name), f.Name)
	})
	require.NoError(t, root.Parse([]string{"-d", "elsewhere", "-p", "4000"}))
	require.Equal(t, "elsewhere", root.Lookup("data-dir").Value.String())
	require.Equal(t, "4000", root.Lookup("port").Value.String())
}

func TestSizes(t *testing.T) {
	for text, want := range map[string]int64{
		"0": 0, "1024": 1024, "7B": 7, "4KiB": 4096, "4kb": 4000, "1.5 GiB": 3 << 29, "2T": 2 << 40, "1MB": 1_000_000,
	} {
		var b byteSize
		require.NoError(t, b.Set(text), text)
		require.EqualValues(t, want, b, text)
		again := byteSize(-1)
		require.NoError(t, again.Set(b.String()))
		require.Equal(t, b, again, "%s is written as %s", text, &b)
	}
	for _, text := range []string{"", "lots", "-1", "NaN", "Inf", "1e30", "5XB", "5KiBB", "GiB"} {
		require.Error(t, new(byteSize).Set(text), text)
	}
}
