package lineedit

import (
	"bufio"
	"errors"
	"io"
	"os"
	"strings"

	"golang.org/x/term"
)

// ErrInterrupt is what Read returns for Ctrl-C.
var ErrInterrupt = errors.New("the input was given up")

// History is what was entered before, the oldest first.
type History interface {
	Len() int
	Entry(i int) string
}

// Terminal is where the person is.
type Terminal struct {
	In   io.Reader
	Out  io.Writer
	Raw  func() (restore func() error, err error) // until restore is called every key is handed out at once
	Size func() (width, height int)
}

// NewTerminal returns a process's terminal.
func NewTerminal(in, out *os.File) Terminal {
	return Terminal{
		In: in, Out: out,
		Raw: func() (func() error, error) {
			before, err := term.MakeRaw(int(in.Fd()))
			return func() error { return term.Restore(int(in.Fd()), before) }, err
		},
		Size: func() (width, height int) {
			width, height, err := term.GetSize(int(out.Fd()))
			if err != nil || width <= 0 || height <= 0 {
				return 80, 24
			}
			return width, height
		},
	}
}

// Options say how to read.
type Options struct {
	Prompt, More string // of the first line, and of those after it; More is not wider
	History      History

	// Complete tells whether Enter ends the text; else it begins a new line.
	Complete func(text string) bool

	// Suggest returns what the text before the cursor ends with, and the words that may stand in its place.
	Suggest func(before, after string) (start string, words []string)
}

// Editor reads texts. It keeps what was typed ahead from one to the next.
type Editor struct {
	buffer

	options  Options
	terminal Terminal
	in       *bufio.Reader

	view  view
	menu  []string // words to choose from, shown until the next key
	entry int      // of the history that is edited; its length is the new text
	draft string   // the new text while an entry is shown
	find  *search  // nil: not searching
}

// search looks backwards in the history.
type search struct {
	word   string
	before string // what was edited when it began
}

// New returns an editor.
func New(t Terminal, o Options) *Editor {
	return &Editor{options: o, terminal: t, in: bufio.NewReader(t.In), view: view{out: t.Out}}
}

// Read reads one text: io.EOF at the end of the input or for Ctrl-D on an empty line, ErrInterrupt for Ctrl-C.
func (e *Editor) Read() (read string, err error) {
	restore, err := e.terminal.Raw()
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, e.write(pasteOff), restore()) }()
	if err := e.write(pasteOn); err != nil {
		return "", err
	}
	e.set("")
	e.entry, e.draft, e.find, e.menu, e.view.row = e.options.History.Len(), "", nil, nil, 0
	for {
		if e.in.Buffered() == 0 { // else more is to come at once
			if err := e.draw(); err != nil {
				return "", err
			}
		}
		k, err := readKey(e.in)
		if err != nil {
			return "", errors.Join(err, e.finish(""))
		}
		e.menu = nil
		done, err := e.press(k)
		if err != nil {
			return "", errors.Join(err, e.finish(map[bool]string{true: "^C"}[errors.Is(err, ErrInterrupt)]))
		}
		if done {
			return string(e.text), e.finish("")
		}
	}
}

func (e *Editor) write(s string) error {
	_, err := io.WriteString(e.terminal.Out, s)
	return err
}

// finish leaves the text as it stands and goes below it.
func (e *Editor) finish(mark string) error {
	e.find, e.menu = nil, nil
	e.cursor = len(e.text)
	return errors.Join(e.draw(), e.write(mark+"\r\n"))
}

func (e *Editor) draw() error {
	width, height := e.terminal.Size()
	p := picture{
		prompts: [2]string{e.options.Prompt, e.options.More},
		text:    e.text, cursor: e.cursor, width: width, height: height,
		below: columns(e.menu, width, height/2),
	}
	if e.find != nil {
		p.below = []string{"search backwards: " + strings.Map(shownRune, e.find.word)}
	}
	return e.view.draw(p)
}

// press does what a key asks for, and tells whether the text is whole.
func (e *Editor) press(k key) (done bool, err error) {
	if e.find != nil && e.searching(k) {
		return false, nil
	}
	switch k.name {
	case keyChar:
		if k.char < ' ' || k.char == backspace {
			return e.pressControl(k.char)
		}
		e.insert(k.char)
	case keyPaste:
		e.insert([]rune(k.paste)...)
	case keyNewline:
		e.insert('\n')
	case keyUp:
		if !e.up() {
			e.remember(e.entry - 1)
		}
	case keyDown:
		if !e.down() {
			e.remember(e.entry + 1)
		}
	default:
		e.pressMove(k.name)
	}
	return false, nil
}

