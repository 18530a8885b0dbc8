// Package lex cuts SQL text into tokens that know where they stand.
//
// The lexical rules are MicoDB's: '…' is a string and keeps its backslashes, "…" and `…` quote identifiers,
// E'…' has escapes, $tag$…$tag$ is a string, -- and nested /* … */ are comments; ?, $1, :1 and :name are
// parameters. What another dialect reads otherwise (#, //, /*! … */, 5--3) is an error here, because a guess
// would give a wrong answer. Tokenize also pairs brackets and caps their nesting, so that whoever walks the
// tokens may recurse.
package lex
