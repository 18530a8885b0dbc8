package expr

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

// canCastNested tells whether there is a cast where one of two types is a LIST or a STRUCT: from and to VARCHAR,
// between lists whose elements have one, and between structs that share a member's name, or of which one has no names.
func canCastNested(from, to vector.Type) bool {
	switch {
	case from.Kind == vector.Text:
		return readable(to)
	case to.Kind == vector.Text:
		return true
	case from.Kind == vector.List && to.Kind == vector.List:
		return CanCast(from.Element(), to.Element())
	case from.Kind != vector.Struct || to.Kind != vector.Struct:
		return false
	}
	shared := false
	for i, k := range memberOrder(from, to) {
		if k < 0 {
			continue
		}
		if !CanCast(from.Fields[k].Type, to.Fields[i].Type) {
			return false
		}
		shared = true
	}
	return shared
}

// readable tells whether texts can be read as t: every member has a form.
func readable(t vector.Type) bool {
	for _, f := range t.Fields {
		if !readable(f.Type) {
			return false
		}
	}
	return t.Kind != vector.Unknown
}

// memberOrder returns for each member of the struct to the one of from that becomes it, -1 for none: by their names,
// without case, or by their place where from is a row without names of its own.
func memberOrder(from, to vector.Type) []int {
	order := make([]int, len(to.Fields))
	for i, t := range to.Fields {
		order[i] = -1
		for k, f := range from.Fields {
			if isRow(from) && k == i || !isRow(from) && strings.EqualFold(f.Name, t.Name) {
				order[i] = k
				break
			}
		}
	}
	return order
}

// RowMember is what the names of the members of ROW(…) begin with: 1, 2 and so on follow.
const RowMember = "f"

func isRow(t vector.Type) bool {
	for i, f := range t.Fields {
		if f.Name != RowMember+strconv.Itoa(i+1) {
			return false
		}
	}
	return true
}

// castMembers converts a list or a struct member by member.
func castMembers(s vector.Scalar, to vector.Type) (vector.Scalar, error) {
	from, whole := s.Members()
	if !whole {
		return s, DamagedNested(s.Type)
	}
	if to.Kind == vector.List {
		for i, m := range from {
			var err error
			if from[i], err = CastScalar(m, to.Element()); err != nil {
				return s, err
			}
		}
		return vector.PackedOf(to, from), nil
	}
	out := make([]vector.Scalar, len(to.Fields))
	for i, k := range memberOrder(s.Type, to) {
		out[i] = vector.NullOf(to.Fields[i].Type)
		if k < 0 {
			continue
		}
		var err error
		if out[i], err = CastScalar(from[k], to.Fields[i].Type); err != nil {
			return s, err
		}
	}
	return vector.PackedOf(to, out), nil
}

// DamagedNested says that a value of a nested type is not what the server writes.
func DamagedNested(t vector.Type) error {
	return sqlerr.New(sqlerr.DataCorrupted, "a value of type %s is damaged", t)
}

// castNested casts lists and structs vector by vector, the members with kernels of their own.
func (k *cast) castNested() (func(v *vector.Vector, sel []uint16) (*vector.Vector, error), error) {
	order := []int{0}
	if k.to.Kind == vector.Struct {
		order = memberOrder(k.from, k.to)
	}
	members := make([]Evaluator, len(order))
	for i, m := range order {
		of := k.to.Fields[i].Type
		if m < 0 {
			members[i] = constant(vector.NullOf(of))
			continue
		}
		var err error
		in := Column{Of: k.from.Fields[m].Type, IsNull: true}
		if members[i], err = compileCast(Cast{Of: in, To: of, Try: k.of.Try}); err != nil {
			return nil, err
		}
	}
	var u vector.Unpacked
	return func(v *vector.Vector, sel []uint16) (*vector.Vector, error) {
		if !u.Unpack(v, sel) {
			return nil, DamagedNested(k.from)
		}
		children := make([]*vector.Vector, len(order))
		for i, m := range order {
			var err error
			if children[i], err = inPieces(members[i], k.to.Fields[i].Type, u.Children[max(m, 0)]); err != nil {
				return nil, err
			}
		}
		if k.to.Kind == vector.List {
			return k.b.PackLists(k.to, u.Offsets, children[0], v.Valid), nil
		}
		out := k.b.PackRows(k.to, children, v.Len, sel)
		out.Valid = v.Valid
		return out, nil
	}, nil
}

// inPieces evaluates an expression of one column over a vector that may have more rows than a chunk.
func inPieces(value Evaluator, of vector.Type, v *vector.Vector) (*vector.Vector, error) {
	out := vector.NewBuilder(of)
	for from := 0; from < v.Len; from += vector.ChunkRows {
		var piece vector.Vector
		v.Slice(&piece, from, min(from+vector.ChunkRows, v.Len))
		made, err := value(&vector.Chunk{Len: piece.Len, Columns: []*vector.Vector{&piece}}, nil)
		if err != nil {
			return nil, err
		}
		out.Append(made, nil)
	}
	return out.Build(), nil
}

