package regex_test

import (
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/engine/function/regex"
)

// TestMatch compares the matcher with regexp on every pattern and many texts.
func TestMatch(t *testing.T) {
	patterns := []string{
		"", "a", "abc", "a+b", "a*", "(ab|ba)+c", "^a", "a$", "^$", "^abc$", `\bfoo\b`, `\Boo`, "(?i)AbC", "(?i)ä", "[a-c]x",
		"[^a]b", ".", "a.c", "(?s)a.c", "(?m)^b$", "ab?c{2,3}", "a|b|", "x*y*z", "é+", "[é-ü]", "(a|ab)(c|bcd)", "(?:a.*b){2}",
		`\d+-\d+`, `^\s*$`, "(foo|bar|baz)qux", "a{0}", `\Aab\z`, "[[:alpha:]]+1", "(?i)straße", `\pL{3}`, "^(?:a|b)*c",
	}
	alphabet := []string{"a", "b", "c", "x", "\n", " ", "é", "ä", "Ä", "ß", "foo", "bar", "qux", "1", "-", "\xff", "A", "B"}
	random := rand.New(rand.NewPCG(1, 2))
	texts := []string{"", "abc", "foo", "a foo b", "abbcc", "STRASSE", "straße"}
	for range 400 {
		var b strings.Builder
		for range random.IntN(12) {
			b.WriteString(alphabet[random.IntN(len(alphabet))])
		}
		texts = append(texts, b.String())
	}
	for _, p := range patterns {
		m, err := regex.Compile(p, regex.Options{})
		require.NoError(t, err, p)
		whole, err := regex.Compile(p, regex.Options{Whole: true})
		require.NoError(t, err, p)
		want, wantWhole := regexp.MustCompile(p), regexp.MustCompile(`\A(?:`+p+`)\z`)
		for _, s := range texts {
			require.Equal(t, want.MatchString(s), m.Match([]byte(s)), "%q in %q", p, s)
			require.Equal(t, wantWhole.MatchString(s), whole.Match([]byte(s)), "%q is %q", p, s)
		}
	}
}

// TestManyStates holds a pattern whose automaton has more states than are kept to regexp's answers.
func TestManyStates(t *testing.T) {
	const pattern = "(a|b)*a(a|b){14}c"
	m, err := regex.Compile(pattern, regex.Options{})
	require.NoError(t, err)
	want := regexp.MustCompile(pattern)
	random := rand.New(rand.NewPCG(3, 4))
	for range 300 {
		text := make([]byte, 200)
		for i := range text {
			text[i] = "abababc"[random.IntN(7)]
		}
		require.Equal(t, want.Match(text), m.Match(text), "%s", text)
	}
}

func TestOptions(t *testing.T) {
	for _, c := range []struct {
		pattern, text string
		options       regex.Options
		want          bool
	}{
		{"ABC", "xabcx", regex.Options{Fold: true}, true},
		{"a.c", "abc", regex.Options{Literal: true}, false},
		{"A.C", "xa.cx", regex.Options{Literal: true, Fold: true}, true},
		{"^b", "a\nb", regex.Options{}, false},
		{"^b", "a\nb", regex.Options{Multiline: true}, true},
		{"a.b", "a\nb", regex.Options{}, false},
		{"a.b", "a\nb", regex.Options{DotLine: true}, true},
		{"a|b", "ab", regex.Options{Whole: true}, false},
	} {
		m, err := regex.Compile(c.pattern, c.options)
		require.NoError(t, err)
		require.Equal(t, c.want, m.Match([]byte(c.text)), "%+v", c)
	}
	for _, bad := range []string{"a(", "a)", "a)(b", "[z-a]", `\8`, "a{2000}", "(?<n>"} {
		_, err := regex.Compile(bad, regex.Options{Whole: true})
		require.Error(t, err, bad)
	}
}

func FuzzMatch(f *testing.F) {
	f.Add("(a|b)*c", []byte("abac"))
	f.Add(`\bx|^y$`, []byte("a\ny"))
	f.Fuzz(func(t *testing.T, pattern string, text []byte) {
		m, err := regex.Compile(pattern, regex.Options{})
		if err != nil {
			return
		}
		require.Equal(t, m.Regexp().Match(text), m.Match(text))
		require.Equal(t, m.Regexp().Match(text), m.Match(text)) // of the states that are there
	})
}

func BenchmarkMatch(b *testing.B) {
	text := []byte("carefully final deposits haggle blithely. regular requests sleep among the ironic")
	for _, p := range []string{"special.*requests", "(fluffy|slow)ly [a-z]+ packages", `[aeiou]{3}`} {
		m, err := regex.Compile(p, regex.Options{})
		require.NoError(b, err)
		b.Run(p, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				m.Match(text)
			}
		})
	}
}
