package function

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

// timeItem is a piece of a format: a text, or a field that a letter of strftime names.
type timeItem struct {
	field byte // 0: the text
	text  []byte
	bare  bool // without zeros before a number, or blanks after a name
	shape func(string) string
}

// formatReader cuts a format of one dialect into items.
type formatReader func(format []byte) ([]timeItem, error)

// timeFormats write times as texts, and read them.
func timeFormats() []Entry {
	entry := inFamily("date")
	writer := func(read formatReader) []expr.Overload {
		return perTime(func(t vector.Type) expr.Overload {
			return formatted(read, func(r *row) (moment, error) { return r.moment(0, t), nil }, t, textType())
		})
	}
	timestamp := "TIMESTAMP '2024-02-29 13:05:06'"
	return []Entry{
		entry("strftime", "(date or timestamp, format) → VARCHAR",
			shown("The time in a format of C's strftime: %Y %m %d %H %M %S, %f microseconds, %g milliseconds, %a %A "+
				"%b %B names, %p AM or PM, %j day of the year; %-d is without zeros.",
				"strftime("+timestamp+", '%d.%m.%Y %H:%M')", "29.02.2024 13:05"), writer(strftimeFormat)...),
		entry("date_format", "(date or timestamp, format) → VARCHAR",
			shown("The time in a format of MySQL's DATE_FORMAT: %i minutes, %s seconds, %M month's name.",
				"date_format("+timestamp+", '%M %e, %Y %H:%i')", "February 29, 2024 13:05"), writer(mysqlFormat)...),
		entry("to_char", "(date or timestamp, format) → VARCHAR",
			shown("The time in a format of PostgreSQL's to_char: YYYY MM DD HH24 MI SS MS, Month, Day, FM not filled.",
				"to_char("+timestamp+", 'DD Mon YYYY HH24:MI')", "29 Feb 2024 13:05"), writer(toCharFormat)...),
		entry("strptime", "(text, format) → TIMESTAMP", shown("The time that a text tells in a format of strftime's.",
			"strptime('29/02/2024 13:05', '%d/%m/%Y %H:%M')", "2024-02-29 13:05:00"),
			parsed(strftimeFormat, timestampType(), false)),
		entry("try_strptime", "(text, format) → TIMESTAMP", shown("As strptime, but NULL for a text that is not so.",
			"try_strptime('x', '%Y')", "NULL"), parsed(strftimeFormat, timestampType(), true)),
		entry("str_to_date", "(text, format) → TIMESTAMP",
			shown("The time that a text tells in a format of date_format's; "+
				"NULL for a text that is not so.", "str_to_date('29,2,2024', '%d,%m,%Y')", "2024-02-29 00:00:00"),
			parsed(mysqlFormat, timestampType(), true)),
		entry("to_date", "(text, format) → DATE", shown("The date that a text tells in a format of to_char's.",
			"to_date('29 Feb 2024', 'DD Mon YYYY')", "2024-02-29"), parsed(toCharFormat, dateType(), false)),
	}
}

// timeFormat keeps the format that it read last.
type timeFormat struct {
	read   formatReader
	format []byte
	items  []timeItem
}

func (f *timeFormat) of(format []byte) ([]timeItem, error) {
	if f.items != nil && bytes.Equal(f.format, format) {
		return f.items, nil
	}
	items, err := f.read(format)
	if err != nil {
		return nil, err
	}
	f.items, f.format = append([]timeItem{}, items...), append(f.format[:0], format...)
	return f.items, nil
}

// formatted is an overload that writes a moment in the format that is its second argument.
func formatted(read formatReader, of func(r *row) (moment, error), args ...vector.Type) expr.Overload {
	return Fixed(textType(), expr.NullIfAny, perValue(textsEach(textType(), func() textRow {
		f := timeFormat{read: read}
		return func(dst []byte, r *row) ([]byte, error) {
			items, err := f.of(r.text(1))
			if err != nil {
				return dst, err
			}
			m, err := of(r)
			if err != nil {
				return dst, err
			}
			for _, item := range items {
				dst = item.write(dst, m)
			}
			return dst, nil
		}
	})), args...)
}

// parsed is an overload that reads a text in the format that is its second argument; with try what can't be read is
// NULL.
func parsed(read formatReader, t vector.Type, try bool) expr.Overload {
	null := expr.NullIfAny
	if try {
		null = expr.NullResult
	}
	return Fixed(t, null, perValue(intsEach(t, func() intRow {
		f := timeFormat{read: read}
		return func(r *row) (int64, error) {
			items, err := f.of(r.text(1))
			if err != nil {
				return 0, err
			}
			x := int64(0)
			m, ok := readTime(r.text(0), items)
			if ok {
				x, err = m.in(t)
			}
			switch {
			case ok && err == nil:
				return x, nil
			case try:
				r.null = true
				return 0, nil
			case err != nil:
				return 0, err
			}
			return 0, sqlerr.New(sqlerr.InvalidDatetime, "%s does not have the form %s", shortText(r.text(0)),
				shortText(r.text(1)))
		}
	})), textType(), textType())
}

