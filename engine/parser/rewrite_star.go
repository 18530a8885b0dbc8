package parser

import "github.com/micodb/micodb/engine/parser/ast"

// starParts keeps aside what a star leaves out and replaces, and returns the index after it.
func (r *rewriter) starParts(star, i int) (int, error) {
	var parts starParts
	var err error
	for {
		named := r.tokens[i+min(1, len(r.tokens)-1-i)].IsName() && !r.isReserved(i+1)
		list := r.isSymbol(i+1, "(")
		switch {
		case r.isForcedName(i):
			return i, nil
		case r.isStarExcept(i) || r.is(i, "EXCLUDE") && list:
			if parts.exclude, err = r.nameList(i + 1); err != nil {
				return 0, err
			}
			i = r.tokens[i+1].Match + 1
		case r.is(i, "EXCLUDE") && named:
			parts.exclude = []ast.Name{r.name(i + 1)}
			i += 2
		case r.is(i, "REPLACE") && list:
			if parts.replace, err = r.replacements(i+2, r.tokens[i+1].Match); err != nil {
				return 0, err
			}
			i = r.tokens[i+1].Match + 1
		case r.is(i, "EXCLUDE", "REPLACE", "RENAME"):
			return 0, r.unsupported(i, "* "+r.tokens[i].Upper+" like this")
		default:
			if parts.exclude != nil || parts.replace != nil {
				r.side[star] = parts
			}
			return i, nil
		}
	}
}

// replacements reads expression AS column, ….
func (r *rewriter) replacements(lo, hi int) ([]ast.SelectItem, error) {
	var list []ast.SelectItem
	for _, end := range r.split(lo, hi) {
		if end-lo < 3 || !r.is(end-2, "AS") || !r.tokens[end-1].IsName() {
			return nil, r.unexpected(end, "an expression, AS and the name of a column")
		}
		of, err := r.parseExpr(lo, end-2)
		if err != nil {
			return nil, err
		}
		name := r.name(end - 1)
		list = append(list, ast.SelectItem{At: r.at(lo), Of: of, Alias: &name})
		lo = end + 1
	}
	return list, nil
}
