package shell

import (
	"path/filepath"
	"slices"
	"strings"
)

// completer finds what may stand at the cursor. It knows no grammar: the word before decides.
type completer struct {
	catalog  catalog
	database string
}

// candidate is a word that may stand at the cursor, and of what kind it is.
type candidate struct{ text, kind string }

// The kinds of candidates, in the order in which they are shown.
const (
	ofColumn   = "column"
	ofTable    = "table"
	ofDatabase = "database"
	ofFunction = "function"
	ofKeyword  = "keyword"
	ofCommand  = "command"
)

// complete returns the start of the word at the cursor, and what may stand in its place.
func (c completer) complete(before, after string) (word string, found []candidate) {
	if isCommand(before) {
		return c.command(strings.TrimLeft(before, " "))
	}
	text := scan(before)
	if text.inside {
		return "", nil
	}
	parts := partsOf(text.last)
	at := parts[len(parts)-1]
	if !at.open {
		return text.last, c.named(text.last, c.fitting(text, after))
	}
	quote := string(at.quote)
	closed := strings.HasPrefix(after, quote)
	if _, behind, _ := strings.Cut(after, quote); strings.Count(after, quote)%2 == 1 {
		after = behind // the name ends there: the quotes would not be pairs otherwise
	}
	found = c.named(text.last, c.fitting(text, after))
	for i := range found {
		if closed {
			found[i].text = strings.TrimSuffix(found[i].text, quote)
		}
	}
	return text.last, found
}

// fitting are the candidates of a place, whatever the word there is.
func (c completer) fitting(before scanned, after string) []candidate {
	words := lastStatement(before.words)
	from := c.from(append(slices.Clip(words), firstStatement(scan(after).all())...))
	if owner := namesOf(before.last); len(owner) > 1 {
		return c.members(owner[:len(owner)-1], from)
	}
	if len(words) == 0 {
		return keywordsOf(beginnings())
	}
	switch strings.ToUpper(words[len(words)-1]) {
	case "FROM", "JOIN", "INTO", "UPDATE", "TABLE", "VIEW", "DESCRIBE", "TRUNCATE", "EXISTS", "DESC":
		return c.tablesAndDatabases()
	case "USE", "DATABASE", "SCHEMA":
		return ofKind(ofDatabase, c.catalog.databases())
	case ",":
		if clause(words) == "FROM" {
			return c.tablesAndDatabases()
		}
	}
	var out []candidate
	for _, t := range from {
		out = append(out, ofKind(ofColumn, c.catalog.columns(t.name, c.database))...)
	}
	for _, t := range from {
		out = append(out, candidate{t.alias, ofTable})
	}
	out = append(out, ofKind(ofFunction, c.catalog.functions)...)
	return append(out, keywordsOf(keywords())...)
}

// clause is the last keyword that begins a clause.
func clause(words []string) string {
	for _, w := range slices.Backward(words) {
		switch w = strings.ToUpper(w); w {
		case "SELECT", "FROM", "WHERE", "BY", "HAVING", "ON", "SET", "VALUES", "(":
			return w
		}
	}
	return ""
}

func firstStatement(words []string) []string {
	if i := slices.Index(words, ";"); i >= 0 {
		return words[:i]
	}
	return words
}

func lastStatement(words []string) []string {
	for i, w := range slices.Backward(words) {
		if w == ";" {
			return words[i+1:]
		}
	}
	return words
}

// source is a table that a statement reads, and the name that it has there.
type source struct {
	name  []string
	alias string
}

// from finds the tables of a statement's words.
func (c completer) from(words []string) []source {
	var found []source
	for i := 0; i < len(words); i++ {
		switch strings.ToUpper(words[i]) {
		case "FROM", "JOIN", "UPDATE", "INTO":
		case ",":
			if clause(words[:i]) != "FROM" {
				continue
			}
		default:
			continue
		}
		if i+1 >= len(words) || c.catalog.columns(namesOf(words[i+1]), c.database) == nil {
			continue
		}
		i++
		s := source{name: namesOf(words[i])}
		s.alias = s.name[len(s.name)-1]
		if i+1 < len(words) && strings.EqualFold(words[i+1], "AS") {
			i++
		}
		if i+1 < len(words) && isAlias(words[i+1]) {
			i++
			s.alias = partsOf(words[i])[0].name
		}
		found = append(found, s)
	}
	return found
}

func isAlias(word string) bool {
	return nameLength(word) > 0 && !slices.Contains(keywords(), strings.ToUpper(word))
}

