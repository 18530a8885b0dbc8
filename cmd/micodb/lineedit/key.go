package lineedit

import (
	"bufio"
	"strings"
	"unicode/utf8"
)

// key is what a person pressed: a character, or one of the names below.
type key struct {
	char  rune
	name  keyName
	paste string // of keyPaste
}

type keyName uint8

const (
	keyChar keyName = iota // also control characters
	keyUp
	keyDown
	keyLeft
	keyRight
	keyHome
	keyEnd
	keyDelete
	keyWordLeft
	keyWordRight
	keyKillWord     // Alt-D
	keyKillWordBack // Alt-Backspace
	keyNewline      // Alt-Enter
	keyPaste
	keyUnknown
)

// control returns the character that Ctrl makes of a letter.
func control(letter rune) rune { return letter & 0x1f }

const (
	escape    = 0x1b
	backspace = 0x7f
)

// The marks around what a terminal pastes, when it was asked for them.
const (
	pasteOn    = "\x1b[?2004h"
	pasteOff   = "\x1b[?2004l"
	pasteStart = "200~"
	pasteEnd   = "\x1b[201~"
)

// readKey reads one key.
func readKey(in *bufio.Reader) (key, error) {
	r, _, err := in.ReadRune()
	if err != nil {
		return key{}, err
	}
	switch {
	case r == utf8.RuneError:
		return key{name: keyUnknown}, nil
	case r != escape:
		return key{char: r}, nil
	}
	if r, _, err = in.ReadRune(); err != nil {
		return key{}, err
	}
	switch r {
	case '[', 'O':
		return readSequence(in)
	case 'b':
		return key{name: keyWordLeft}, nil
	case 'f':
		return key{name: keyWordRight}, nil
	case 'd':
		return key{name: keyKillWord}, nil
	case backspace, control('h'):
		return key{name: keyKillWordBack}, nil
	case '\r', '\n':
		return key{name: keyNewline}, nil
	}
	return key{name: keyUnknown}, nil
}

// sequences are the keys that terminals send as several characters, without what they all begin with.
func sequences() map[string]keyName {
	return map[string]keyName{
		"A": keyUp, "B": keyDown, "C": keyRight, "D": keyLeft, "H": keyHome, "F": keyEnd,
		"1~": keyHome, "7~": keyHome, "4~": keyEnd, "8~": keyEnd, "3~": keyDelete,
		"1;5C": keyWordRight, "1;3C": keyWordRight, "1;5D": keyWordLeft, "1;3D": keyWordLeft, "3;5~": keyKillWord,
	}
}

// sequenceMax bounds what is read of a sequence that does not end.
const sequenceMax = 16

func readSequence(in *bufio.Reader) (key, error) {
	var b strings.Builder
	for b.Len() < sequenceMax {
		c, err := in.ReadByte()
		if err != nil {
			return key{}, err
		}
		b.WriteByte(c)
		if c < '@' || c > '~' {
			continue
		}
		if b.String() == pasteStart {
			return readPaste(in)
		}
		if name, ok := sequences()[b.String()]; ok {
			return key{name: name}, nil
		}
		break
	}
	return key{name: keyUnknown}, nil
}

func readPaste(in *bufio.Reader) (key, error) {
	var b strings.Builder
	for !strings.HasSuffix(b.String(), pasteEnd) {
		c, err := in.ReadByte()
		if err != nil {
			return key{}, err
		}
		b.WriteByte(c)
	}
	text := strings.TrimSuffix(b.String(), pasteEnd)
	return key{name: keyPaste, paste: strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text)}, nil
}
