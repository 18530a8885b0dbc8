package textfile

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"unicode/utf8"

	"github.com/micodb/micodb/internal/sqlerr"
)

// lines hands out a file line by line.
type lines struct {
	in     *bufio.Reader
	long   []byte // a line that is longer than the buffer
	number int    // of the last line
	held   int    // bytes of the record that the line continues
}

const byteOrderMark = "\xEF\xBB\xBF"

func newLines(in *bufio.Reader) (*lines, error) {
	l := &lines{in: in}
	if b, _ := in.Peek(len(byteOrderMark)); string(b) == byteOrderMark {
		if _, err := in.Discard(len(byteOrderMark)); err != nil {
			return nil, err
		}
	}
	return l, nil
}

// next returns a line with its end, valid until the next call: io.EOF after the last, 54000 for one that is too long.
func (l *lines) next() ([]byte, error) {
	line, err := l.in.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		l.long = l.long[:0]
		for errors.Is(err, bufio.ErrBufferFull) {
			l.long = append(l.long, line...)
			if len(l.long)+l.held > RecordBytesMax {
				return nil, l.tooLong()
			}
			line, err = l.in.ReadSlice('\n')
		}
		l.long = append(l.long, line...)
		line = l.long
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if len(line) == 0 {
		return nil, io.EOF
	}
	l.number++
	if len(line)+l.held > RecordBytesMax {
		return nil, l.tooLong()
	}
	return line, nil
}

func (l *lines) tooLong() error {
	return sqlerr.New(sqlerr.ProgramLimitExceeded, "line %d: a record has over %d bytes, the most that are read",
		l.number, RecordBytesMax).WithHint("a quote that is never closed makes one record of all that follows it")
}

func trimEnd(line []byte) []byte {
	text, ended := bytes.CutSuffix(line, []byte("\n"))
	if !ended {
		return line
	}
	return bytes.TrimSuffix(text, []byte("\r"))
}

func blank(line []byte) bool { return len(bytes.TrimSpace(line)) == 0 }

func notUTF8(line int) *RecordError {
	return &RecordError{Line: line, Message: "the text is not UTF-8"}
}

func validText(b []byte) bool { return utf8.Valid(b) }
