// Package physical turns a logical plan into the operators of exec and runs them.
//
// It opens the plan's scans while it builds, so that the operators' schemas carry what the tables prove: bounds,
// nullability and common dictionaries. By these it chooses algorithms: hash join or loop, top-N or full sort, two
// aggregations for DISTINCT. Predicates of a scan go to storage for pruning; an exact filter stands above.
//
// It does not rewrite plans: that is optimize's.
package physical