// write appends the field of a moment.
func (i *timeItem) write(dst []byte, m moment) []byte {
	if i.field == 0 {
		return append(dst, i.text...)
	}
	if name := timeName(i.field, m); name != "" {
		if i.shape != nil {
			name = i.shape(name)
		}
		return append(dst, name...)
	}
	n, width := timeNumber(i.field, m)
	if i.bare {
		width = 0
	}
	if i.field == 'e' && !i.bare {
		return fmt.Appendf(dst, "%*d", width, n)
	}
	return fmt.Appendf(dst, "%0*d", width, n)
}

// timeName returns what is a name; empty for numbers.
func timeName(field byte, m moment) string {
	const short = 3
	switch field {
	case 'a':
		return dayNames[isoWeekday(m.days)%7][:short]
	case 'A':
		return dayNames[isoWeekday(m.days)%7]
	case 'b':
		return monthNames[civilOf(m.days).month-1][:short]
	case 'B':
		return monthNames[civilOf(m.days).month-1]
	case 'p':
		if m.nanos < nanosPerDay/2 {
			return "AM"
		}
		return "PM"
	case 'z':
		return "+00"
	case 'Z':
		return "UTC"
	case 'D':
		day := civilOf(m.days).day
		suffix := "th"
		if day/10 != 1 && day%10 >= 1 && day%10 <= 3 {
			suffix = [...]string{"st", "nd", "rd"}[day%10-1]
		}
		return strconv.FormatInt(day, 10) + suffix
	default:
		return ""
	}
}

// timeNumber returns a number and how many digits it has at least.
func timeNumber(field byte, m moment) (n int64, width int) {
	c, second := civilOf(m.days), m.nanos/nanosPerSecond
	doy := m.days - civil{c.year, 1, 1}.days()
	switch field {
	case 'Y':
		return c.year, 4
	case 'y':
		return modulo(c.year, 100), 2
	case 'C':
		return floorDiv(c.year, 100), 2
	case 'm':
		return c.month, 2
	case 'd', 'e':
		return c.day, 2
	case 'H':
		return second / 3600, 2
	case 'I':
		return (second/3600+11)%12 + 1, 2
	case 'M':
		return second / 60 % 60, 2
	case 'S':
		return second % 60, 2
	case 'g':
		return m.nanos % nanosPerSecond / 1e6, 3
	case 'f':
		return m.nanos % nanosPerSecond / 1e3, 6
	case 'n':
		return m.nanos % nanosPerSecond, 9
	case 'j':
		return doy + 1, 3
	case 'w':
		return isoWeekday(m.days) % 7, 1
	case 'u':
		return isoWeekday(m.days), 1
	case 'o':
		return isoWeekday(m.days)%7 + 1, 1
	case 'U':
		return (doy + 7 - isoWeekday(m.days)%7) / 7, 2
	case 'W':
		return (doy + 8 - isoWeekday(m.days)) / 7, 2
	case 'V':
		_, week := isoWeek(m.days)
		return week, 2
	case 'G':
		year, _ := isoWeek(m.days)
		return year, 4
	case 'q':
		return (c.month + 2) / 3, 1
	case 's':
		return m.days*86400 + second, 1
	case 'J':
		const epoch = 2440588
		return m.days + epoch, 1
	default:
		return 0, 1
	}
}

func badTimeFormat(format []byte, what string) error {
	return sqlerr.New(sqlerr.InvalidParameterValue, "the format %s has %s", shortText(format), what)
}

// percentFormat reads a format whose fields are letters after %. An entry of fields is the letters of strftime that a
// letter stands for, with the texts between them.
func percentFormat(format []byte, fields func(c byte) string) ([]timeItem, error) {
	var items []timeItem
	text := func(b byte) {
		if n := len(items); n == 0 || items[n-1].field != 0 {
			items = append(items, timeItem{})
		}
		last := &items[len(items)-1]
		last.text = append(last.text, b)
	}
	for i := 0; i < len(format); i++ {
		if format[i] != '%' {
			text(format[i])
			continue
		}
		i++
		bare := i < len(format) && format[i] == '-'
		if bare {
			i++
		}
		if i == len(format) {
			return nil, badTimeFormat(format, "a % at its end")
		}
		if format[i] == '%' {
			text('%')
			continue
		}
		meaning := fields(format[i])
		if meaning == "" {
			return nil, badTimeFormat(format, "%"+string(rune(format[i]))+", which is no field")
		}
		for k := range len(meaning) {
			if c := meaning[k]; strings.IndexByte("-:/. ,\t", c) >= 0 {
				text(c)
			} else if c == '!' { // without zeros
				bare = true
			} else {
				items = append(items, timeItem{field: c, bare: bare})
			}
		}
	}
	return items, nil
}

