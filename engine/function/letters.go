package function

import (
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// initcap begins each word, a run of letters and digits, with a title letter.
func initcap(dst []byte, r *row) ([]byte, error) {
	inside := false
	for s := r.text(0); len(s) > 0; {
		c, size := utf8.DecodeRune(s)
		letter := unicode.IsLetter(c) || unicode.IsDigit(c)
		switch {
		case c == utf8.RuneError && size == 1:
			dst = append(dst, s[0])
		case letter && inside:
			dst = utf8.AppendRune(dst, unicode.ToLower(c))
		case letter:
			dst = utf8.AppendRune(dst, unicode.ToTitle(c))
		default:
			dst = append(dst, s[:size]...)
		}
		inside = letter
		s = s[size:]
	}
	return dst, nil
}

// stripAccents decomposes the letters (Unicode's NFD), drops the marks, and composes what remains.
func stripAccents(dst []byte, r *row) ([]byte, error) {
	s := r.text(0)
	if isASCII(s) {
		return append(dst, s...), nil
	}
	var bare []byte
	for s = norm.NFD.Bytes(s); len(s) > 0; {
		c, size := utf8.DecodeRune(s)
		if !unicode.Is(unicode.Mn, c) {
			bare = append(bare, s[:size]...)
		}
		s = s[size:]
	}
	return norm.NFC.Append(dst, bare...), nil
}

func isASCII(s []byte) bool {
	for _, c := range s {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// soundex writes the first letter and three digits for the sounds after it (the American Soundex of the US census:
// H and W do not part two letters of one sound, vowels do).
func soundex(dst []byte, r *row) ([]byte, error) {
	const sounds = "01230120022455012623010202" // of A to Z; 0 is silent
	const length = 4
	from := len(dst)
	last := byte('0')
	for _, c := range r.text(0) {
		c &^= 'a' - 'A'
		if c < 'A' || c > 'Z' {
			continue
		}
		sound := sounds[c-'A']
		switch {
		case len(dst) == from:
			dst = append(dst, c)
		case c == 'H' || c == 'W':
			continue
		case sound != '0' && sound != last:
			dst = append(dst, sound)
		}
		if last = sound; len(dst) == from+length {
			return dst, nil
		}
	}
	for len(dst) > from && len(dst) < from+length {
		dst = append(dst, '0')
	}
	return dst, nil
}
