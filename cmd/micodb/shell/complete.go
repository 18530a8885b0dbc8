package shell

import (
	"path/filepath"
	"slices"
	"strings"
	"unicode"
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

// complete returns the start of the word at the cursor, and what it may become.
func (c completer) complete(before, after string) (word string, found []candidate) {
	if isCommand(before) {
		return c.command(strings.TrimLeft(before, " "))
	}
	if quoted(before) {
		return "", nil
	}
	word = lastWord(before)
	return word, c.named(word, c.fitting(word, before, after))
}

// quoted tells whether a text ends within a string or a comment.
func quoted(text string) bool {
	for i := 0; i < len(text); i++ {
		switch rest := text[i:]; {
		case rest[0] == '\'':
			n := strings.IndexByte(rest[1:], '\'')
			if n < 0 {
				return true
			}
			i += n + 1
		case strings.HasPrefix(rest, "--"):
			n := strings.IndexByte(rest, '\n')
			if n < 0 {
				return true
			}
			i += n
		case strings.HasPrefix(rest, "/*"):
			n := strings.Index(rest, "*/")
			if n < 0 {
				return true
			}
			i += n + 1
		}
	}
	return false
}

func inWord(r rune) bool { return r == '_' || r == '.' || unicode.IsLetter(r) || unicode.IsDigit(r) }

// lastWord is the name, or the dotted names, that a text ends with.
func lastWord(text string) string {
	return text[strings.LastIndexFunc(text, func(r rune) bool { return !inWord(r) })+1:]
}

// wordsOf are the names and keywords of a text. Strings are left out, quoted names are bare.
func wordsOf(text string) []string {
	var words []string
	for i := 0; i < len(text); {
		switch c := text[i]; {
		case c == '\'':
			n := strings.IndexByte(text[i+1:], '\'')
			if n < 0 {
				return words
			}
			i += n + 2
		case inWord(rune(c)) || c >= 0x80:
			j := i + strings.IndexFunc(text[i:]+" ", func(r rune) bool { return !inWord(r) })
			words = append(words, text[i:j])
			i = j
		case strings.IndexByte(",;()", c) >= 0:
			words = append(words, text[i:i+1])
			i++
		default:
			i++
		}
	}
	return words
}

// fitting are the candidates of a place, whatever the word there is.
func (c completer) fitting(word, before, after string) []candidate {
	before = before[strings.LastIndexByte(before, ';')+1 : len(before)-len(word)]
	words := wordsOf(before)
	from := c.from(append(words, wordsOf(firstStatement(after))...))
	if owner, _, dotted := cutLast(word); dotted {
		return c.members(owner, from)
	}
	if len(words) == 0 {
		return keywordsOf(beginnings())
	}
	switch strings.ToUpper(words[len(words)-1]) {
	case "FROM", "JOIN", "INTO", "UPDATE", "TABLE", "DESCRIBE", "TRUNCATE", "EXISTS", "DESC":
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

func firstStatement(text string) string {
	text, _, _ = strings.Cut(text, ";")
	return text
}

func cutLast(word string) (before, after string, found bool) {
	i := strings.LastIndexByte(word, '.')
	if i < 0 {
		return "", word, false
	}
	return word[:i], word[i+1:], true
}

// source is a table that a statement reads, and the name that it has there.
type source struct{ name, alias string }

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
		if i+1 >= len(words) || c.catalog.columns(words[i+1], c.database) == nil {
			continue
		}
		i++
		s := source{name: words[i]}
		_, s.alias, _ = cutLast(s.name)
		if i+1 < len(words) && strings.EqualFold(words[i+1], "AS") {
			i++
		}
		if i+1 < len(words) && isAlias(words[i+1]) {
			i++
			s.alias = words[i]
		}
		found = append(found, s)
	}
	return found
}

func isAlias(word string) bool {
	return inWord(rune(word[0])) && !slices.Contains(keywords(), strings.ToUpper(word))
}

// members are what may stand after a dot: the columns of a table or alias, or the tables of a database.
func (c completer) members(owner string, from []source) []candidate {
	var out []candidate
	add := func(kind string, names []string) {
		for _, n := range names {
			out = append(out, candidate{owner + "." + n, kind})
		}
	}
	for _, s := range from {
		if strings.EqualFold(s.alias, owner) {
			add(ofColumn, c.catalog.columns(s.name, c.database))
		}
	}
	if len(out) == 0 {
		add(ofColumn, c.catalog.columns(owner, c.database))
	}
	for _, t := range sortedKeys(c.catalog.database(owner)) {
		out = append(out, candidate{owner + "." + t, ofTable})
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
		return name, c.named(name, ofKind(ofCommand, all))
	}
	argument = strings.TrimLeft(argument, " ")
	switch name {
	case `\d`, `\dt`, `\sf`, ".tables", ".schema":
		if owner, _, dotted := cutLast(argument); dotted {
			return argument, c.named(argument, c.members(owner, nil))
		}
		return argument, c.named(argument, c.tablesAndDatabases())
	case `\c`, `\connect`, `\use`:
		return argument, c.named(argument, ofKind(ofDatabase, c.catalog.databases()))
	case `\format`, ".mode":
		return argument, c.named(argument, ofKind(ofKeyword, []string{Table, CSV, JSON, NDJSON, Markdown, Arrow}))
	case `\pset`:
		settings := []string{"format", "expanded", "null", "pager", "maxrows"}
		return argument, c.named(argument, ofKind(ofKeyword, settings))
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

// named keeps the candidates that begin with a word, each once. The word's letters stay as they were typed, and
// keywords go on in their case.
func (completer) named(word string, all []candidate) []candidate {
	var out []candidate
	seen := map[string]bool{}
	for _, c := range all {
		if len(c.text) < len(word) || !strings.EqualFold(c.text[:len(word)], word) || seen[strings.ToLower(c.text)] {
			continue
		}
		seen[strings.ToLower(c.text)] = true
		rest := c.text[len(word):]
		if c.kind == ofKeyword && strings.ToLower(word) == word && word != "" {
			rest = strings.ToLower(rest)
		}
		out = append(out, candidate{word + rest, c.kind})
	}
	return out
}
