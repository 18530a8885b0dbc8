package lineedit

import (
	"fmt"
	"io"
	"strings"

	"github.com/jedib0t/go-pretty/v6/text"
)

// view draws a text below each other on a terminal, over what it drew before.
type view struct {
	out io.Writer
	row int // of the cursor, counted from the first row of what is drawn
}

// picture is what is to be seen.
type picture struct {
	prompts       [2]string // of the first line, and of those after it
	text          []rune
	cursor        int
	below         []string // lines under the text, each shorter than the screen is wide
	width, height int
}

// place is a cell of what is drawn.
type place struct{ row, column int }

// shownRune is a character as it is drawn: one that would steer the terminal is a question mark.
func shownRune(r rune) rune {
	switch {
	case r == '\t':
		return ' '
	case r < ' ' || r == 0x7f || r >= 0x80 && r <= 0x9f:
		return '?'
	default:
		return r
	}
}

// cut leaves out lines of a text that is higher than the screen, but never the cursor's.
func (p picture) cut() picture {
	for p.rows() > p.height && p.height > 0 {
		first, last := -1, -1
		for i, r := range p.text {
			if r == '\n' {
				if first < 0 {
					first = i
				}
				last = i
			}
		}
		switch {
		case len(p.below) > 0:
			p.below = p.below[:len(p.below)-1]
		case first >= 0 && first < p.cursor:
			p.text, p.cursor = p.text[first+1:], p.cursor-first-1
			p.prompts[0] = p.prompts[1]
		case last >= p.cursor:
			p.text = p.text[:last]
		default:
			return p
		}
	}
	return p
}

func (p picture) rows() int {
	_, _, end := p.render()
	return end.row + 1 + len(p.below)
}

// render returns what draws the text, where its cursor is, and where it ends.
func (p picture) render() (drawn string, cursor, end place) {
	var b strings.Builder
	at := place{column: text.StringWidthWithoutEscSequences(p.prompts[0])}
	b.WriteString(p.prompts[0])
	for i, r := range p.text {
		if i == p.cursor {
			cursor = at.wrapped(p.width)
		}
		if r == '\n' {
			if at.column == p.width {
				at = at.wrapped(p.width)
				b.WriteString(" ") // the terminal wraps only when it has to
			}
			b.WriteString("\r\n" + p.prompts[1])
			at = place{at.row + 1, text.StringWidthWithoutEscSequences(p.prompts[1])}
			continue
		}
		r = shownRune(r)
		w := text.RuneWidth(r)
		if at.column+w > p.width {
			at = place{row: at.row + 1}
		}
		at.column += w
		b.WriteRune(r)
	}
	if at.column == p.width {
		at = at.wrapped(p.width)
		b.WriteString(" \r")
	}
	if p.cursor == len(p.text) {
		cursor = at
	}
	return b.String(), cursor, at
}

// wrapped is the place where the next character goes.
func (p place) wrapped(width int) place {
	if p.column >= width {
		return place{row: p.row + 1}
	}
	return p
}

// draw shows a picture in place of the one before.
func (v *view) draw(p picture) error {
	p = p.cut()
	var b strings.Builder
	b.WriteString("\x1b[?25l" + up(v.row) + "\r\x1b[J")
	drawn, cursor, end := p.render()
	b.WriteString(drawn)
	for _, line := range p.below {
		b.WriteString("\r\n" + line)
	}
	b.WriteString(up(end.row + len(p.below) - cursor.row))
	b.WriteString("\r")
	if cursor.column > 0 {
		fmt.Fprintf(&b, "\x1b[%dC", cursor.column)
	}
	b.WriteString("\x1b[?25h")
	v.row = cursor.row
	_, err := io.WriteString(v.out, b.String())
	return err
}

func up(rows int) string {
	if rows <= 0 {
		return ""
	}
	return fmt.Sprintf("\x1b[%dA", rows)
}

// columns lays words out in columns, as many as fit, in at most so many lines; the last then says how many are left.
func columns(words []string, width, lines int) []string {
	if len(words) == 0 || lines <= 0 {
		return nil
	}
	widest := 0
	for _, w := range words {
		widest = max(widest, text.StringWidthWithoutEscSequences(w))
	}
	across := max((width-1)/(widest+2), 1)
	var out []string
	for i := 0; i < len(words); i += across {
		if len(out) == lines-1 && len(words)-i > across {
			return append(out, fmt.Sprintf("… and %d more", len(words)-i))
		}
		var b strings.Builder
		for _, w := range words[i:min(i+across, len(words))] {
			b.WriteString(text.Pad(w, widest+2, ' '))
		}
		out = append(out, text.Trim(strings.TrimRight(b.String(), " "), max(width-1, 1)))
	}
	return out
}
