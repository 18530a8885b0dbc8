package function

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/micodb/micodb/internal/sqlerr"
)

// jsonStep is a step of a path: a key of an object, or a place of an array, from 0; a negative one is from the end.
type jsonStep struct {
	key     string
	at      int
	isPlace bool
}

func badPath(path []byte) error {
	return sqlerr.New(sqlerr.InvalidParameterValue, "%s is no path", shortText(path)).
		WithHint("write $.key[0], /key/0 or key")
}

// jsonPath reads $.a."b c"[0], the pointer /a/0 of RFC 6901, or a key alone.
func jsonPath(path []byte) ([]jsonStep, error) {
	s := string(path)
	switch {
	case strings.HasPrefix(s, "$"):
		return dollarPath(s[1:], path)
	case strings.HasPrefix(s, "/"):
		var steps []jsonStep
		for part := range strings.SplitSeq(s[1:], "/") {
			step := jsonStep{key: strings.NewReplacer("~1", "/", "~0", "~").Replace(part)}
			if n, err := strconv.Atoi(part); err == nil {
				step.at, step.isPlace = n, true
			}
			steps = append(steps, step)
		}
		return steps, nil
	default:
		return []jsonStep{{key: s}}, nil
	}
}

func dollarPath(s string, path []byte) ([]jsonStep, error) {
	var steps []jsonStep
	for s != "" {
		switch {
		case s[0] == '[':
			end := strings.IndexByte(s, ']')
			if end < 0 {
				return nil, badPath(path)
			}
			inside := strings.Replace(s[1:end], "#", "", 1) // [#-1] is the last, as in SQLite and DuckDB
			if inside == "*" {
				return nil, sqlerr.NotSupported("a path with *")
			}
			n, err := strconv.Atoi(inside)
			if err != nil {
				return nil, badPath(path)
			}
			steps, s = append(steps, jsonStep{at: n, isPlace: true}), s[end+1:]
		case strings.HasPrefix(s, `."`):
			end := strings.IndexByte(s[2:], '"')
			if end < 0 {
				return nil, badPath(path)
			}
			steps, s = append(steps, jsonStep{key: s[2 : 2+end]}), s[end+3:]
		case s[0] == '.':
			end := strings.IndexAny(s[1:], ".[")
			if end < 0 {
				end = len(s) - 1
			}
			key := s[1 : end+1]
			if key == "" {
				return nil, badPath(path)
			}
			if key == "*" {
				return nil, sqlerr.NotSupported("a path with *")
			}
			steps, s = append(steps, jsonStep{key: key}), s[end+1:]
		default:
			return nil, badPath(path)
		}
	}
	return steps, nil
}

// jsonAt returns the value at a path of a valid JSON text, as it is written; nil when there is none.
func jsonAt(b []byte, steps []jsonStep) []byte {
	b = jsonTrim(b)
	for _, step := range steps {
		var next []byte
		switch {
		case len(b) == 0:
			return nil
		case b[0] == '{':
			key := step.key
			if step.isPlace && key == "" {
				return nil
			}
			next = jsonMember(b, key)
		case b[0] == '[' && step.isPlace:
			next = jsonElement(b, step.at)
		}
		if next == nil {
			return nil
		}
		b = next
	}
	return b
}

func jsonMember(b []byte, key string) []byte {
	var found []byte
	jsonEach(b, func(k, value []byte) bool {
		if jsonText(k) == key {
			found = value
		}
		return found == nil
	})
	return found
}

func jsonElement(b []byte, at int) []byte {
	if at < 0 {
		at += jsonLength(b)
	}
	var found []byte
	n := 0
	jsonEach(b, func(_, value []byte) bool {
		if n == at {
			found = value
		}
		n++
		return found == nil
	})
	return found
}

func jsonLength(b []byte) int {
	n := 0
	jsonEach(b, func(_, _ []byte) bool {
		n++
		return true
	})
	return n
}

// jsonText returns the text of a JSON string.
func jsonText(b []byte) string {
	if n := len(b); n >= 2 && !strings.ContainsAny(string(b[1:n-1]), "\\") {
		return string(b[1 : n-1])
	}
	var s string
	if json.Unmarshal(b, &s) != nil {
		return string(b)
	}
	return s
}

// jsonEach calls f with the members of a valid object or the elements of a valid array, until it returns false.
func jsonEach(b []byte, f func(key, value []byte) bool) {
	object := b[0] == '{'
	for i := 1; ; {
		i = jsonSkipBlank(b, i)
		if i >= len(b) || b[i] == '}' || b[i] == ']' {
			return
		}
		var key []byte
		if object {
			end := jsonEnd(b, i)
			key = b[i:end]
			i = jsonSkipBlank(b, jsonSkipBlank(b, end)+1) // the colon
		}
		end := jsonEnd(b, i)
		if !f(key, b[i:end]) {
			return
		}
		if i = jsonSkipBlank(b, end); i < len(b) && b[i] == ',' {
			i++
		}
	}
}

func jsonSkipBlank(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\t' || b[i] == '\n' || b[i] == '\r') {
		i++
	}
	return i
}

func jsonTrim(b []byte) []byte {
	b = b[jsonSkipBlank(b, 0):]
	if len(b) == 0 {
		return b
	}
	return b[:jsonEnd(b, 0)]
}

// jsonEnd returns where the value that begins at i ends.
func jsonEnd(b []byte, i int) int {
	depth := 0
	for ; i < len(b); i++ {
		switch b[i] {
		case '"':
			for i++; i < len(b) && b[i] != '"'; i++ {
				if b[i] == '\\' {
					i++
				}
			}
			if depth == 0 {
				return min(i+1, len(b))
			}
		case '{', '[':
			depth++
		case '}', ']':
			if depth == 0 {
				return i
			}
			if depth--; depth == 0 {
				return i + 1
			}
		case ',', ' ', '\t', '\n', '\r', ':':
			if depth == 0 {
				return i
			}
		}
	}
	return i
}
