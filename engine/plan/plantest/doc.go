// Package plantest tests what makes, rewrites or runs plans: a Generator of random queries, and an Interpreter that
// runs their plans so plainly that it can be trusted.
package plantest
