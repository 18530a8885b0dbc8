package regex

import (
	"errors"
	"regexp"
	"regexp/syntax"
	"unicode/utf8"
)

// Similar writes a pattern of SIMILAR TO, as the SQL standard has it, in RE2's syntax: % is any text, _ any character,
// what follows the escape (empty: none) stands for itself, and . ^ $ mean nothing outside of brackets.
func Similar(pattern, escape []byte) []byte {
	var out []byte
	inside := false // of […]
	for len(pattern) > 0 {
		c, size := utf8.DecodeRune(pattern)
		written := pattern[:size]
		pattern = pattern[size:]
		switch {
		case len(escape) > 0 && string(written) == string(escape) && len(pattern) > 0:
			_, size := utf8.DecodeRune(pattern)
			out = append(out, regexp.QuoteMeta(string(pattern[:size]))...)
			pattern = pattern[size:]
		case inside:
			inside = c != ']'
			if c == '\\' {
				out = append(out, '\\')
			}
			out = append(out, written...)
		case c == '[':
			inside = true
			out = append(out, written...)
		case c == '%':
			out = append(out, ".*"...)
		case c == '_':
			out = append(out, '.')
		case c == '.' || c == '^' || c == '$' || c == '\\':
			out = append(out, '\\', byte(c))
		case c == '(':
			out = append(out, "(?:"...)
		default:
			out = append(out, written...)
		}
	}
	return out
}

// Reason returns what is wrong with a pattern, without the words that Go's regexp puts before it.
func Reason(err error) string {
	if e, ok := errors.AsType[*syntax.Error](err); ok {
		return e.Code.String() + ": " + e.Expr
	}
	return err.Error()
}
