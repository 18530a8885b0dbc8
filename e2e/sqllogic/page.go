package sqllogic

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/micodb/micodb/engine/parser"
	"github.com/micodb/micodb/internal/sqlerr"
)

// Example is a block of SQL on a page of documentation with what it answers.
type Example struct {
	Line   int // of the opening fence, from 1
	SQL    string
	Answer []string // the lines of the answer; nil: it shall succeed
	first  int      // the lines of Answer on the page, from 0: [first, last)
	last   int
}

// ParsePage reads the examples of a page in Markdown: blocks fenced as sql. The answer of an example is a block fenced
// as text that follows it with nothing but empty lines between.
func ParsePage(content string) ([]Example, error) {
	lines := strings.Split(content, "\n")
	var examples []Example
	open := -1 // the example that an answer may follow
	for i := 0; i < len(lines); i++ {
		kind, fence := strings.CutPrefix(lines[i], "```")
		if !fence {
			if lines[i] != "" {
				open = -1
			}
			continue
		}
		last := i + 1
		for last < len(lines) && lines[last] != "```" {
			last++
		}
		if last == len(lines) {
			return nil, fmt.Errorf("line %d: the block has no end", i+1)
		}
		switch block := lines[i+1 : last]; {
		case kind == "sql":
			open = len(examples)
			examples = append(examples, Example{Line: i + 1, SQL: strings.Join(block, "\n")})
		case kind == "text" && open >= 0:
			e := &examples[open]
			e.Answer, e.first, e.last = block, i+1, last
			open = -1
		default:
			open = -1
		}
		i = last
	}
	return examples, nil
}

// RunPage runs the examples of a page one after the other on one session. All statements of an example but the last
// shall succeed; the answer is the last one's. It returns a line for every failure, and the page with the answers that
// were given in the place of those expected.
func RunPage(ctx context.Context, content string, open Open) (failures []string, updated string, err error) {
	examples, err := ParsePage(content)
	if err != nil {
		return nil, "", err
	}
	session, err := open(ctx, Login{})
	if err != nil {
		return nil, "", err
	}
	lines := strings.Split(content, "\n")
	kept := 0
	var out []string
	for _, e := range examples {
		answer, err := e.run(ctx, session)
		switch {
		case err != nil:
			failures = append(failures, fmt.Sprintf("line %d: %v", e.Line, err))
		case e.Answer != nil && strings.Join(answer, "\n") != strings.Join(e.Answer, "\n"):
			failures = append(failures, fmt.Sprintf("line %d: the answer is\n%s", e.Line, strings.Join(answer, "\n")))
			out = append(append(out, lines[kept:e.first]...), answer...)
			kept = e.last
		}
	}
	return failures, strings.Join(append(out, lines[kept:]...), "\n"), session.Close()
}

// run returns the answer of an example: a table, or the line of an error when an answer is expected. Other errors, and
// those of statements before the last, are returned.
func (e Example) run(ctx context.Context, session Runner) ([]string, error) {
	statements, err := parser.Split(e.SQL)
	if err != nil {
		return nil, err
	}
	if len(statements) == 0 {
		return nil, fmt.Errorf("the block holds no statement")
	}
	var answer []string
	for i, sql := range statements {
		columns, rows, err := session.Exec(ctx, sql, "")
		switch {
		case err != nil && i == len(statements)-1 && e.Answer != nil:
			first, _, _ := strings.Cut(err.Error(), "\n")
			return []string{fmt.Sprintf("error %s: %s", sqlerr.CodeOf(err), first)}, nil
		case err != nil:
			return nil, fmt.Errorf("%s: %s: %w", sql, sqlerr.CodeOf(err), err)
		}
		answer = table(columns, rows)
	}
	return answer, nil
}

// table writes rows under the names of their columns, aligned.
func table(columns []string, rows [][]string) []string {
	cells := append([][]string{columns}, rows...)
	width := make([]int, len(columns))
	for _, row := range cells {
		for j := range row {
			row[j] = escape(row[j])
			width[j] = max(width[j], utf8.RuneCountInString(row[j]))
		}
	}
	rules := make([]string, len(columns))
	for j, w := range width {
		rules[j] = strings.Repeat("-", w)
	}
	lines := make([]string, 0, len(cells)+1)
	for i, row := range cells {
		for j, cell := range row {
			row[j] = cell + strings.Repeat(" ", width[j]-utf8.RuneCountInString(cell))
		}
		lines = append(lines, strings.TrimRight(strings.Join(row, " | "), " "))
		if i == 0 {
			lines = append(lines, strings.Join(rules, "-+-"))
		}
	}
	return lines
}
