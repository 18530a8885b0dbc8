package mutated

import (
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/micodb/micodb/engine/parser"
	"github.com/micodb/micodb/engine/parser/lex"
	"github.com/micodb/micodb/internal/limits"
)

// Mutator makes statements of others. What it makes follows from its seed.
type Mutator struct {
	random *rand.Rand
	pool   [][]token // of all statements
}

// token is a piece of a statement that is changed as a whole.
type token struct {
	kind lex.Kind
	text string
}

// New returns a mutator that takes pieces from the statements.
func New(seed uint64, statements []string) *Mutator {
	m := &Mutator{random: rand.New(rand.NewPCG(seed, seed))}
	for _, sql := range statements {
		if tokens := cut(sql); len(tokens) > 0 {
			m.pool = append(m.pool, tokens)
		}
	}
	return m
}

// cut returns a statement's tokens; none of a text that has none.
func cut(sql string) []token {
	text, err := lex.Tokenize(sql, limits.Defaults().Statement)
	if err != nil {
		return nil
	}
	tokens := make([]token, 0, len(text.Tokens))
	for _, t := range text.Tokens {
		if t.Kind != lex.End {
			tokens = append(tokens, token{t.Kind, sql[t.Start:t.Stop]})
		}
	}
	return tokens
}

// Mutate returns a statement with one to three changes; a text without tokens as it is. Most of what it returns parses,
// so that more than the parser is tried.
func (m *Mutator) Mutate(sql string) string {
	const tries, unparsed = 20, 12 // every so many returns the first try
	tokens := cut(sql)
	if len(tokens) == 0 {
		return sql
	}
	first := m.random.IntN(unparsed) == 0
	for range tries {
		sql = m.changed(tokens)
		if _, err := parser.Parse(sql); err == nil || first {
			break
		}
	}
	return sql
}

// changed returns the tokens with one to three changes.
func (m *Mutator) changed(tokens []token) string {
	const changes, longest = 3, 20_000
	for range 1 + m.random.IntN(changes) {
		if other := m.change(tokens); len(other) > 0 && len(other) < longest {
			tokens = other
		}
	}
	texts := make([]string, len(tokens))
	for i, t := range tokens {
		texts[i] = t.text
	}
	return strings.Join(texts, " ")
}

// change makes one change.
func (m *Mutator) change(tokens []token) []token {
	from, to := m.span(tokens)
	head, span, tail := tokens[:from], tokens[from:to], tokens[to:]
	switch m.random.IntN(14) {
	case 0:
		return join(head, tail)
	case 1:
		return join(head, span, span, tail)
	case 2: // a list grows
		return join(head, repeated(span, 1+m.random.IntN(30)), tail)
	case 3:
		return m.swap(tokens)
	case 4, 5:
		return join(head, m.foreign(), tail)
	case 6:
		return join(head, span, m.foreign(), tail)
	case 7:
		return join(head, m.nest(span), tail)
	case 8: // text of another place in the statement
		a, b := m.span(tokens)
		return join(head, tokens[a:b], tail)
	case 9, 10:
		return m.name(tokens)
	default:
		return m.extreme(tokens)
	}
}

// span picks tokens that are likely to be a whole: one, a few, or what brackets enclose.
func (m *Mutator) span(tokens []token) (from, to int) {
	from = m.random.IntN(len(tokens))
	for range 8 { // looks for a bracket, often
		if tokens[from].text == "(" || m.random.IntN(2) == 0 {
			break
		}
		from = m.random.IntN(len(tokens))
	}
	if tokens[from].text == "(" {
		depth := 0
		for i := from; i < len(tokens); i++ {
			switch tokens[i].text {
			case "(":
				depth++
			case ")":
				depth--
			}
			if depth == 0 {
				return from, i + 1
			}
		}
	}
	const few = 4
	return from, min(len(tokens), from+1+m.random.IntN(few))
}

// foreign returns a span of some statement.
func (m *Mutator) foreign() []token {
	of := m.pool[m.random.IntN(len(m.pool))]
	from, to := m.span(of)
	return of[from:to]
}

// swap exchanges two tokens of a kind.
func (m *Mutator) swap(tokens []token) []token {
	out := join(tokens)
	i, j := m.random.IntN(len(out)), m.random.IntN(len(out))
	for range 20 {
		if out[i].kind == out[j].kind {
			break
		}
		j = m.random.IntN(len(out))
	}
	out[i], out[j] = out[j], out[i]
	return out
}

// name puts a word in the place of another one: of the same statement or of any.
func (m *Mutator) name(tokens []token) []token {
	of := tokens
	if m.random.IntN(2) == 0 {
		of = m.pool[m.random.IntN(len(m.pool))]
	}
	out := join(tokens)
	i, ok := m.find(out, lex.Word, lex.Quoted)
	j, has := m.find(of, lex.Word, lex.Quoted)
	if ok && has {
		out[i] = of[j]
	}
	return out
}

// extreme puts a value at some border in the place of a literal, or of a name where there is none.
func (m *Mutator) extreme(tokens []token) []token {
	out := join(tokens)
	i, ok := m.find(out, lex.Integer, lex.Decimal, lex.Float, lex.String, lex.Hex)
	if !ok || m.random.IntN(6) == 0 {
		if i, ok = m.find(out, lex.Word); !ok {
			return out
		}
	}
	values := extremes()
	out[i] = token{lex.Integer, values[m.random.IntN(len(values))]}
	return out
}