// members are what may stand after a dot: the columns of a table or alias, or the tables of a database.
func (c completer) members(owner []string, from []source) []candidate {
	var out []candidate
	for _, s := range from {
		if len(owner) == 1 && strings.EqualFold(s.alias, owner[0]) {
			out = append(out, ofKind(ofColumn, c.catalog.columns(s.name, c.database))...)
		}
	}
	if len(out) == 0 {
		out = ofKind(ofColumn, c.catalog.columns(owner, c.database))
	}
	if len(owner) == 1 {
		out = append(out, ofKind(ofTable, sortedKeys(c.catalog.database(owner[0])))...)
	}
	return out
}

func (c completer) tablesAndDatabases() []candidate {
	tables := ofKind(ofTable, sortedKeys(c.catalog.database(c.database)))
	return append(tables, ofKind(ofDatabase, c.catalog.databases())...)
}

// command completes a command and its argument.
func (c completer) command(line string) (word string, found []candidate) {
	name, argument, spaced := strings.Cut(line, " ")
	if !spaced {
		var all []string
		for _, k := range commands() {
			all = append(all, k.names...)
		}
		return name, begun(name, ofKind(ofCommand, all))
	}
	argument = strings.TrimLeft(argument, " ")
	switch name {
	case `\d`, `\sf`, ".schema":
		last := scan(argument).last
		if owner := namesOf(last); len(owner) > 1 {
			return last, c.named(last, c.members(owner[:len(owner)-1], nil))
		}
		return last, c.named(last, c.tablesAndDatabases())
	case `\dt`, ".tables": // a pattern, which knows no quotes
		if owner, table, dotted := strings.Cut(argument, "."); dotted {
			return table, begun(table, ofKind(ofTable, sortedKeys(c.catalog.database(owner))))
		}
		return argument, begun(argument, c.tablesAndDatabases())
	case `\c`, `\connect`, `\use`:
		last := scan(argument).last
		return last, c.named(last, ofKind(ofDatabase, c.catalog.databases()))
	case `\format`, ".mode":
		return argument, begun(argument, ofKind(ofKeyword, []string{Table, CSV, JSON, NDJSON, Markdown, Arrow}))
	case `\pset`:
		settings := []string{"format", "expanded", "null", "pager", "maxrows"}
		return argument, begun(argument, ofKind(ofKeyword, settings))
	case `\i`, `\include`, ".read", `\o`, `\output`, ".output":
		files, err := filepath.Glob(argument + "*")
		if err != nil {
			return "", nil
		}
		return argument, ofKind("file", files)
	default:
		return "", nil
	}
}

func ofKind(kind string, texts []string) []candidate {
	out := make([]candidate, len(texts))
	for i, t := range texts {
		out[i] = candidate{t, kind}
	}
	return out
}

// named keeps the candidates that the last name of a word begins, as they stand in the word's place: in quotes where
// the name needs them, or where they are open. A name that is closed has nothing to complete.
func (completer) named(word string, all []candidate) []candidate {
	parts := partsOf(word)
	last := parts[len(parts)-1]
	if last.quote != 0 && !last.open {
		return nil
	}
	owner := word[:last.start]
	var out []candidate
	for _, c := range matching(last.name, all) {
		switch name := c.kind == ofColumn || c.kind == ofTable || c.kind == ofDatabase; {
		case last.open && !name:
			continue
		case last.open:
			c.text = inQuotes(c.text, last.quote)
		case name && !plain(c.text, owner != ""):
			c.text = inQuotes(c.text, '"')
		default:
			c = c.after(last.name)
		}
		c.text = owner + c.text
		out = append(out, c)
	}
	return each(out)
}

// begun keeps the candidates that a word begins, which are no names of SQL.
func begun(word string, all []candidate) []candidate {
	out := matching(word, all)
	for i, c := range out {
		out[i] = c.after(word)
	}
	return each(out)
}

// matching returns the candidates that begin with a word, whatever its case.
func matching(word string, all []candidate) []candidate {
	var out []candidate
	for _, c := range all {
		if len(c.text) >= len(word) && strings.EqualFold(c.text[:len(word)], word) {
			out = append(out, c)
		}
	}
	return out
}

// each returns the candidates once: those that differ only in their case are the same.
func each(all []candidate) []candidate {
	seen := map[string]bool{}
	return slices.DeleteFunc(all, func(c candidate) bool {
		text := strings.ToLower(c.text)
		again := seen[text]
		seen[text] = true
		return again
	})
}

// after returns the candidate with the letters of its beginning as they were typed; keywords go on in their case.
func (c candidate) after(word string) candidate {
	rest := c.text[len(word):]
	if c.kind == ofKeyword && strings.ToLower(word) == word && word != "" {
		rest = strings.ToLower(rest)
	}
	return candidate{word + rest, c.kind}
}
