// Package shell is the shell of `micodb sql`: it runs statements and commands, from scripts or from a person at a
// terminal, and shows what they give.
//
// A statement ends with a semicolon and may take several lines; a command starts with a backslash and takes one
// (commands.go lists them). Rows go to standard output or a file, in one of the formats; what is said about them,
// and the progress of what runs long, goes to standard error. Nothing but the rows is written where nobody watches.
//
// Ctrl-C ends the running statement, on the server too, and nothing else. Names for completion come over a
// connection of their own, behind the typist's back. The history never holds a statement that sets a secret.
package shell
