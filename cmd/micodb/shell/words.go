package shell

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/micodb/micodb/engine/parser"
)

// scanned is a text as completion sees it.
type scanned struct {
	words  []string // names with their dots and quotes, keywords, and the signs , ; ( )
	last   string   // the name or keyword that the text ends with, maybe within quotes; it is not among the words
	inside bool     // the text ends within a string or a comment
}

// all returns the words with the last one.
func (s scanned) all() []string {
	if s.last == "" {
		return s.words
	}
	return append(s.words, s.last)
}

// scan reads a text.
func scan(text string) (s scanned) {
	for len(text) > 0 {
		n := skipped(text)
		switch {
		case n < 0:
			s.inside = true
			return s
		case n > 0:
		case strings.IndexByte(",;()", text[0]) >= 0:
			n = 1
			s.words = append(s.words, text[:n])
		default:
			n = nameLength(text)
			if n == len(text) {
				s.last = text
			} else if n > 0 {
				s.words = append(s.words, text[:n])
			} else {
				_, n = utf8.DecodeRuneInString(text)
			}
		}
		text = text[n:]
	}
	return s
}

// skipped returns the length of the string or comment that a text begins with: 0 for none, -1 where it has no end.
func skipped(text string) int {
	for _, of := range [][2]string{{"'", "'"}, {"--", "\n"}, {"/*", "*/"}} {
		if !strings.HasPrefix(text, of[0]) {
			continue
		}
		n := strings.Index(text[len(of[0]):], of[1])
		if n < 0 {
			return -1
		}
		return len(of[0]) + n + len(of[1])
	}
	return 0
}

// quotes are what may stand around a name.
const quotes = "\"`"

func inWord(r rune) bool { return r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) }

// nameLength returns the length of the name, or the dotted names, that a text begins with: all of a text that ends
// within quotes.
func nameLength(text string) int {
	for i := 0; i < len(text); {
		r, n := utf8.DecodeRuneInString(text[i:])
		switch {
		case strings.ContainsRune(quotes, r):
			end := strings.IndexByte(text[i+1:], text[i])
			if end < 0 {
				return len(text)
			}
			n = end + 2
		case r != '.' && !inWord(r):
			return i
		}
		i += n
	}
	return len(text)
}

// part is a name among dotted ones.
type part struct {
	name  string
	start int  // of the part, quotes included, in the word
	quote byte // 0: none
	open  bool // the closing quote is missing
}

// partsOf takes dotted names apart. There is one at least, which may be empty.
func partsOf(word string) []part {
	parts := []part{{}}
	for i := 0; i < len(word); {
		p := &parts[len(parts)-1]
		switch c := word[i]; {
		case c == '.':
			i++
			parts = append(parts, part{start: i})
		case strings.IndexByte(quotes, c) >= 0:
			if p.quote == c {
				p.name += string(c) // a doubled one
			}
			p.quote = c
			n := strings.IndexByte(word[i+1:], c)
			if p.open = n < 0; p.open {
				n = len(word) - i - 1
			}
			p.name += word[i+1 : i+1+n]
			i = min(i+n+2, len(word))
		default:
			p.name += string(c)
			i++
		}
	}
	return parts
}

// namesOf returns dotted names without their quotes.
func namesOf(word string) []string {
	var names []string
	for _, p := range partsOf(word) {
		names = append(names, p.name)
	}
	return names
}

// plain tells whether a name is read back as it is, without quotes.
func plain(name string, dotted bool) bool {
	first, _ := utf8.DecodeRuneInString(name)
	odd := func(r rune) bool { return !inWord(r) || unicode.ToLower(r) != r }
	if name == "" || unicode.IsDigit(first) || strings.ContainsFunc(name, odd) {
		return false
	}
	_, reserved := slices.BinarySearch(parser.Keywords(), strings.ToUpper(name))
	return dotted || !reserved // behind a dot every word is a name
}
