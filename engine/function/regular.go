package function

import (
	"bytes"
	"regexp"
	"unicode/utf8"

	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/engine/function/regex"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

// regularExpressions match texts with patterns of RE2's syntax. Positions count characters, from 1.
func regularExpressions() []Entry {
	text, big := textType(), bigType()
	entry := inFamily("regex")
	test := func(f func(p *patterns, r *row) (bool, error), args ...vector.Type) expr.Overload {
		return ofPatterns(truthType(), func(p *patterns, r *row) (int64, error) {
			found, err := f(p, r)
			return truthOf(found), err
		}, args...)
	}
	const options = " [, options]) → BOOLEAN"
	return []Entry{
		entry("regexp_matches regexp_like regexp", "(text, pattern"+options,
			shown("Whether a part of the text matches. Options: i without case, c with it, s . matches line ends, "+
				"m ^ and $ stand at lines, l the pattern is a text. Also text ~ pattern, ~* without case, REGEXP.",
				"regexp_matches('hello', 'l+o$')", "true"), test(matches, text, text), test(matches, text, text, text)),
		entry("regexp_full_match", "(text, pattern"+options, shown("Whether all of the text matches.",
			"regexp_full_match('hello', 'l+o')", "false"), test(fullMatches, text, text), test(fullMatches, text,
			text, text)),
		entry(SimilarTo, "(text, pattern [, escape]) → BOOLEAN",
			shown("Whether all of the text matches a pattern of the SQL standard: %, _, |, *, +, ?, {n}, (), []. Also "+
				"text SIMILAR TO pattern.", "similar_to('hello', '(he|hi)%')", "true"),
			test(similar, text, text), test(similar, text, text, text)),
		entry("regexp_count", "(text, pattern [, start [, options]]) → BIGINT",
			shown("How many parts of the text match, none of them in another.", "regexp_count('banana', 'an')", "2"),
			ofPatterns(big, countMatches, text, text), ofPatterns(big, countMatches, text, text, big),
			ofPatterns(big, countMatches, text, text, big, text)),
		entry("regexp_instr regexp_position", "(text, pattern [, start [, occurrence]]) → BIGINT",
			shown("Where the part that matches begins, from 1; 0 when there is none.",
				"regexp_instr('banana', 'n.n')", "3"),
			ofPatterns(big, whereMatches, text, text), ofPatterns(big, whereMatches, text, text, big),
			ofPatterns(big, whereMatches, text, text, big, big)),
		regexpExtract(),
		entry("regexp_substr", "(text, pattern [, start [, occurrence]]) → VARCHAR",
			shown("The part that matches; NULL when there is none.", "regexp_substr('a12b345', '[0-9]+', 1, 2)", "345"),
			textOfPatterns(substrOf, text, text), textOfPatterns(substrOf, text, text, big),
			textOfPatterns(substrOf, text, text, big, big)),
		entry("regexp_replace", "(text, pattern, replacement [, options]) → VARCHAR",
			shown("The text with the first part that matches replaced, or all of them with the option g. \\1 stands "+
				"for a group, \\0 for all.", "regexp_replace('hello', '(l+)', '[\\1]')", "he[ll]o"),
			textOfPatterns(replaceMatches, text, text, text), textOfPatterns(replaceMatches, text, text, text, text)),
		entry("regexp_escape", "(text) → VARCHAR",
			shown("A pattern that matches the text as it is.", "regexp_escape('a.b')",
				`a\.b`), toText(func(dst []byte, r *row) ([]byte, error) {
				return append(dst, regexp.QuoteMeta(string(r.text(0)))...), nil
			}, text)),
	}
}

// regexpExtract has an overload where the third argument is the options.
func regexpExtract() Entry {
	text, big := textType(), bigType()
	return inFamily("regex")("regexp_extract", "(text, pattern [, group [, options]]) → VARCHAR",
		shown("The part that matches, or one of its groups; empty when there is none.",
			"regexp_extract('2024-02-29', '(\\d+)-(\\d+)', 2)", "02"),
		textOfPatterns(extract, text, text), textOfPatterns(extract, text, text, big),
		textOfPatterns(extract, text, text, big, text))
}

// patterns compiles a pattern when it changes. Each worker has its own.
type patterns struct {
	matcher     *regex.Matcher
	pattern     []byte
	options     []byte
	whole       bool
	all         bool // the option g
	replacement []byte
	pieces      []piece
}

func ofPatterns(t vector.Type, f func(p *patterns, r *row) (int64, error), args ...vector.Type) expr.Overload {
	return Fixed(t, expr.NullIfAny, perValue(intsEach(t, func() intRow {
		p := &patterns{}
		return func(r *row) (int64, error) { return f(p, r) }
	})), args...)
}

func textOfPatterns(f func(dst []byte, p *patterns, r *row) ([]byte, error), args ...vector.Type) expr.Overload {
	return Fixed(textType(), expr.NullResult, perValue(textsEach(textType(), func() textRow {
		p := &patterns{}
		return func(dst []byte, r *row) ([]byte, error) { return f(dst, p, r) }
	})), args...)
}

func badPattern(pattern []byte, err error) error {
	return sqlerr.Wrap(err, sqlerr.InvalidRegularExpression, "%s is no regular expression: %s", shortText(pattern),
		regex.Reason(err))
}

// of returns the matcher of a pattern.
func (p *patterns) of(pattern, options []byte, whole bool) (*regex.Matcher, error) {
	if p.matcher != nil && p.whole == whole && bytes.Equal(p.pattern, pattern) && bytes.Equal(p.options, options) {
		return p.matcher, nil
	}
	o := regex.Options{Whole: whole}
	p.all, p.matcher = false, nil
	for _, c := range string(options) {
		switch c {
		case 'c':
			o.Fold = false
		case 'i':
			o.Fold = true
		case 'l':
			o.Literal = true
		case 'm':
			o.Multiline = true
		case 's':
			o.DotLine = true
		case 'n', 'p':
			o.DotLine = false
		case 'g':
			p.all = true
		default:
			return nil, sqlerr.New(sqlerr.InvalidParameterValue, "'%c' is no option of a regular expression", c).
				WithHint("the options are c, i, l, m, s, and g of regexp_replace")
		}
	}
	m, err := regex.Compile(string(pattern), o)
	if err != nil {
		return nil, badPattern(pattern, err)
	}
	p.matcher, p.whole = m, whole
	p.pattern, p.options = append(p.pattern[:0], pattern...), append(p.options[:0], options...)
	return m, nil
}

func matches(p *patterns, r *row) (bool, error) {
	m, err := p.of(r.text(1), r.textAt(2, ""), false)
	return err == nil && m.Match(r.text(0)), err
}

func fullMatches(p *patterns, r *row) (bool, error) {
	m, err := p.of(r.text(1), r.textAt(2, ""), true)
	return err == nil && m.Match(r.text(0)), err
}

// similar reads the pattern of the SQL standard; the escape is a backslash unless told.
func similar(p *patterns, r *row) (bool, error) {
	pattern, escape := r.text(1), r.textAt(2, `\`)
	if p.matcher == nil || !bytes.Equal(p.pattern, pattern) || !bytes.Equal(p.options, escape) {
		if utf8.RuneCount(escape) > 1 {
			return false, sqlerr.New(sqlerr.InvalidParameterValue, "ESCAPE is %s; it must be one character",
				shortText(escape))
		}
		m, err := regex.Compile(string(regex.Similar(pattern, escape)), regex.Options{Whole: true, DotLine: true})
		if err != nil {
			return false, badPattern(pattern, err)
		}
		p.matcher = m
		p.pattern, p.options = append(p.pattern[:0], pattern...), append(p.options[:0], escape...)
	}
	return p.matcher.Match(r.text(0)), nil
}

// after returns the text from the character start on, which argument k tells.
func (r *row) after(k int) (rest []byte, from int, err error) {
	s := r.text(0)
	start := r.intAt(k, 1)
	if start < 1 {
		return nil, 0, sqlerr.New(sqlerr.InvalidParameterValue, "texts begin with character 1: not with %d", start)
	}
	from = offset(s, start-1)
	return s[from:], from, nil
}

func countMatches(p *patterns, r *row) (int64, error) {
	m, err := p.of(r.text(1), r.textAt(3, ""), false)
	if err != nil {
		return 0, err
	}
	s, _, err := r.after(2)
	if err != nil || !m.Match(s) {
		return 0, err
	}
	return int64(len(m.Regexp().FindAllIndex(s, -1))), nil
}

// occurrence returns where the match that arguments 2 and 3 tell lies in the text; nil when there is none.
func occurrence(p *patterns, r *row) ([]int, error) {
	m, err := p.of(r.text(1), nil, false)
	if err != nil {
		return nil, err
	}
	s, from, err := r.after(2)
	n := r.intAt(3, 1)
	if err == nil && n < 1 {
		err = sqlerr.New(sqlerr.InvalidParameterValue, "matches count from 1: not %d", n)
	}
	if err != nil || !m.Match(s) || n > int64(len(s))+1 {
		return nil, err
	}
	if n == 1 {
		return shifted(m.Regexp().FindIndex(s), from), nil
	}
	all := m.Regexp().FindAllIndex(s, int(n))
	if int64(len(all)) < n {
		return nil, nil
	}
	return shifted(all[n-1], from), nil
}

func shifted(at []int, by int) []int { return []int{at[0] + by, at[1] + by} }

func whereMatches(p *patterns, r *row) (int64, error) {
	at, err := occurrence(p, r)
	if at == nil {
		return 0, err
	}
	return int64(utf8.RuneCount(r.text(0)[:at[0]])) + 1, nil
}

func substrOf(dst []byte, p *patterns, r *row) ([]byte, error) {
	at, err := occurrence(p, r)
	if at == nil {
		r.null = true
		return dst, err
	}
	return append(dst, r.text(0)[at[0]:at[1]]...), nil
}

func extract(dst []byte, p *patterns, r *row) ([]byte, error) {
	m, err := p.of(r.text(1), r.textAt(3, ""), false)
	if err != nil {
		return dst, err
	}
	group := r.intAt(2, 0)
	if group < 0 {
		return dst, sqlerr.New(sqlerr.InvalidParameterValue, "groups count from 0, which is all: not %d", group)
	}
	s := r.text(0)
	if group > int64(m.Regexp().NumSubexp()) || !m.Match(s) {
		return dst, nil
	}
	if group == 0 {
		at := m.Regexp().FindIndex(s)
		return append(dst, s[at[0]:at[1]]...), nil
	}
	if at := m.Regexp().FindSubmatchIndex(s); at[2*group] >= 0 {
		dst = append(dst, s[at[2*group]:at[2*group+1]]...)
	}
	return dst, nil
}

// piece is a text of a replacement, or the group that stands in its place.
type piece struct {
	text  []byte
	group int // -1: the text
}

// replacing reads a replacement: \0 or \& is the match, \1 to \9 a group, \\ a backslash.
func (p *patterns) replacing(replacement []byte) error {
	if p.pieces != nil && bytes.Equal(p.replacement, replacement) {
		return nil
	}
	p.replacement = append(p.replacement[:0], replacement...)
	pieces := []piece{}
	text := []byte{}
	for i := 0; i < len(replacement); i++ {
		c := replacement[i]
		if c != '\\' || i+1 == len(replacement) {
			text = append(text, c)
			continue
		}
		i++
		switch c = replacement[i]; {
		case c >= '0' && c <= '9' || c == '&':
			group := 0
			if c != '&' {
				group = int(c - '0')
			}
			if group > p.matcher.Regexp().NumSubexp() {
				p.pieces = nil
				return sqlerr.New(sqlerr.InvalidParameterValue, "the replacement %s has \\%d, the pattern %d groups",
					shortText(replacement), group, p.matcher.Regexp().NumSubexp())
			}
			pieces = append(pieces, piece{text: text, group: -1}, piece{group: group})
			text = []byte{}
		case c == '\\':
			text = append(text, c)
		default:
			text = append(text, '\\', c)
		}
	}
	p.pieces = append(pieces, piece{text: text, group: -1})
	return nil
}

func replaceMatches(dst []byte, p *patterns, r *row) ([]byte, error) {
	before := p.matcher
	m, err := p.of(r.text(1), r.textAt(3, ""), false)
	if err != nil {
		return dst, err
	}
	if m != before {
		p.pieces = nil
	}
	if err := p.replacing(r.text(2)); err != nil {
		return dst, err
	}
	s := r.text(0)
	if !m.Match(s) {
		return append(dst, s...), nil
	}
	if !p.all {
		at := m.Regexp().FindSubmatchIndex(s)
		dst = p.put(append(dst, s[:at[0]]...), s, at)
		return append(dst, s[at[1]:]...), nil
	}
	done := 0
	for _, at := range m.Regexp().FindAllSubmatchIndex(s, -1) {
		dst = p.put(append(dst, s[done:at[0]]...), s, at)
		if done = at[1]; len(dst) > maxChunkBytes {
			return dst, checkLength(0, len(dst))
		}
	}
	return append(dst, s[done:]...), nil
}

// put appends the replacement of a match.
func (p *patterns) put(dst, s []byte, at []int) []byte {
	for _, piece := range p.pieces {
		switch g := 2 * piece.group; {
		case piece.group < 0:
			dst = append(dst, piece.text...)
		case at[g] >= 0:
			dst = append(dst, s[at[g]:at[g+1]]...)
		}
	}
	return dst
}
