package parser

import (
	"context"
	"fmt"
	"sort"
	"strings"

	"github.com/dolthub/vitess/go/vt/sqlparser"
	"github.com/dolthub/vitess/go/vt/vterrors"

	"github.com/micodb/micodb/internal/sqlerr"
)

// parse hands what was written to the grammar; end is the token after it, where a premature end is.
func (r *rewriter) parse(end int) (sqlparser.SelectStatement, error) {
	r.out.WriteByte(' ') // so that the last token's end is not the text's
	text := r.out.String()
	tree, err := grammar(text)
	if err != nil {
		return nil, r.explain(err, text, end)
	}
	query, ok := tree.(sqlparser.SelectStatement)
	if !ok {
		return nil, r.fail(r.token(0, end), "the statement does not parse")
	}
	return query, nil
}

// grammar calls sqlparser, whose panics become errors.
func grammar(text string) (tree sqlparser.Statement, err error) {
	defer func() {
		if r := recover(); r != nil {
			tree, err = nil, fmt.Errorf("sqlparser: %v", r)
		}
	}()
	return sqlparser.ParseWithOptions(context.Background(), text, sqlparser.ParserOptions{AnsiQuotes: true})
}

// offset returns where in the grammar's text an error stands: the end of the token that it could not take.
func offset(err error) (int, bool) {
	syntax, ok := vterrors.AsSyntaxError(err)
	return syntax.Position - 1, ok
}

// token returns the token that a place in the grammar's text stands for.
func (r *rewriter) token(at, end int) int {
	if at >= r.out.Len() || len(r.spans) == 0 {
		return end
	}
	n := sort.Search(len(r.spans), func(i int) bool { return r.spans[i].start >= at })
	return r.spans[max(n-1, 0)].token
}

// explain makes the user's error of one of the grammar's.
func (r *rewriter) explain(err error, text string, end int) error {
	at, ok := offset(err)
	switch {
	case !ok:
		return sqlerr.Wrap(err, sqlerr.SyntaxError, "the statement does not parse").At(r.tokens[r.token(0, end)].At)
	case strings.Contains(err.Error(), "max nesting level"):
		return r.tooDeep(r.token(at, end))
	}
	token := r.token(at, end)
	cut := len(text)
	if at < len(text) {
		n := sort.Search(len(r.spans), func(i int) bool { return r.spans[i].start >= at })
		cut = r.spans[max(n-1, 0)].start
	}
	found := r.tokens[token].Show(r.text.SQL)
	if token == end && end < len(r.tokens)-1 && !strings.ContainsAny(found, ")],") {
		found = "the end of the clause before " + found
	}
	e := r.fail(token, "found %s", found)
	if expected := probe(text[:cut]); expected != "" {
		e = r.fail(token, "found %s, expected %s", found, expected)
	}
	return e
}

// probe asks the grammar what could stand after a beginning: it tries candidates and sees whether the error
// moves behind them.
func probe(before string) string {
	const longest = 16 << 10 // of the beginning: each candidate costs a parse
	if len(before) > longest {
		return ""
	}
	takes := func(candidate string) bool {
		text := before + " " + candidate + " "
		_, err := grammar(text)
		at, ok := offset(err)
		return err == nil || ok && at >= len(text)
	}
	var expected []string
	for _, c := range []struct{ candidate, shown string }{
		{":v0", "an expression"},
		{"`0`", "a name"},
		{"+", "an operator"},
		{"(", `"("`},
		{")", `")"`},
		{",", `","`},
		{"AS", "AS"},
		{"ON", "ON"},
		{"USING", "USING"},
		{"BY", "BY"},
		{"JOIN", "JOIN"},
		{"AND", "AND"},
		{"THEN", "THEN"},
		{"WHEN", "WHEN"},
		{"FROM", "FROM"},
		{"WHERE", "WHERE"},
		{"IN", "IN"},
		{"LIKE", "LIKE"},
		{"NULL", "NULL"},
		{"SELECT", "SELECT"},
	} {
		if c.candidate == "`0`" && len(expected) > 0 || c.candidate == "(" && len(expected) > 0 ||
			len(expected) > 0 && expected[0] == "an expression" {
			continue
		}
		if takes(c.candidate) {
			expected = append(expected, c.shown)
		}
	}
	if _, err := grammar(before); err == nil {
		expected = append(expected, "the end of the query")
	}
	if len(expected) < 2 {
		return strings.Join(expected, "")
	}
	last := len(expected) - 1
	return strings.Join(expected[:last], ", ") + " or " + expected[last]
}
