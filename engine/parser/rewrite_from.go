package parser

import (
	"strings"

	"github.com/micodb/micodb/engine/parser/lex"
)

// from writes the tables and joins in [lo, hi).
func (r *rewriter) from(lo, hi int) error {
	wanted := true // a table comes next
	for i := lo; i < hi; {
		var err error
		switch {
		case wanted && !r.is(i, "LATERAL"):
			i, err = r.table(i, hi)
			wanted = false
		case r.joinKind(i) != "":
			err = r.unsupported(i, r.joinKind(i))
		case r.isJoinModifier(i): // the grammar has none
			r.side[i] = joinModifier(r.tokens[i].Upper)
			i++
		case r.isSymbol(i, ",") || r.is(i, "JOIN"):
			r.keyword(i)
			i, wanted = i+1, true
		case r.is(i, "ON") && i+1 < hi:
			r.keyword(i)
			end := r.joinEnd(i+1, hi)
			err = r.exprs(i+1, end)
			i = end
		case r.is(i, "USING") && r.isSymbol(i+1, "("):
			r.keyword(i)
			err = r.names(i + 1)
			i = r.tokens[i+1].Match + 1
		case r.is(i, "FOR"):
			err = r.unsupported(i, "FOR UPDATE")
		default:
			r.any(i)
			i++
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// joinEnd returns where the condition of a join ends.
func (r *rewriter) joinEnd(lo, hi int) int {
	for i := lo; i < hi; i = r.skip(i) {
		if r.isSymbol(i, ",") || r.isKeyword(i, "JOIN", "ON", "USING") || r.isJoinWord(i) {
			return i
		}
	}
	return hi
}

// isJoinWord reports whether a token begins a join, and is not the function left or right.
func (r *rewriter) isJoinWord(i int) bool {
	return r.isKeyword(i, "NATURAL", "INNER", "LEFT", "RIGHT", "FULL", "CROSS") && !r.isSymbol(i+1, "(") ||
		r.joinKind(i) != "" || r.isJoinModifier(i)
}

// joinKind returns the kind of a join that is not supported and that the grammar would read as an alias.
func (r *rewriter) joinKind(i int) string {
	if r.is(i, "POSITIONAL", "GLOBAL", "ANY", "STRAIGHT") && r.beginsJoin(i+1) {
		return r.tokens[i].Upper + " JOIN"
	}
	return ""
}

// isJoinModifier reports whether a token says how a join matches: the grammar would read it as an alias.
func (r *rewriter) isJoinModifier(i int) bool {
	return r.is(i, "ASOF") && r.beginsJoin(i+1) || r.is(i, "SEMI", "ANTI") && r.is(i+1, "JOIN")
}

// beginsJoin reports whether a token is JOIN, or a kind of join before it.
func (r *rewriter) beginsJoin(i int) bool {
	return r.is(i, "JOIN") || r.is(i, "LEFT", "RIGHT", "INNER", "FULL") && r.is(i+1, "JOIN", "OUTER")
}

// table writes one table, query, function or bracketed join with its alias, and returns the index after it.
func (r *rewriter) table(i, hi int) (int, error) {
	switch {
	case r.isSymbol(i, "("):
		return r.bracket(i, hi)
	case r.tokens[i].Kind == lex.String:
		if err := r.file(i); err != nil {
			return 0, err
		}
		r.mark(i)
		return r.alias(i+1, hi, -1)
	case !r.tokens[i].IsName() || r.isReserved(i):
		return 0, r.unexpected(i, "a table, a function or a query in brackets")
	}
	r.mark(i)
	names, next := r.chain(i)
	if len(names) > 3 {
		return 0, r.unexpected(i+6, "at most catalog.database.table")
	}
	if r.isSymbol(next, "(") && next < hi {
		m := r.tokens[next].Match
		call := tableCall{}
		if next+1 < m {
			args, err := r.parseExprs(next+1, m)
			if err != nil {
				return 0, err
			}
			call.args = args
		}
		r.side[i] = call
		next = m + 1
		if r.is(next, "WITH") && r.is(next+1, "ORDINALITY") {
			call.ordinality = true
			r.side[i] = call
			next += 2
		}
	}
	next, version, err := r.asOf(next, hi)
	if err != nil {
		return 0, err
	}
	if _, call := r.side[i]; version && !call {
		r.side[i] = asOfVersion{}
	}
	return r.alias(next, hi, -1)
}

// file keeps 'f.parquet' aside as a call of the function that reads such files.
func (r *rewriter) file(i int) error {
	name := strings.ToLower(r.tokens[i].Text)
	for _, f := range []struct{ suffix, function string }{
		{".parquet", "read_parquet"},
		{".csv", "read_csv"},
		{".csv.gz", "read_csv"},
		{".json", "read_json"},
		{".ndjson", "read_json"},
		{".jsonl", "read_json"},
	} {
		if strings.HasSuffix(name, f.suffix) {
			r.side[i] = f.function
			return nil
		}
	}
	return r.unexpected(i, "a table, or a file that ends in .parquet, .csv, .json, .ndjson or .jsonl")
}

// bracket writes (query) or (join).
func (r *rewriter) bracket(i, hi int) (int, error) {
	m := r.tokens[i].Match
	r.keyword(i)
	if r.isQuery(i+1, m) {
		if err := r.query(i+1, m); err != nil {
			return 0, err
		}
		r.keyword(m)
		return r.alias(m+1, hi, i)
	}
	if i+1 == m {
		return 0, r.unexpected(m, "a table or a query")
	}
	if err := r.from(i+1, m); err != nil {
		return 0, err
	}
	r.keyword(m)
	if next := m + 1; next < hi && (r.is(next, "AS") || r.isAlias(next)) {
		return 0, r.unsupported(next, "an alias for a bracketed join")
	}
	return m + 1, nil
}

// asOfVersion is kept aside for a table that is read AS OF VERSION, and not as of a time.
type asOfVersion struct{}

// asOf writes AS OF t, also in its form FOR SYSTEM_TIME AS OF t, and AS OF VERSION n, also in its form
// FOR SYSTEM_VERSION AS OF n.
func (r *rewriter) asOf(i, hi int) (next int, version bool, err error) {
	if r.is(i, "FOR") && r.is(i+1, "SYSTEM_TIME", "SYSTEM_VERSION", "VERSION") && r.is(i+2, "AS") {
		version = !r.is(i+1, "SYSTEM_TIME")
		i += 2
	}
	if !r.is(i, "AS") || !r.is(i+1, "OF") || i+2 >= hi {
		return i, false, nil
	}
	r.emit(i, "AS OF")
	first := i + 2
	if r.is(first, "VERSION") && first+1 < hi {
		version = true
		first++
	}
	end := first
	if !version && r.is(end, "DATE", "TIME", "TIMESTAMP") && r.tokens[end+1].Kind == lex.String {
		end++
	}
	end = r.skip(end)
	if r.isSymbol(end, "(") && r.tokens[end-1].IsName() {
		end = r.skip(end)
	}
	return end, version, r.exprs(first, end)
}

// isAlias reports whether a token can be a table's alias without AS.
func (r *rewriter) isAlias(i int) bool {
	return r.tokens[i].IsName() && !r.isReserved(i) && r.joinKind(i) == "" && !r.isJoinModifier(i)
}

// alias writes [AS] name and keeps (columns) aside; where there is none and the grammar wants one, the token at
// anchor becomes it. It returns the index after it.
func (r *rewriter) alias(i, hi, anchor int) (int, error) {
	named := i < hi && r.is(i, "AS")
	if named {
		i++
		if !r.tokens[i].IsName() || i >= hi {
			return 0, r.unexpected(i, "an alias")
		}
	}
	if i < hi && !named {
		if kind := r.joinKind(i); kind != "" {
			return 0, r.unsupported(i, kind)
		}
		if r.is(i, "TABLESAMPLE", "PIVOT", "UNPIVOT", "PARTITION", "MATCH_RECOGNIZE") {
			return 0, r.unsupported(i, r.tokens[i].Upper)
		}
	}
	if i >= hi || !named && !r.isAlias(i) {
		if anchor >= 0 {
			r.emit(anchor, "AS")
			r.mark(anchor)
		}
		return i, nil
	}
	r.emit(i, "AS")
	r.mark(i)
	if !r.isSymbol(i+1, "(") || i+1 >= hi {
		return i + 1, nil
	}
	columns, err := r.nameList(i + 1)
	if err != nil {
		return 0, err
	}
	r.side[i] = columns
	return r.tokens[i+1].Match + 1, nil
}