// formatNested writes [1, NULL] and {'a': 1}. Unquoted texts within are quoted only where they would be misread.
func formatNested(s vector.Scalar, quoted bool) string {
	members, whole := s.Members()
	if !whole {
		return "?"
	}
	parts := make([]string, len(members))
	for i, m := range members {
		parts[i] = FormatScalar(m, quoted)
		if !quoted && !m.Null && m.Type.Physical() == vector.Bytes && !m.Type.IsNested() && mustQuote(parts[i]) {
			parts[i] = "'" + strings.ReplaceAll(parts[i], "'", "''") + "'"
		}
		if s.Type.Kind == vector.Struct {
			parts[i] = "'" + strings.ReplaceAll(s.Type.Fields[i].Name, "'", "''") + "': " + parts[i]
		}
	}
	all := strings.Join(parts, ", ")
	if s.Type.Kind == vector.Struct {
		return "{" + all + "}"
	}
	return "[" + all + "]"
}

func mustQuote(text string) bool {
	return text == "" || strings.EqualFold(text, "null") || strings.ContainsAny(text, "[]{},:'\"") ||
		strings.TrimSpace(text) != text
}

// nestedText reads what formatNested writes, from a text.
type nestedText struct {
	text string
	at   int
}

// parseNested reads the text of a list or a struct: 22P02 for another form.
func parseNested(text string, to vector.Type) (vector.Scalar, error) {
	p := &nestedText{text: text}
	out, err := p.nested(to)
	if err != nil {
		return out, err
	}
	if p.blanks(); p.at < len(text) {
		return out, badText(text, to)
	}
	return out, nil
}

func (p *nestedText) blanks() {
	for p.at < len(p.text) && strings.IndexByte(" \t\r\n", p.text[p.at]) >= 0 {
		p.at++
	}
}

// take skips blanks and a character, if it is there.
func (p *nestedText) take(c byte) bool {
	p.blanks()
	if p.at < len(p.text) && p.text[p.at] == c {
		p.at++
		return true
	}
	return false
}

func (p *nestedText) nested(to vector.Type) (vector.Scalar, error) {
	if to.Kind == vector.List {
		return p.list(to)
	}
	out := make([]vector.Scalar, len(to.Fields))
	for i, f := range to.Fields {
		out[i] = vector.NullOf(f.Type)
	}
	if !p.take('{') {
		return vector.Scalar{}, badText(p.text, to)
	}
	for first := true; !p.take('}'); first = false {
		if !first && !p.take(',') {
			return vector.Scalar{}, badText(p.text, to)
		}
		name, _, ok := p.token(":")
		if !ok || !p.take(':') {
			return vector.Scalar{}, badText(p.text, to)
		}
		at := -1
		for i, f := range to.Fields {
			if strings.EqualFold(f.Name, name) {
				at = i
			}
		}
		if at < 0 {
			return vector.Scalar{}, badText(p.text, to)
		}
		var err error
		if out[at], err = p.member(to.Fields[at].Type); err != nil {
			return vector.Scalar{}, err
		}
	}
	return vector.PackedOf(to, out), nil
}

func (p *nestedText) list(to vector.Type) (vector.Scalar, error) {
	var out []vector.Scalar
	if !p.take('[') {
		return vector.Scalar{}, badText(p.text, to)
	}
	for !p.take(']') {
		if len(out) > 0 && !p.take(',') {
			return vector.Scalar{}, badText(p.text, to)
		}
		m, err := p.member(to.Element())
		if err != nil {
			return vector.Scalar{}, err
		}
		out = append(out, m)
	}
	return vector.PackedOf(to, out), nil
}

func (p *nestedText) member(of vector.Type) (vector.Scalar, error) {
	if p.blanks(); of.IsNested() && p.at < len(p.text) && (p.text[p.at] == '[' || p.text[p.at] == '{') {
		return p.nested(of)
	}
	text, quoted, ok := p.token(",]}")
	switch {
	case !ok:
		return vector.Scalar{}, badText(p.text, of)
	case !quoted && strings.EqualFold(text, "null"):
		return vector.NullOf(of), nil
	default:
		return ParseScalar(text, of)
	}
}

// token reads a quoted text, or what stands before one of the ends.
func (p *nestedText) token(ends string) (text string, quoted, ok bool) {
	p.blanks()
	if p.at == len(p.text) {
		return "", false, false
	}
	quote := p.text[p.at]
	if quote != '\'' && quote != '"' {
		n := strings.IndexAny(p.text[p.at:], ends)
		if n <= 0 {
			return "", false, false
		}
		text = strings.TrimSpace(p.text[p.at : p.at+n])
		p.at += n
		return text, false, text != ""
	}
	var b strings.Builder
	for p.at++; p.at < len(p.text); {
		r, size := utf8.DecodeRuneInString(p.text[p.at:])
		if p.at += size; r != rune(quote) {
			b.WriteString(p.text[p.at-size : p.at])
			continue
		}
		if p.at == len(p.text) || p.text[p.at] != quote {
			return b.String(), true, true
		}
		b.WriteByte(quote)
		p.at++
	}
	return "", true, false
}
