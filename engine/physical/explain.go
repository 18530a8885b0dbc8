package physical

import "strings"

// indented returns the lines of a text, each two spaces further in.
func indented(text string) []string {
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	for i, l := range lines {
		lines[i] = "  " + l
	}
	return lines
}
