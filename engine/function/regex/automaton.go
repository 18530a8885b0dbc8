package regex

import (
	"encoding/binary"
	"regexp/syntax"
	"slices"
	"unicode/utf8"
)

// An automaton has at most maxStates states at a time, of about a kilobyte each. When they are too many it begins anew;
// a pattern that makes it do so more than maxRestarts times is left to regexp.
const (
	maxStates       = 1 << 10
	maxRestarts     = 16
	maxInstructions = 1 << 13
)

// automaton finds whether a text has a match of a program: each state stands for a set of instructions.
type automaton struct {
	prog     *syntax.Prog
	anchored bool // a match begins with the text
	looks    bool // the program looks at what stands before or after a place
	words    bool // at words' ends
	lines    bool // at lines' ends

	states   map[string]*state
	start    *state
	matched  *state
	dead     *state
	restarts int

	// What a step needs: instructions to look at, those seen, and those after the rune.
	stack, next []uint32
	seen        []uint32 // the step in which an instruction was seen last
	step        uint32
}

// state is a set of instructions and what stood before them.
type state struct {
	outcome outcome
	atEnd   outcome // of a text that ends here; open: not known yet
	before  before
	next    [utf8.RuneSelf]*state // by the byte that comes; nil: not known yet
	wide    map[rune]*state       // by the others
	at      []uint32              // ascending
}

// outcome is what a state says about the text.
type outcome uint8

const (
	open    outcome = iota // the text decides
	matched                // whatever comes
	dead                   // whatever comes
)

// before is what stood before a place.
type before uint8

const (
	beginning before = iota
	newline
	letter // of a word
	other
)

// newAutomaton returns nil for a program that is too large.
func newAutomaton(prog *syntax.Prog) *automaton {
	if len(prog.Inst) > maxInstructions {
		return nil
	}
	a := &automaton{prog: prog, anchored: prog.StartCond()&syntax.EmptyBeginText != 0}
	for _, i := range prog.Inst {
		if i.Op != syntax.InstEmptyWidth {
			continue
		}
		a.looks = true
		what := syntax.EmptyOp(i.Arg)
		a.words = a.words || what&(syntax.EmptyWordBoundary|syntax.EmptyNoWordBoundary) != 0
		a.lines = a.lines || what&syntax.EmptyBeginLine != 0
	}
	a.seen = make([]uint32, len(prog.Inst))
	a.matched, a.dead = &state{outcome: matched}, &state{outcome: dead}
	a.begin()
	return a
}

// begin forgets all states.
func (a *automaton) begin() {
	a.states = map[string]*state{}
	a.start = a.stateOf([]uint32{uint32(a.prog.Start)}, beginning)
}

// match tells whether b holds a match; not ok when the automaton has given up.
func (a *automaton) match(b []byte) (found, ok bool) {
	if a.restarts > maxRestarts {
		return false, false
	}
	s := a.start
	for i := 0; i < len(b); {
		c := b[i]
		var next *state
		if c < utf8.RuneSelf {
			i++
			if next = s.next[c]; next == nil {
				next = a.after(s, rune(c))
				s.next[c] = next
			}
		} else {
			r, size := utf8.DecodeRune(b[i:])
			i += size
			if next = s.wide[r]; next == nil {
				next = a.after(s, r)
				s.keep(r, next)
			}
		}
		if s = next; s.outcome != open {
			return s.outcome == matched, true
		}
		if a.restarts > maxRestarts {
			return false, false
		}
	}
	if s.atEnd == open {
		s.atEnd = a.after(s, -1).outcome
	}
	return s.atEnd == matched, true
}

// keep notes where a rune leads, unless there are too many.
func (s *state) keep(r rune, next *state) {
	const most = 1 << 10
	if s.wide == nil || len(s.wide) >= most {
		s.wide = map[rune]*state{}
	}
	s.wide[r] = next
}

// after returns the state after a rune; -1 is the end of the text.
func (a *automaton) after(s *state, r rune) *state {
	a.step++
	if a.step == 0 { // the numbers of steps begin anew
		clear(a.seen)
		a.step = 1
	}
	flags := syntax.EmptyOpContext(s.before.rune(), r)
	a.stack, a.next = append(a.stack[:0], s.at...), a.next[:0]
	for len(a.stack) > 0 {
		pc := a.stack[len(a.stack)-1]
		a.stack = a.stack[:len(a.stack)-1]
		if a.seen[pc] == a.step {
			continue
		}
		a.seen[pc] = a.step
		switch i := &a.prog.Inst[pc]; i.Op {
		case syntax.InstMatch:
			return a.matched
		case syntax.InstAlt, syntax.InstAltMatch:
			a.stack = append(a.stack, i.Out, i.Arg)
		case syntax.InstCapture, syntax.InstNop:
			a.stack = append(a.stack, i.Out)
		case syntax.InstEmptyWidth:
			if syntax.EmptyOp(i.Arg)&^flags == 0 {
				a.stack = append(a.stack, i.Out)
			}
		case syntax.InstFail:
		default:
			if r >= 0 && i.MatchRune(r) {
				a.next = append(a.next, i.Out)
			}
		}
	}
	if r < 0 {
		return a.dead
	}
	if !a.anchored {
		a.next = append(a.next, uint32(a.prog.Start))
	}
	slices.Sort(a.next)
	a.next = slices.Compact(a.next)
	if len(a.next) == 0 {
		return a.dead
	}
	if len(a.states) >= maxStates {
		a.restarts++
		a.begin()
	}
	return a.stateOf(a.next, a.beforeOf(r))
}

// stateOf returns the state of a set of instructions.
func (a *automaton) stateOf(at []uint32, b before) *state {
	key := make([]byte, 0, len(at)*4+1)
	for _, pc := range at {
		key = binary.LittleEndian.AppendUint32(key, pc)
	}
	key = append(key, byte(b))
	s := a.states[string(key)]
	if s == nil {
		s = &state{before: b, at: slices.Clone(at)}
		a.states[string(key)] = s
	}
	return s
}

// beforeOf tells runes apart only as far as the program does.
func (a *automaton) beforeOf(r rune) before {
	switch {
	case a.lines && r == '\n':
		return newline
	case a.words && syntax.IsWordChar(r):
		return letter
	default:
		return other
	}
}

// rune returns one that stands for all before a place; -1 for the beginning of the text.
func (b before) rune() rune {
	return [...]rune{beginning: -1, newline: '\n', letter: 'a', other: ' '}[b]
}
