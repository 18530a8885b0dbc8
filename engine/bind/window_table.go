package bind

import (
	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/engine/parser/ast"
)

// windowKinds are the functions that are nothing but window functions.
var windowKinds = map[string]windowKind{
	"row_number": {expr.RowNumber, 0, 0}, "rank": {expr.Rank, 0, 0}, "dense_rank": {expr.DenseRank, 0, 0},
	"percent_rank": {expr.PercentRank, 0, 0}, "cume_dist": {expr.CumeDist, 0, 0}, "ntile": {expr.NTile, 1, 1},
	"lag": {expr.Lag, 1, 3}, "lead": {expr.Lead, 1, 3},
	"first_value": {expr.FirstValue, 1, 1}, "last_value": {expr.LastValue, 1, 1}, "nth_value": {expr.NthValue, 2, 2},
}

// windowKind is a window function, and how many arguments it takes.
type windowKind struct {
	kind        expr.WindowKind
	least, most int
}

var frameUnits = map[ast.FrameUnit]expr.FrameUnit{
	ast.FrameRows: expr.Rows, ast.FrameRange: expr.Range, ast.FrameGroups: expr.Groups,
}

var frameBounds = map[ast.BoundKind]expr.BoundKind{
	ast.UnboundedPreceding: expr.FromStart, ast.Preceding: expr.Preceding, ast.CurrentRow: expr.AtCurrent,
	ast.Following: expr.Following, ast.UnboundedFollowing: expr.ToEnd,
}

var frameExclusions = map[string]expr.FrameExclusion{
	"": expr.ExcludeNothing, "NO OTHERS": expr.ExcludeNothing, "CURRENT ROW": expr.ExcludeCurrent,
	"GROUP": expr.ExcludeGroup, "TIES": expr.ExcludeTies,
}
