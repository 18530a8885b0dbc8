// Package bind turns a syntax tree into a logical plan over one snapshot of the catalog: it finds names, gives every
// expression its type, and makes every implicit cast explicit.
//
// Every error a user can make with names and types is found here and points at its place in the text; what MicoDB
// knows but can't do is 0A000 with the construct's name. The plan is correct and not clever: optimize makes it fast.
//
// Rules that hold throughout:
//   - Only literals are read as another type: a text literal beside a DATE is a date, a text column is not (42883).
//   - A parameter takes the type of what it stands beside, the first place deciding; VARCHAR where nothing tells.
//   - Common tables are bound anew at each use; optimize makes one of those that are the same.
//
// bind starts nothing, stores nothing, and checks no privilege: Bound.Access says which ones the statement needs.
package bind
