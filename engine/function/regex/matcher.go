package regex

import (
	"bytes"
	"regexp"
	"regexp/syntax"
	"strings"
)

// Options are how a pattern is read.
type Options struct {
	Fold      bool // letters match without case
	Literal   bool // the pattern is a text
	Multiline bool // ^ and $ stand at lines, too
	DotLine   bool // . matches a line's end
	Whole     bool // the pattern matches all of the text or nothing
}

// Matcher is a compiled pattern. It owns what it builds as it matches: one goroutine uses it at a time.
type Matcher struct {
	re       *regexp.Regexp
	required []byte // stands in every match; empty: none is known
	exact    bool   // a match is required anywhere, and nothing else
	prefix   []byte // begins every match, wherever that stands
	automat  *automaton
}

// Compile reads a pattern; the error says what is wrong with it.
func Compile(pattern string, o Options) (*Matcher, error) {
	if o.Literal {
		pattern = regexp.QuoteMeta(pattern)
	}
	flags := ""
	for _, f := range []struct {
		set  bool
		flag string
	}{{o.Fold, "i"}, {o.Multiline, "m"}, {o.DotLine, "s"}} {
		if f.set {
			flags += f.flag
		}
	}
	if flags != "" {
		flags = "(?" + flags + ")"
	}
	// The pattern alone is tried first: what is wrong with it is told in its own words, and brackets that it closes
	// and did not open are not those around it.
	if _, err := syntax.Parse(pattern, syntax.Perl); err != nil {
		return nil, err
	}
	if o.Whole {
		pattern = `\A(?:` + pattern + `)\z`
	}
	re, err := regexp.Compile(flags + pattern)
	if err != nil {
		return nil, err
	}
	tree, err := syntax.Parse(flags+pattern, syntax.Perl)
	if err != nil {
		return nil, err
	}
	tree = tree.Simplify()
	m := &Matcher{re: re}
	required, exact := requiredText(tree)
	m.required, m.exact = []byte(required), exact
	prog, err := syntax.Compile(tree)
	if err != nil {
		return nil, err
	}
	m.automat = newAutomaton(prog)
	if prefix, _ := re.LiteralPrefix(); m.automat != nil && !m.automat.looks {
		m.prefix = []byte(prefix)
	}
	return m, nil
}

// Regexp finds where matches lie.
func (m *Matcher) Regexp() *regexp.Regexp { return m.re }

// Match tells whether b holds a match.
func (m *Matcher) Match(b []byte) bool {
	if len(m.prefix) > 0 {
		at := bytes.Index(b, m.prefix)
		if at < 0 || m.exact {
			return at >= 0
		}
		b = b[at:]
	} else if len(m.required) > 0 && (m.exact || len(m.required) > 1) {
		if found := bytes.Contains(b, m.required); !found || m.exact {
			return found
		}
	} else if m.exact {
		return true
	}
	if m.automat != nil {
		if found, ok := m.automat.match(b); ok {
			return found
		}
	}
	return m.re.Match(b)
}

// requiredText returns the longest text that every match of a pattern holds, and whether holding it is all that a
// match is.
func requiredText(re *syntax.Regexp) (text string, exact bool) {
	switch re.Op {
	case syntax.OpEmptyMatch:
		return "", true
	case syntax.OpLiteral:
		if re.Flags&syntax.FoldCase != 0 {
			return "", false
		}
		return string(re.Rune), true
	case syntax.OpCapture:
		return requiredText(re.Sub[0])
	case syntax.OpPlus:
		text, _ = requiredText(re.Sub[0])
		return text, false
	case syntax.OpRepeat:
		if re.Min > 0 {
			text, _ = requiredText(re.Sub[0])
		}
		return text, false
	case syntax.OpConcat:
		return requiredOf(re.Sub)
	default:
		return "", false
	}
}

// requiredOf joins the texts of members that stand side by side.
func requiredOf(sub []*syntax.Regexp) (best string, exact bool) {
	var joined strings.Builder
	all := true
	flush := func() {
		if joined.Len() > len(best) {
			best = joined.String()
		}
		joined.Reset()
	}
	for _, s := range sub {
		text, exact := requiredText(s)
		if exact {
			joined.WriteString(text)
			continue
		}
		all = false
		flush()
		if len(text) > len(best) {
			best = text
		}
	}
	flush()
	return best, all
}
