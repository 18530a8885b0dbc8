package shell

import (
	"bufio"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/micodb/micodb/engine/parser"
)

// historyMax is how many entries are kept.
const historyMax = 2000

// history is what a person has entered, in a file that only they can read: a JSON string a line. An entry that sets a
// secret is never written.
type history struct {
	file    string // empty: in memory only
	entries []string
}

// openHistory reads the history. What can't be read is left out: nobody shall be kept from the shell by it.
func openHistory(file string) (*history, error) {
	h := &history{file: file}
	if file == "" {
		return h, nil
	}
	f, err := os.Open(file)
	if errors.Is(err, fs.ErrNotExist) {
		return h, nil
	}
	if err != nil {
		return h, err
	}
	lines := 0
	for s := bufio.NewScanner(f); s.Scan(); {
		lines++
		var entry string
		if json.Unmarshal(s.Bytes(), &entry) == nil && !holdsSecret(entry) {
			h.entries = append(h.entries, entry)
		}
	}
	err = errors.Join(f.Close(), os.Chmod(file, 0o600))
	h.entries = h.entries[max(len(h.entries)-historyMax, 0):]
	if err == nil && lines > 2*historyMax {
		err = h.rewrite()
	}
	return h, err
}

// rewrite makes the file anew with the entries that are kept.
func (h *history) rewrite() error {
	var b strings.Builder
	for _, e := range h.entries {
		b.WriteString(lineOf(e))
	}
	fresh := h.file + ".new"
	if err := os.WriteFile(fresh, []byte(b.String()), 0o600); err != nil {
		return err
	}
	return os.Rename(fresh, h.file)
}

func lineOf(entry string) string {
	b, _ := json.Marshal(entry) //nolint:errchkjson // a string always has a form
	return string(b) + "\n"
}

// add keeps an entry.
func (h *history) add(entry string) error {
	if entry == "" || holdsSecret(entry) || len(h.entries) > 0 && h.entries[len(h.entries)-1] == entry {
		return nil
	}
	h.entries = append(h.entries, entry)
	if h.file == "" {
		return nil
	}
	f, err := os.OpenFile(h.file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		h.file = "" // it is said once
		return err
	}
	_, err = f.WriteString(lineOf(entry))
	return errors.Join(err, f.Close())
}

// Len implements lineedit.History.
func (h *history) Len() int { return len(h.entries) }

// Entry implements lineedit.History.
func (h *history) Entry(i int) string { return h.entries[i] }

// holdsSecret tells whether a text may set a secret. It would rather forget a harmless statement.
func holdsSecret(text string) bool {
	if isCommand(text) {
		return false
	}
	statements, err := parser.Split(text)
	if err != nil { // an open string: nobody knows
		statements = []string{text}
	}
	return slices.ContainsFunc(statements, func(sql string) bool {
		var bare strings.Builder // what is in no string, comments among it
		for i, text := range strings.Split(strings.ToUpper(sql), "'") {
			if i%2 == 0 {
				bare.WriteString(text + " ")
			}
		}
		words := strings.Fields(bare.String())
		if err == nil && len(words) > 0 && slices.Contains([]string{"SELECT", "SHOW", "DESCRIBE", "WITH"}, words[0]) {
			return false
		}
		return slices.ContainsFunc([]string{"IDENTIFIED", "PASSWORD", "SECRET", "TOKEN"},
			func(w string) bool { return strings.Contains(bare.String(), w) })
	})
}
