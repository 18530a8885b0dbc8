// Package optimize rewrites logical plans: the same rows, sooner.
//
// One rule a file, named by a verb; rules.go holds their order and says why each stands where it does. A rule keeps the
// plan's schema: that is checked after each, and a failure, which is a defect, names the rule (XX000). Rules read
// statistics only to choose between plans that are all right; but which columns are keys is proven (ADR 17).
package optimize