func (e *Editor) pressMove(name keyName) {
	switch name {
	case keyLeft:
		e.move(-1)
	case keyRight:
		e.move(1)
	case keyHome:
		e.cursor = e.lineStart()
	case keyEnd:
		e.cursor = e.lineEnd()
	case keyWordLeft:
		e.cursor = e.wordStart()
	case keyWordRight:
		e.cursor = e.wordEnd()
	case keyDelete:
		e.remove(e.cursor, min(e.cursor+1, len(e.text)))
	case keyKillWord:
		e.cut(e.wordEnd())
	case keyKillWordBack:
		e.cut(e.wordStart())
	default:
	}
}

func (e *Editor) pressControl(c rune) (done bool, err error) {
	switch c {
	case '\r', '\n':
		if e.options.Complete(string(e.text)) {
			return true, nil
		}
		e.insert('\n')
	case '\t':
		e.suggest()
	case backspace, control('h'):
		e.remove(max(e.cursor-1, 0), e.cursor)
	case control('c'):
		return false, ErrInterrupt
	case control('d'):
		if len(e.text) == 0 {
			return false, io.EOF
		}
		e.pressMove(keyDelete)
	case control('p'):
		e.remember(e.entry - 1)
	case control('n'):
		e.remember(e.entry + 1)
	case control('r'):
		e.find = &search{before: string(e.text)}
	case control('l'):
		e.view.row = 0
		return false, e.write("\x1b[H\x1b[2J")
	default:
		e.pressEdit(c)
	}
	return false, nil
}

func (e *Editor) pressEdit(c rune) {
	switch c {
	case control('a'):
		e.pressMove(keyHome)
	case control('e'):
		e.pressMove(keyEnd)
	case control('b'):
		e.pressMove(keyLeft)
	case control('f'):
		e.pressMove(keyRight)
	case control('w'):
		e.cut(e.wordStart())
	case control('u'):
		e.cut(e.lineStart())
	case control('k'):
		e.cut(e.lineEnd())
	case control('y'):
		e.insert(e.killed...)
	}
}

// remember shows an entry of the history; the one after the last is the new text.
func (e *Editor) remember(i int) {
	h := e.options.History
	if i < 0 || i > h.Len() {
		return
	}
	if e.entry == h.Len() {
		e.draft = string(e.text)
	}
	e.entry = i
	if i == h.Len() {
		e.set(e.draft)
		return
	}
	e.set(h.Entry(i))
}

// searching tells whether a key belongs to the search; any other ends it and does what it does.
func (e *Editor) searching(k key) bool {
	switch {
	case k.name == keyChar && k.char >= ' ' && k.char != backspace:
		e.find.word += string(k.char)
		e.look(e.entry)
	case k.name == keyChar && (k.char == backspace || k.char == control('h')):
		word := []rune(e.find.word)
		e.find.word = string(word[:max(len(word)-1, 0)])
	case k.name == keyChar && k.char == control('r'):
		e.look(e.entry - 1)
	case k.name == keyChar && (k.char == control('g') || k.char == control('c')):
		e.entry = e.options.History.Len()
		e.set(e.find.before)
		e.find = nil
	default:
		e.find = nil
		return false
	}
	return true
}

// look shows the youngest entry up to number i that has the word.
func (e *Editor) look(i int) {
	for i = min(i, e.options.History.Len()-1); i >= 0; i-- {
		if entry := e.options.History.Entry(i); strings.Contains(strings.ToLower(entry), strings.ToLower(e.find.word)) {
			e.remember(i)
			return
		}
	}
}

// suggest completes what all words have in common, and shows them where that is no more than what stands there.
func (e *Editor) suggest() {
	start, words := e.options.Suggest(string(e.text[:e.cursor]), string(e.text[e.cursor:]))
	if len(words) == 0 {
		return
	}
	common := []rune(words[0])
	for _, w := range words[1:] {
		n := 0
		for _, r := range w {
			if n == len(common) || common[n] != r {
				break
			}
			n++
		}
		common = common[:n]
	}
	if len(words) > 1 {
		e.menu = words
	}
	if have := len([]rune(start)); len(words) == 1 || len(common) > have {
		e.remove(e.cursor-have, e.cursor)
		e.insert(common...)
	}
}
