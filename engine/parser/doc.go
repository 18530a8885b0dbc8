// Package parser turns the text of one SQL statement into engine/parser/ast.
//
// Queries and expressions are parsed by the yacc grammar of dolthub/vitess, which reads MySQL. Four steps make
// MicoDB's SQL of it:
//
//  1. lex cuts the text into tokens by our lexical rules.
//  2. recognise reads every statement that is not a query by its first keywords, and slices the queries and
//     expressions out of it.
//  3. rewrite writes the tokens of a query anew for the grammar. Every leaf becomes a marker that holds only the
//     number of its token: a name `17`, a literal or parameter :v17. So nothing of the user's text reaches the
//     grammar, which can neither misread a string or a name nor be given a marker by a user, and every leaf
//     of its answer leads back to its token, its spelling and its position. What the grammar lacks is
//     written as something near it with a marker to tell them apart, or parsed on its own and kept aside.
//  4. convert reads the grammar's tree into ours, folds the markers, and refuses with 0A000 whatever it does
//     not know: nothing is ignored.
//
// Errors are 42601 with the position, what was found and what was expected, 0A000 with the construct's name, or
// 54000 over a limit. The package knows no catalog: names and types are engine/bind's.
package parser
