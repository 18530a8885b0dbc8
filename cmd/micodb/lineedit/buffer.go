package lineedit

import (
	"slices"
	"unicode"
)

// buffer is a text that is being edited. The cursor stands before text[cursor].
type buffer struct {
	text   []rune
	cursor int
	killed []rune // what was cut last
}

func (b *buffer) set(text string) {
	b.text = []rune(text)
	b.cursor = len(b.text)
}

func (b *buffer) insert(text ...rune) {
	b.text = slices.Insert(b.text, b.cursor, text...)
	b.cursor += len(text)
}

// cut takes the text between the cursor and another place out, and keeps it.
func (b *buffer) cut(to int) {
	from := min(b.cursor, to)
	to = max(b.cursor, to)
	if from == to {
		return
	}
	b.killed = slices.Clone(b.text[from:to])
	b.remove(from, to)
}

func (b *buffer) remove(from, to int) {
	b.text = slices.Delete(b.text, from, to)
	b.cursor = from
}

func (b *buffer) move(by int) { b.cursor = min(max(b.cursor+by, 0), len(b.text)) }

// lineStart and lineEnd are the ends of the cursor's line.
func (b *buffer) lineStart() int {
	for i := b.cursor; i > 0; i-- {
		if b.text[i-1] == '\n' {
			return i
		}
	}
	return 0
}

func (b *buffer) lineEnd() int {
	for i := b.cursor; i < len(b.text); i++ {
		if b.text[i] == '\n' {
			return i
		}
	}
	return len(b.text)
}

// up moves to the line above and tells whether there is one.
func (b *buffer) up() bool {
	start := b.lineStart()
	if start == 0 {
		return false
	}
	column := b.cursor - start
	b.cursor = start - 1
	b.cursor = min(b.lineStart()+column, start-1)
	return true
}

// down moves to the line below and tells whether there is one.
func (b *buffer) down() bool {
	end := b.lineEnd()
	if end == len(b.text) {
		return false
	}
	column := b.cursor - b.lineStart()
	b.cursor = end + 1
	b.cursor = min(end+1+column, b.lineEnd())
	return true
}

func inWord(r rune) bool { return r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) }

// wordStart is where the word before the cursor begins, wordEnd where the one after it ends.
func (b *buffer) wordStart() int {
	i := b.cursor
	for i > 0 && !inWord(b.text[i-1]) {
		i--
	}
	for i > 0 && inWord(b.text[i-1]) {
		i--
	}
	return i
}

func (b *buffer) wordEnd() int {
	i := b.cursor
	for i < len(b.text) && !inWord(b.text[i]) {
		i++
	}
	for i < len(b.text) && inWord(b.text[i]) {
		i++
	}
	return i
}
