package textfile

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// jsonRecords reads one object a line. Columns are found by name; a key that is none is an error, unless the columns
// are being found (growing), when it makes one.
type jsonRecords struct {
	lines   *lines
	columns map[string]int // by folded name
	names   []string
	growing bool
	raw     []bool // columns of JSON, whose strings keep their quotes; nil: none
	cells   []cell
}

func (r *jsonRecords) line() int { return r.lines.number }

func (r *jsonRecords) next() ([]cell, error) {
	line, err := r.lines.next()
	for err == nil && blank(line) {
		line, err = r.lines.next()
	}
	if err != nil {
		return nil, err
	}
	if !validText(line) {
		return nil, notUTF8(r.line())
	}
	d := json.NewDecoder(bytes.NewReader(line))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, r.broken("the line is no JSON object")
	}
	r.cells = append(r.cells[:0], make([]cell, len(r.names))...)
	seen := make(map[int]bool, len(r.names))
	for d.More() {
		t, err := d.Token()
		key, ok := t.(string)
		if err != nil || !ok {
			return nil, r.broken("the JSON is broken at byte %d", d.InputOffset()+1)
		}
		var raw json.RawMessage
		if err := d.Decode(&raw); err != nil {
			return nil, r.broken("the JSON is broken at byte %d", d.InputOffset()+1)
		}
		at, err := r.find(key)
		if err != nil {
			return nil, err
		}
		if at == len(r.cells) {
			r.cells = append(r.cells, cell{})
		}
		if seen[at] {
			return nil, r.broken("the key %q is there twice", key)
		}
		seen[at] = true
		if r.raw != nil && r.raw[at] && raw[0] == '"' {
			r.cells[at] = cell{text: raw, kind: nested}
			continue
		}
		if r.cells[at], err = jsonCell(raw); err != nil {
			return nil, r.broken("the value of %q is broken", key)
		}
	}
	if _, err := d.Token(); err != nil {
		return nil, r.broken("the JSON ends early")
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, r.broken("text follows the object")
	}
	return r.cells, nil
}

func (r *jsonRecords) find(key string) (int, error) {
	at, ok := r.columns[strings.ToLower(key)]
	if ok {
		return at, nil
	}
	if !r.growing || len(r.names) == ColumnsMax {
		return 0, r.broken("there is no column %q", key)
	}
	r.columns[strings.ToLower(key)] = len(r.names)
	r.names = append(r.names, key)
	return len(r.names) - 1, nil
}

func (r *jsonRecords) broken(format string, args ...any) error {
	return &RecordError{Line: r.line(), Message: fmt.Sprintf(format, args...)}
}

func jsonCell(raw json.RawMessage) (cell, error) {
	switch raw[0] {
	case 'n':
		return cell{}, nil
	case '"':
		var s string
		err := json.Unmarshal(raw, &s)
		return cell{text: []byte(s), kind: quoted}, err
	case '{', '[':
		return cell{text: raw, kind: nested}, nil
	default:
		return cell{text: raw, kind: plain}, nil
	}
}