func strftimeFormat(format []byte) ([]timeItem, error) {
	return percentFormat(format, func(c byte) string {
		switch c {
		case 'c':
			return "Y-m-d H:M:S"
		case 'x', 'F':
			return "Y-m-d"
		case 'X', 'T':
			return "H:M:S"
		case 'D':
			return "m/d/y"
		case 'R':
			return "H:M"
		case 'h':
			return "b"
		case 't':
			return "\t"
		}
		if strings.IndexByte("YyCmdeHIMSgfnjwuUWVGaAbBpzZs", c) >= 0 {
			return string(rune(c))
		}
		return ""
	})
}

func mysqlFormat(format []byte) ([]timeItem, error) {
	fields := map[byte]string{
		'a': "a", 'b': "b", 'c': "!m", 'D': "D", 'd': "d", 'e': "!d", 'f': "f", 'H': "H", 'h': "I", 'I': "I", 'i': "M",
		'j': "j", 'k': "!H", 'l': "!I", 'M': "B", 'm': "m", 'p': "p", 'r': "I:M:S p", 'S': "S", 's': "S", 'T': "H:M:S",
		'U': "U", 'u': "W", 'v': "V", 'W': "A", 'w': "w", 'x': "G", 'Y': "Y", 'y': "y",
	}
	return percentFormat(format, func(c byte) string { return fields[c] })
}

// toCharFormat reads PostgreSQL's patterns; what is none, or stands in double quotes, is a text.
func toCharFormat(format []byte) ([]timeItem, error) {
	var items []timeItem
	bare := false
	for i := 0; i < len(format); {
		rest := string(format[i:])
		switch {
		case strings.HasPrefix(rest, "FM"):
			bare = true
			i += len("FM")
			continue
		case rest[0] == '"':
			end := strings.IndexByte(rest[1:], '"')
			if end < 0 {
				end = len(rest) - 1
			}
			items = append(items, timeItem{text: []byte(rest[1 : end+1])})
			i += min(end+2, len(rest))
			continue
		}
		item, length := toCharItem(rest)
		if length == 0 {
			item, length = timeItem{text: []byte(rest[:1])}, 1
		}
		if item.bare = bare; bare {
			item.shape = trimmedShape(item.shape)
		}
		items = append(items, item)
		i += length
		bare = bare && item.field == 0
	}
	return items, nil
}

func trimmedShape(shape func(string) string) func(string) string {
	return func(s string) string {
		if shape != nil {
			s = shape(s)
		}
		return strings.TrimRight(s, " ")
	}
}

// toCharItem returns the pattern that a text begins with, the longest, and its length; 0 for none. Names are written as
// the pattern is: MONTH, Month or month.
func toCharItem(rest string) (timeItem, int) {
	const longest = 9 // of months' names
	padded := func(s string) string { return s + strings.Repeat(" ", longest-len(s)) }
	for _, p := range []struct {
		pattern string
		field   byte
		pad     bool
	}{
		{"HH24", 'H', false},
		{"HH12", 'I', false},
		{"YYYY", 'Y', false},
		{"IYYY", 'G', false},
		{"MONTH", 'B', true},
		{"DDD", 'j', false},
		{"MON", 'b', false},
		{"DAY", 'A', true},
		{"MI", 'M', false},
		{"SS", 'S', false},
		{"MS", 'g', false},
		{"US", 'f', false},
		{"NS", 'n', false},
		{"HH", 'I', false},
		{"YY", 'y', false},
		{"MM", 'm', false},
		{"DD", 'd', false},
		{"DY", 'a', false},
		{"ID", 'u', false},
		{"IW", 'V', false},
		{"AM", 'p', false},
		{"PM", 'p', false},
		{"TZ", 'Z', false},
		{"OF", 'z', false},
		{"Q", 'q', false},
		{"D", 'o', false},
		{"J", 'J', false},
	} {
		if len(rest) < len(p.pattern) || !strings.EqualFold(rest[:len(p.pattern)], p.pattern) {
			continue
		}
		item := timeItem{field: p.field}
		switch written := rest[:len(p.pattern)]; {
		case written == strings.ToUpper(written):
			item.shape = strings.ToUpper
		case written == strings.ToLower(written):
			item.shape = strings.ToLower
		}
		if p.pad {
			shape := item.shape
			item.shape = func(s string) string {
				if shape != nil {
					s = shape(s)
				}
				return padded(s)
			}
		}
		return item, len(p.pattern)
	}
	return timeItem{}, 0
}
