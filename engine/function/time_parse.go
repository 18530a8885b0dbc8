package function

import (
	"strings"
)

// timeText is a text that is being read as a time.
type timeText struct {
	rest string

	year, month, day, doy int64
	hour, minute, second  int64
	nanos                 int64
	epoch                 int64
	hasEpoch              bool
	half                  int64 // 1: AM, 2: PM
	offset                int64 // seconds east
}

// readTime reads a text that has the form of items; what the items don't tell is 1900-01-01 00:00:00.
func readTime(text []byte, items []timeItem) (moment, bool) {
	t := timeText{rest: strings.TrimSpace(string(text)), year: 1900, month: 1, day: 1}
	for _, item := range items {
		if item.field == 0 {
			if !t.skip(item.text) {
				return moment{}, false
			}
		} else if !t.read(item.field) {
			return moment{}, false
		}
	}
	if strings.TrimSpace(t.rest) != "" {
		return moment{}, false
	}
	return t.moment()
}

// skip takes a text off; blanks stand for any number of blanks.
func (t *timeText) skip(text []byte) bool {
	for _, c := range text {
		if c == ' ' || c == '\t' {
			t.rest = strings.TrimLeft(t.rest, " \t")
			continue
		}
		if t.rest == "" || t.rest[0] != c {
			return false
		}
		t.rest = t.rest[1:]
	}
	return true
}

// digits takes a number of at most so many digits off.
func (t *timeText) digits(most int) (n int64, count int) {
	for count < most && count < len(t.rest) && t.rest[count] >= '0' && t.rest[count] <= '9' {
		n = n*10 + int64(t.rest[count]-'0')
		count++
	}
	t.rest = t.rest[count:]
	return n, count
}

// number reads a number into a field of the time.
func (t *timeText) number(into *int64, most int, least, greatest int64) bool {
	t.rest = strings.TrimLeft(t.rest, " ")
	n, count := t.digits(most)
	*into = n
	return count > 0 && n >= least && n <= greatest
}

func (t *timeText) read(field byte) bool {
	switch field {
	case 'Y', 'G':
		sign := int64(1)
		if rest, ok := strings.CutPrefix(t.rest, "-"); ok {
			t.rest, sign = rest, -1
		}
		ok := t.number(&t.year, 4, 0, 9999)
		t.year *= sign
		return ok
	case 'y':
		ok := t.number(&t.year, 2, 0, 99)
		if t.year += 1900; t.year < 1969 { // as POSIX has it
			t.year += 100
		}
		return ok
	case 'm':
		return t.number(&t.month, 2, 1, 12)
	case 'd', 'e':
		return t.number(&t.day, 2, 1, 31)
	case 'D':
		ok := t.number(&t.day, 2, 1, 31)
		t.rest = strings.TrimLeft(t.rest, "stndrh")
		return ok
	case 'j':
		return t.number(&t.doy, 3, 1, 366)
	case 'H':
		return t.number(&t.hour, 2, 0, 23)
	case 'I':
		return t.number(&t.hour, 2, 1, 12)
	case 'M':
		return t.number(&t.minute, 2, 0, 59)
	case 'S':
		return t.number(&t.second, 2, 0, 59)
	case 'g', 'f', 'n':
		return t.fraction()
	case 's':
		t.hasEpoch = true
		return t.number(&t.epoch, 12, 0, 1<<40)
	default:
		return t.readName(field)
	}
}

// fraction reads digits after the point, of which those after the ninth are left out.
func (t *timeText) fraction() bool {
	const most = 9
	n, count := t.digits(most)
	for range most - count {
		n *= 10
	}
	t.nanos = n
	t.rest = strings.TrimLeft(t.rest, "0123456789")
	return count > 0
}

func (t *timeText) readName(field byte) bool {
	switch field {
	case 'a', 'A':
		_, ok := t.oneOf(dayNames[:])
		return ok
	case 'b', 'B':
		at, ok := t.oneOf(monthNames[:])
		t.month = int64(at) + 1
		return ok
	case 'p':
		at, ok := t.oneOf([]string{"AM", "PM"})
		t.half = int64(at) + 1
		return ok
	case 'z', 'Z':
		return t.zone()
	default:
		return false // weeks and their like don't tell a day
	}
}

// oneOf takes a name off, whole or by its first three letters, without regard to case.
func (t *timeText) oneOf(names []string) (int, bool) {
	const short = 3
	for _, whole := range []bool{true, false} {
		for i, name := range names {
			if !whole {
				name = name[:min(short, len(name))]
			}
			if len(t.rest) >= len(name) && strings.EqualFold(t.rest[:len(name)], name) {
				t.rest = t.rest[len(name):]
				return i, true
			}
		}
	}
	return 0, false
}

func (t *timeText) zone() bool {
	if _, ok := t.oneOf([]string{"UTC", "GMT", "Z"}); ok {
		return true
	}
	if t.rest == "" || t.rest[0] != '+' && t.rest[0] != '-' {
		return false
	}
	sign := int64(1)
	if t.rest[0] == '-' {
		sign = -1
	}
	t.rest = t.rest[1:]
	hours, count := t.digits(2)
	t.rest = strings.TrimPrefix(t.rest, ":")
	minutes, _ := t.digits(2)
	t.offset = sign * (hours*3600 + minutes*60)
	return count > 0 && hours <= 18 && minutes < 60
}

func (t *timeText) moment() (moment, bool) {
	if t.hasEpoch {
		return moment{floorDiv(t.epoch, 86400), modulo(t.epoch, 86400)*nanosPerSecond + t.nanos}, true
	}
	if t.half > 0 {
		if t.hour > 12 {
			return moment{}, false
		}
		t.hour = t.hour%12 + (t.half-1)*12
	}
	if t.day > lastDay(t.year, t.month) {
		return moment{}, false
	}
	days := civil{t.year, t.month, t.day}.days()
	if t.doy > 0 {
		days = civil{t.year, 1, 1}.days() + t.doy - 1
	}
	m := moment{days, (t.hour*3600+t.minute*60+t.second)*nanosPerSecond + t.nanos}
	return m.shifted(-t.offset), true
}