// find picks a token of one of the kinds.
func (m *Mutator) find(tokens []token, kinds ...lex.Kind) (at int, ok bool) {
	for range 20 {
		at = m.random.IntN(len(tokens))
		if slices.Contains(kinds, tokens[at].kind) {
			return at, true
		}
	}
	return 0, false
}

// nest puts tokens deep into others.
func (m *Mutator) nest(span []token) []token {
	around := [][2]string{
		{"(", ")"},
		{"NOT (", ")"},
		{"- (", ")"},
		{"CASE WHEN TRUE THEN ", " END"},
		{"(SELECT ", ")"},
		{"coalesce(", ", 1)"},
		{"[", "]"},
		{"abs(", ")"},
		{"CAST(", " AS VARCHAR)"},
		{"(SELECT * FROM ", ")"},
		{"1 + (", ")"},
		{"EXISTS (", ")"},
		{"sum(", ")"},
		{"sum(", ") OVER ()"},
		{"{'a': ", "}"},
		{"NOT ", ""},
		{"", " + 1"},
		{"", "::TEXT"},
		{"", " || 'a'"},
		{"", " IS NULL"},
		{"- ", ""},
		{"(", ") UNION (SELECT 1)"},
	}[m.random.IntN(22)]
	depth := []int{1, 1, 1, 2, 3, 10, 60, 99, 100, 101, 150, 1000}[m.random.IntN(12)]
	return join(repeated(loose(around[0]), depth), span, repeated(loose(around[1]), depth))
}

// loose takes a piece of text that is none by itself: its brackets have their partners elsewhere.
func loose(text string) []token {
	if text == "" {
		return nil
	}
	return []token{{lex.Symbol, text}}
}

func repeated(span []token, times int) []token {
	var out []token
	for range times {
		out = append(out, span...)
	}
	return out
}

// join returns the parts one behind the other, in an array of their own.
func join(parts ...[]token) []token {
	var out []token
	for _, p := range parts {
		out = append(out, p...)
	}
	return out
}

// extremes are values at the borders of types, and of what functions expect.
func extremes() []string {
	return []string{
		"0", "1", "-1", "127", "128", "255", "256", "-129", "32768", "65536", "2147483647", "2147483648",
		"-2147483649", "9223372036854775807", "9223372036854775808", "-9223372036854775808",
		"-9223372036854775809", "18446744073709551615", "18446744073709551616", strings.Repeat("9", 38),
		strings.Repeat("9", 39), "-" + strings.Repeat("9", 38), "1" + strings.Repeat("0", 400), "0.5", "-0.5",
		"0." + strings.Repeat("0", 37) + "1", "0." + strings.Repeat("3", 60), "1e308", "-1e308", "1e309",
		"5e-324", "1e-400", "CAST('NaN' AS DOUBLE)", "CAST('Infinity' AS DOUBLE)",
		"CAST('-Infinity' AS DOUBLE)", "CAST(-0.0 AS DOUBLE)", "CAST(-0.0 AS FLOAT)", "NULL", "TRUE", "FALSE",
		"''", "' '", "'a'", "'%'", `'\'`, "'é'", "'\U0010ffff'", "'日本語'", "'(['", "'(a*)*b'",
		"'" + strings.Repeat("x", 5000) + "'", "'" + strings.Repeat("%_", 200) + "'",
		"'{\"a\": [1, {\"b\": null}]}'", "'" + strings.Repeat("[", 2000) + "'", "'$.a[*]'", "'$'", "'1e5000'",
		"'0x1F'", "'12:34:56'", "'NaN'", "X''", "X'00'", "X'ff00ff'", "DATE '0001-01-01'", "DATE '9999-12-31'",
		"DATE '2024-02-29'", "TIMESTAMP '1677-09-21 00:12:44'", "TIMESTAMP '2262-04-11 23:47:16.854775807'",
		"TIMESTAMP '9999-12-31 23:59:59.999999'", "CAST('2024-02-29 12:00:00' AS TIMESTAMP(9))",
		"TIMESTAMPTZ '2024-01-01 00:00:00+14:00'", "TIME '23:59:59.999999999'", "INTERVAL '1' DAY",
		"INTERVAL '2147483647' MONTH", "INTERVAL '-9223372036854775807' SECOND", "INTERVAL '0' SECOND",
		"CAST(1 AS DECIMAL(38,38))", "CAST(9 AS DECIMAL(38,0))", "CAST(1.5 AS FLOAT)",
		"CAST(255 AS TINYINT UNSIGNED)", "CAST(NULL AS VARCHAR)", "CAST(NULL AS BIGINT)",
		"CAST('00000000-0000-0000-0000-000000000000' AS UUID)", "CAST('[1,2]' AS JSON)", "[]", "[NULL]",
		"[1, 2, 3]", "[[1], [2]]", "{'a': 1, 'b': 'x'}", "()", "(1, 2)", "*", "?", "$1", "(SELECT 1)",
		"(SELECT NULL)", "(SELECT 1 WHERE FALSE)", "(SELECT 1 UNION ALL SELECT 2)", "random()",
		"rank() OVER ()", "count(*)", "sum(1)",
	}
}
