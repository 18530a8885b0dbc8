// Package regex matches regular expressions of RE2's syntax as Go's regexp does, faster where all that is asked is
// whether a text matches.
//
// What tells most texts apart is tried first: a text that every match holds. Then comes a deterministic automaton that
// is built as texts need its states (Thompson, "Regular Expression Search Algorithm", 1968; Cox, "Regular Expression
// Matching in the Wild", 2010). Where matches lie, and their groups, is found by regexp, only in texts that do match.
package regex
