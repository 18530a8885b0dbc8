// Package sqllogictest runs files of sqllogictest, in the form that github.com/dolthub/sqllogictest reads: they hold
// the answers of MySQL. A record that is not answered is wrong; what MicoDB decides otherwise than MySQL (the order of
// NULLs, texts that are no numbers) is told apart by precise rules, listed, and not counted.
package sqllogictest
