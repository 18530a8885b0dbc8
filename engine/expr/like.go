package expr

import (
	"bytes"
	"unicode"
	"unicode/utf8"

	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

// compileLike matches a constant pattern once a dictionary value, and compiles another pattern where it changes.
func compileLike(e Like, negate bool) (Predicate, error) {
	value, err := compile(e.Of)
	if err != nil {
		return nil, err
	}
	if k, ok := e.Pattern.(Literal); ok {
		if k.Value.Null {
			return nothing(value), nil
		}
		match, err := LikeMatcher(k.Value.Bytes, e.Escape, e.Fold)
		if err != nil {
			return nil, err
		}
		texts := selectTexts(value, func(b []byte) bool { return match(b) != negate })
		if s := searchOf(k.Value.Bytes, e); s != nil {
			return s.predicate(value, texts, negate), nil
		}
		return texts, nil
	}
	patterns, err := compile(e.Pattern)
	if err != nil {
		return nil, err
	}
	var last []byte
	var match func([]byte) bool
	return func(c *vector.Chunk, in, out []uint16) ([]uint16, error) {
		v, err := value(c, in)
		if err != nil {
			return nil, err
		}
		p, err := patterns(c, in)
		if err != nil {
			return nil, err
		}
		in, k := vector.SelectValid(p, vector.SelectValid(v, in, out), out), 0
		out = out[:len(in)]
		for _, i := range in {
			out[k] = i
			pattern := p.Bytes(int(i))
			if match == nil || !bytes.Equal(last, pattern) {
				if match, err = LikeMatcher(string(pattern), e.Escape, e.Fold); err != nil {
					return nil, err
				}
				last = append(last[:0], pattern...)
			}
			if match(v.Bytes(int(i))) != negate {
				k++
			}
		}
		return out[:k], nil
	}, nil
}

// LikeMatcher compiles a LIKE pattern: % stands for any text, _ for one character, and what follows escape (0: none)
// for itself. With fold letters match without case. It fails with 22023 when nothing follows an escape.
func LikeMatcher(pattern string, escape rune, fold bool) (func([]byte) bool, error) {
	parts, err := likeParts(pattern, escape)
	if err != nil {
		return nil, err
	}
	if fold {
		for i := range parts {
			parts[i] = parts[i].lower()
		}
	}
	match := likeMatch(parts)
	if fold {
		return func(b []byte) bool { return match(bytes.ToLower(b)) }, nil
	}
	return match, nil
}

// likePart is what stands between two %: characters, of which -1 is any one.
type likePart struct {
	text    []byte // without any-characters
	pattern []rune // with
	any     bool   // whether pattern counts
}

func likeParts(pattern string, escape rune) ([]likePart, error) {
	parts := []likePart{{}}
	escaped := false
	for _, r := range pattern {
		part := &parts[len(parts)-1]
		switch {
		case escaped:
			part.pattern = append(part.pattern, r)
			escaped = false
		case escape != 0 && r == escape:
			escaped = true
		case r == '%':
			parts = append(parts, likePart{})
		case r == '_':
			part.pattern = append(part.pattern, -1)
			part.any = true
		default:
			part.pattern = append(part.pattern, r)
		}
	}
	if escaped {
		return nil, sqlerr.New(sqlerr.InvalidParameterValue, "LIKE pattern %s ends with its escape character",
			quoteShort(pattern))
	}
	for i := range parts {
		if !parts[i].any {
			parts[i].text = []byte(string(parts[i].pattern))
		}
	}
	return parts, nil
}

func (p likePart) lower() likePart {
	p.text = bytes.ToLower(p.text)
	for i, r := range p.pattern {
		p.pattern[i] = unicode.ToLower(r)
	}
	return p
}

func likeMatch(parts []likePart) func([]byte) bool {
	first, last := parts[0], parts[len(parts)-1]
	middle := parts[min(1, len(parts)-1) : len(parts)-1]
	simple := !first.any && !last.any
	switch {
	case len(parts) == 1 && simple:
		return func(b []byte) bool { return bytes.Equal(b, first.text) }
	case len(parts) == 1:
		return func(b []byte) bool { n, ok := first.prefix(b); return ok && n == len(b) }
	case len(parts) == 2 && simple && len(last.text) == 0:
		return func(b []byte) bool { return bytes.HasPrefix(b, first.text) }
	case len(parts) == 2 && simple && len(first.text) == 0:
		return func(b []byte) bool { return bytes.HasSuffix(b, last.text) }
	case len(parts) == 3 && simple && !middle[0].any && len(first.text)+len(last.text) == 0:
		return func(b []byte) bool { return bytes.Contains(b, middle[0].text) }
	}
	return func(b []byte) bool {
		n, ok := first.prefix(b)
		if !ok {
			return false
		}
		b = b[n:]
		for _, m := range middle { // the leftmost place of each leaves most for the next
			end := m.find(b)
			if end < 0 {
				return false
			}
			b = b[end:]
		}
		return last.suffix(b)
	}
}

// prefix returns how many bytes of b's beginning match.
func (p likePart) prefix(b []byte) (int, bool) {
	if !p.any {
		return len(p.text), bytes.HasPrefix(b, p.text)
	}
	n := 0
	for _, want := range p.pattern {
		r, size := utf8.DecodeRune(b[n:])
		if size == 0 || want >= 0 && r != want {
			return 0, false
		}
		n += size
	}
	return n, true
}

// find returns the end of the leftmost match in b, or -1.
func (p likePart) find(b []byte) int {
	if !p.any {
		if i := bytes.Index(b, p.text); i >= 0 {
			return i + len(p.text)
		}
		return -1
	}
	for i := 0; i <= len(b); {
		if n, ok := p.prefix(b[i:]); ok {
			return i + n
		}
		_, size := utf8.DecodeRune(b[i:])
		i += max(size, 1)
	}
	return -1
}

// suffix tells whether b ends with a match.
func (p likePart) suffix(b []byte) bool {
	if !p.any {
		return bytes.HasSuffix(b, p.text)
	}
	start := len(b)
	for range p.pattern {
		_, size := utf8.DecodeLastRune(b[:start])
		if size == 0 {
			return false
		}
		start -= size
	}
	_, ok := p.prefix(b[start:])
	return ok
}
