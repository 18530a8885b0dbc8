// Package lineedit reads texts of one or several lines from a person at a terminal: with the keys of Emacs and of
// common shells, history, search, completion and paste.
//
// It draws with relative moves only and never asks the terminal anything, so that nothing of what is typed ahead can
// be taken for an answer, and the last row of the screen is like any other. What it shows is drawn anew after each
// key: the text, the completions below it, and the cursor.
package lineedit
