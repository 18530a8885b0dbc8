// Package limits tests every limit at its edge, through the doors of the real binary: what is exactly at it works, one
// more is told what docs/limits.md says, and the client and the server go on as it says. A limit without such a test
// fails the package.
package limits
