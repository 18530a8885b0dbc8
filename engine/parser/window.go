package parser

import (
	"github.com/micodb/micodb/engine/parser/ast"
	"github.com/micodb/micodb/engine/parser/lex"
)

// windows reads the definitions of a WINDOW clause.
func (p *parsing) windows(lo, hi int) ([]ast.NamedWindow, error) {
	var list []ast.NamedWindow
	from := lo
	for _, end := range p.split(lo, hi) {
		switch {
		case from >= end || !p.tokens[from].IsName():
			return nil, p.unexpected(from, "the name of a window")
		case !p.is(from+1, "AS"):
			return nil, p.unexpected(from+1, "AS")
		case !p.isSymbol(from+2, "("):
			return nil, p.unexpected(from+2, `"(" and a window`)
		case p.tokens[from+2].Match+1 != end:
			return nil, p.unexpected(p.tokens[from+2].Match+1, `"," or the end of the windows`)
		}
		w, err := p.window(from+3, end-1, p.at(from+2))
		if err != nil {
			return nil, err
		}
		list = append(list, ast.NamedWindow{Name: p.name(from), Window: *w})
		from = end + 1
	}
	return list, nil
}

// window reads what stands between the brackets after OVER.
func (p *parsing) window(lo, hi int, at ast.At) (*ast.Window, error) {
	w := &ast.Window{At: at}
	i := lo
	if i < hi && p.tokens[i].IsName() && !p.isReserved(i) && (!p.is(i, "PARTITION") || !p.is(i+1, "BY")) &&
		!p.beginsFrame(i, lo) {
		name := p.name(i)
		w.Name = &name
		i++
	}
	frame := hi
	for k := i; k < hi; k = p.skip(k) {
		if p.beginsFrame(k, i) {
			frame = k
			break
		}
	}
	var err error
	if i < frame && p.is(i, "PARTITION") && p.is(i+1, "BY") {
		end := p.find(i+2, frame, "ORDER")
		if i+2 >= end {
			return nil, p.unexpected(end, "an expression to partition by")
		}
		if w.PartitionBy, err = p.parseExprs(i+2, end); err != nil {
			return nil, err
		}
		i = end
	}
	if i < frame && p.is(i, "ORDER") && p.is(i+1, "BY") {
		if w.OrderBy, err = p.orderItems(i+2, frame); err != nil {
			return nil, err
		}
		i = frame
	}
	if i < frame {
		return nil, p.unexpected(i, "PARTITION BY, ORDER BY, ROWS, RANGE or GROUPS")
	}
	if frame < hi {
		w.Frame, err = p.frame(frame, hi)
	}
	return w, err
}

// beginsFrame reports whether ROWS, RANGE or GROUPS at i begins a frame and is no name.
func (p *parsing) beginsFrame(i, lo int) bool {
	if !p.is(i, "ROWS", "RANGE", "GROUPS") || i > lo && (p.isSymbol(i-1, ",") || p.is(i-1, "BY")) {
		return false
	}
	next := &p.tokens[i+1]
	return p.isSymbol(i+1, "-") || p.isSymbol(i+1, "(") || next.Is("BETWEEN", "UNBOUNDED", "CURRENT", "INTERVAL") ||
		next.Kind == lex.Integer || next.Kind == lex.Decimal || next.Kind == lex.Parameter
}

// frame reads a frame, whose unit stands at lo.
func (p *parsing) frame(lo, hi int) (*ast.Frame, error) {
	f := &ast.Frame{At: p.at(lo), To: ast.FrameBound{Kind: ast.CurrentRow}}
	switch {
	case p.is(lo, "RANGE"):
		f.Unit = ast.FrameRange
	case p.is(lo, "GROUPS"):
		f.Unit = ast.FrameGroups
	}
	end := p.find(lo+1, hi, "EXCLUDE")
	if end < hi {
		for i := end + 1; i < hi; i++ {
			f.Exclude += " " + p.tokens[i].Upper
		}
		switch f.Exclude {
		case " CURRENT ROW", " GROUP", " TIES", " NO OTHERS":
			f.Exclude = f.Exclude[1:]
		default:
			return nil, p.unexpected(min(end+1, hi), "CURRENT ROW, GROUP, TIES or NO OTHERS")
		}
	}
	var err error
	if !p.is(lo+1, "BETWEEN") {
		f.From, err = p.bound(lo+1, end)
		return f, err
	}
	and := p.find(lo+2, end, "AND")
	if and == end {
		return nil, p.unexpected(end, "AND and the end of the frame")
	}
	if f.From, err = p.bound(lo+2, and); err != nil {
		return nil, err
	}
	if f.To, err = p.bound(and+1, end); err != nil {
		return nil, err
	}
	if f.From.Kind == ast.UnboundedFollowing || f.To.Kind == ast.UnboundedPreceding || f.From.Kind > f.To.Kind {
		return nil, p.fail(lo+1, "the frame ends before it begins")
	}
	return f, nil
}

// bound reads one end of a frame.
func (p *parsing) bound(lo, hi int) (ast.FrameBound, error) {
	switch {
	case lo+2 == hi && p.is(lo, "CURRENT") && p.is(lo+1, "ROW"):
		return ast.FrameBound{Kind: ast.CurrentRow}, nil
	case lo+2 == hi && p.is(lo, "UNBOUNDED") && p.is(lo+1, "PRECEDING"):
		return ast.FrameBound{Kind: ast.UnboundedPreceding}, nil
	case lo+2 == hi && p.is(lo, "UNBOUNDED") && p.is(lo+1, "FOLLOWING"):
		return ast.FrameBound{Kind: ast.UnboundedFollowing}, nil
	case lo+1 < hi && p.is(hi-1, "PRECEDING", "FOLLOWING"):
		of, err := p.parseExpr(lo, hi-1)
		if p.is(hi-1, "PRECEDING") {
			return ast.FrameBound{Kind: ast.Preceding, Of: of}, err
		}
		return ast.FrameBound{Kind: ast.Following, Of: of}, err
	}
	return ast.FrameBound{}, p.unexpected(min(lo, hi), "CURRENT ROW, UNBOUNDED PRECEDING or a number and PRECEDING")
}
