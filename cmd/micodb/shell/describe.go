package shell

import (
	"context"
	"strings"
)

// describing are the commands that show what there is: each is a statement.
func describing() []command {
	return []command{
		{[]string{`\d`}, "[TABLE]", "list tables and views, or the columns of one", describe},
		{[]string{`\dt`, ".tables"}, "[PATTERN]", "list tables and views; * is any text, as in sales.*", tables},
		{[]string{`\dv`}, "[PATTERN]", "list views", views},
		{[]string{`\l`, `\dn`, ".databases"}, "", "list databases", fixed("SHOW DATABASES")},
		{[]string{`\du`}, "", "list users", fixed("SHOW USERS")},
		{[]string{`\dp`, `\z`}, "[USER]", "list what a user may do", optional("SHOW GRANTS", " FOR ")},
		{[]string{`\df`}, "[PATTERN]", "list functions", functions},
		{[]string{`\dconfig`}, "", "list settings", fixed("SHOW ALL")},
		{[]string{`\sf`, ".schema"}, "TABLE", "show how a table or view is made", optional("SHOW CREATE TABLE", " ")},
	}
}

func fixed(sql string) func(context.Context, *Shell, string) error {
	return func(ctx context.Context, s *Shell, _ string) error { return s.statement(ctx, sql, s.Layout) }
}

func optional(sql, before string) func(context.Context, *Shell, string) error {
	return func(ctx context.Context, s *Shell, argument string) error {
		if argument != "" {
			argument = before + argument
		}
		return s.statement(ctx, sql+argument, s.Layout)
	}
}

func describe(ctx context.Context, s *Shell, table string) error {
	if table == "" || strings.Contains(table, "*") {
		return tables(ctx, s, table)
	}
	return s.statement(ctx, "DESCRIBE "+table, s.Layout)
}

// tables lists tables and views: without a pattern all but the system's own, with one without a database those of the
// session's.
func tables(ctx context.Context, s *Shell, pattern string) error {
	return s.list(ctx, pattern, "")
}

func views(ctx context.Context, s *Shell, pattern string) error {
	return s.list(ctx, pattern, " AND table_type = 'VIEW'")
}

// list lists the tables that a pattern and a condition leave.
func (s *Shell) list(ctx context.Context, pattern, condition string) error {
	where := "table_schema NOT IN ('information_schema', 'system')"
	if pattern != "" {
		database, table, dotted := strings.Cut(pattern, ".")
		if !dotted {
			database, table = s.database, pattern
		}
		where = "table_schema LIKE " + like(database) + " AND table_name LIKE " + like(table)
	}
	return s.statement(ctx, "SELECT table_schema AS \"database\", table_name AS name, table_type AS type "+
		"FROM information_schema.tables WHERE "+where+condition+" ORDER BY table_schema, table_name", s.Layout)
}

func functions(ctx context.Context, s *Shell, pattern string) error {
	sql := "SHOW FUNCTIONS"
	if pattern != "" {
		sql += " LIKE " + like(pattern)
	}
	return s.statement(ctx, sql, s.Layout)
}

// like makes a pattern of LIKE of one with * and ?.
func like(pattern string) string {
	return QuoteText(strings.NewReplacer("%", `\%`, "_", `\_`, "*", "%", "?", "_").Replace(pattern))
}
