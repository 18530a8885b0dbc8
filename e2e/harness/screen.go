package harness

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// screen is what a terminal shows: the part of a VT100 that our programs and less use. Every character is one column
// wide, colours are left out, and what it does not know it ignores.
type screen struct {
	width, height int
	lines         [][]rune
	row, column   int
	savedRow      int
	savedColumn   int
	other         [][]rune // the lines of the screen that is not shown: the main one while the alternate is
	pending       []byte   // of a sequence or character that has not ended
}

func newScreen(width, height int) *screen {
	return &screen{width: width, height: height, lines: blank(width, height)}
}

func blank(width, height int) [][]rune {
	lines := make([][]rune, height)
	for i := range lines {
		lines[i] = blankLine(width)
	}
	return lines
}

func blankLine(width int) []rune { return []rune(strings.Repeat(" ", width)) }

// text returns the lines, without spaces at their ends.
func (s *screen) text() string {
	var b strings.Builder
	for _, l := range s.lines {
		b.WriteString(strings.TrimRight(string(l), " ") + "\n")
	}
	return b.String()
}

// forget makes the lines above the cursor's blank.
func (s *screen) forget() {
	for i := range s.row {
		s.lines[i] = blankLine(s.width)
	}
}

// write takes what a program sends.
func (s *screen) write(b []byte) {
	s.pending = append(s.pending, b...)
	for len(s.pending) > 0 {
		n := s.step(s.pending)
		if n == 0 {
			return
		}
		s.pending = s.pending[n:]
	}
}

// step does what the first bytes ask for and returns their number, 0 when more have to come first.
func (s *screen) step(b []byte) int {
	switch c := b[0]; {
	case c == 0x1b:
		return s.escape(b)
	case c == '\r':
		s.column = 0
	case c == '\n':
		s.feed()
	case c == '\b':
		s.column = max(s.column-1, 0)
	case c == '\t':
		s.column = min(s.column/8*8+8, s.width-1)
	case c < ' ':
	default:
		if !utf8.FullRune(b) {
			return 0
		}
		r, n := utf8.DecodeRune(b)
		s.put(r)
		return n
	}
	return 1
}

func (s *screen) put(r rune) {
	if s.column == s.width {
		s.column = 0
		s.feed()
	}
	s.lines[s.row][s.column] = r
	s.column++
}

func (s *screen) feed() {
	if s.row < s.height-1 {
		s.row++
		return
	}
	s.lines = append(s.lines[1:], blankLine(s.width))
}

// escape reads a sequence that begins with the escape character.
func (s *screen) escape(b []byte) int {
	if len(b) < 2 {
		return 0
	}
	switch b[1] {
	case '[':
	case ']': // a title, up to a bell
		for i := 2; i < len(b); i++ {
			if b[i] == 0x07 {
				return i + 1
			}
		}
		return 0
	case '7':
		s.savedRow, s.savedColumn = s.row, s.column
		return 2
	case '8':
		s.row, s.column = s.savedRow, s.savedColumn
		return 2
	case 'M':
		s.reverseFeed()
		return 2
	case '(', ')':
		return min(3, len(b)/3*3)
	default:
		return 2
	}
	for i := 2; i < len(b); i++ {
		if b[i] >= '@' && b[i] <= '~' {
			s.control(string(b[2:i]), b[i])
			return i + 1
		}
	}
	return 0
}

func (s *screen) reverseFeed() {
	if s.row > 0 {
		s.row--
		return
	}
	s.lines = append([][]rune{blankLine(s.width)}, s.lines[:s.height-1]...)
}

// control does what CSI sequences ask for.
func (s *screen) control(parameters string, what byte) {
	if strings.HasPrefix(parameters, "?") {
		if parameters == "?1049" {
			s.alternate(what == 'h')
		}
		return
	}
	number := func(i, otherwise int) int {
		parts := strings.Split(parameters, ";")
		if i >= len(parts) {
			return otherwise
		}
		n, err := strconv.Atoi(parts[i])
		if err != nil {
			return otherwise
		}
		return n
	}
	n := max(number(0, 1), 1)
	switch what {
	case 'A':
		s.row = max(s.row-n, 0)
	case 'B':
		s.row = min(s.row+n, s.height-1)
	case 'C':
		s.column = min(s.column+n, s.width-1)
	case 'D':
		s.column = max(s.column-n, 0)
	case 'E':
		s.row, s.column = min(s.row+n, s.height-1), 0
	case 'F':
		s.row, s.column = max(s.row-n, 0), 0
	case 'G':
		s.column = min(n, s.width) - 1
	case 'H', 'f':
		s.row, s.column = min(n, s.height)-1, min(max(number(1, 1), 1), s.width)-1
	case 'J':
		s.erase(number(0, 0))
	case 'K':
		s.eraseLine(number(0, 0))
	case 's':
		s.savedRow, s.savedColumn = s.row, s.column
	case 'u':
		s.row, s.column = s.savedRow, s.savedColumn
	}
}

// alternate shows the screen that pagers use, and the other one again.
func (s *screen) alternate(on bool) {
	if on == (s.other != nil) {
		return
	}
	if on {
		s.other, s.lines = s.lines, blank(s.width, s.height)
		s.savedRow, s.savedColumn = s.row, s.column
		s.row, s.column = 0, 0
		return
	}
	s.lines, s.other = s.other, nil
	s.row, s.column = s.savedRow, s.savedColumn
}

func (s *screen) erase(what int) {
	s.eraseLine(what)
	for i := range s.lines {
		if what == 2 || what == 3 || what == 0 && i > s.row || what == 1 && i < s.row {
			s.lines[i] = blankLine(s.width)
		}
	}
}

func (s *screen) eraseLine(what int) {
	for i := range s.lines[s.row] {
		if what >= 2 || what == 0 && i >= s.column || what == 1 && i <= s.column {
			s.lines[s.row][i] = ' '
		}
	}
}
