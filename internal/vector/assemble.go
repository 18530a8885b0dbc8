package vector

// Part is some rows of a vector: what one branch of a CASE gives.
type Part struct {
	Of   *Vector
	Rows []uint16
}

// Assemble makes a vector of n rows of type t out of parts, which share no row and are of that type; rows in no
// part hold anything. Texts that are all constants become codes of one dictionary.
func (b *Buffer) Assemble(t Type, n int, parts []Part) *Vector {
	valid := b.assembleValidity(n, parts)
	switch physicalOf(t, parts) {
	case Integer:
		out, bounds := b.Ints(n), Bounds{MaxInt, MinInt}
		for _, p := range parts {
			if len(p.Rows) > 0 {
				bounds = bounds.Union(p.Of.Bounds())
				placeInts(p, out)
			}
		}
		return b.IntVector(t, out, valid, bounds.Lo, bounds.Hi)
	case Float:
		out := b.Floats(n)
		for _, p := range parts {
			for _, i := range p.Rows {
				out[i] = p.Of.Float(int(i))
			}
		}
		return b.FloatVector(t, out, valid)
	case Wide:
		out := b.Wides(n)
		for _, p := range parts {
			for _, i := range p.Rows {
				out[i] = p.Of.Wide(int(i))
			}
		}
		return b.WideVector(t, out, valid)
	default:
		return b.assembleTexts(t, n, parts, valid)
	}
}

// physicalOf returns the family in which all parts fit; NULLs fit any.
func physicalOf(t Type, parts []Part) Physical {
	if t.Kind != Decimal && t.Kind != UInt64 {
		return t.Physical()
	}
	for _, p := range parts {
		if p.Of.Physical == Wide && len(p.Rows) > 0 && !p.Of.allNull() {
			return Wide
		}
	}
	return Integer
}

// allNull tells whether v is a constant NULL.
func (v *Vector) allNull() bool {
	if v.Encoding != Constant || v.Valid == nil {
		return false
	}
	for _, w := range v.Valid {
		if w != 0 {
			return false
		}
	}
	return true
}

// IsConstantNull tells whether v is the NULL constant.
func (v *Vector) IsConstantNull() bool { return v.allNull() }

func placeInts(p Part, out []int64) {
	switch {
	case p.Of.Physical == Wide: // a NULL constant
	case p.Of.Encoding == Constant:
		for _, i := range p.Rows {
			out[i] = p.Of.Base
		}
	default:
		widenInPlace[p.Of.Width](p.Of, p.Rows, out)
	}
}

func (b *Buffer) assembleValidity(n int, parts []Part) []uint64 {
	var valid []uint64
	for _, p := range parts {
		if p.Of.Valid == nil || len(p.Rows) == 0 {
			continue
		}
		if valid == nil {
			valid = b.AllValid(n)
		}
		for _, i := range p.Rows {
			if p.Of.IsNull(int(i)) {
				valid[i>>6] &^= 1 << (i & 63)
			}
		}
	}
	return valid
}

func (b *Buffer) assembleTexts(t Type, n int, parts []Part, valid []uint64) *Vector {
	if b.assembleCodes(t, n, parts, valid) {
		return &b.out
	}
	source := b.Codes(n) // which part a row comes from, from 1
	clear(source)
	for k, p := range parts {
		for _, i := range p.Rows {
			if !p.Of.IsNull(int(i)) {
				source[i] = uint8(k + 1)
			}
		}
	}
	offsets, data := b.Texts(n)
	for i, k := range source {
		offsets[i] = int32(len(data))
		if k > 0 {
			data = append(data, parts[k-1].Of.Bytes(i)...)
		}
	}
	offsets[n] = int32(len(data))
	return b.TextVector(t, offsets, data, valid)
}

// MaxParts is the most parts that Assemble takes.
const MaxParts = 255

// assembleCodes makes a Dict vector when every part is a constant.
func (b *Buffer) assembleCodes(t Type, n int, parts []Part, valid []uint64) bool {
	for _, p := range parts {
		if p.Of.Encoding != Constant {
			return false
		}
	}
	d, codes := b.dictionaryOf(parts)
	out := b.Codes(n)
	null := uint8(len(d.Values))
	for i := range out {
		out[i] = null
	}
	for k, p := range parts {
		code := codes[k]
		for _, i := range p.Rows {
			if !p.Of.IsNull(int(i)) {
				out[i] = code
			}
		}
	}
	b.out = Vector{Type: t, Physical: Bytes, Encoding: Dict, Dictionary: d, Valid: valid}
	SetCodes(&b.out, out)
	return true
}

// dictionaryOf returns the dictionary of constant parts and the code of each; the last one while it fits, so
// that what is kept under its pointer stays of use.
func (b *Buffer) dictionaryOf(parts []Part) (*Dictionary, []uint8) {
	if len(b.codeOf) == len(parts) {
		same := true
		for k, p := range parts {
			same = same && string(b.constants.Values[b.codeOf[k]]) == string(p.Of.Bytes(0))
		}
		if same {
			return b.constants, b.codeOf
		}
	}
	b.constants, b.codeOf = &Dictionary{}, nil
	seen := map[string]uint8{}
	for _, p := range parts {
		value := p.Of.Bytes(0)
		code, ok := seen[string(value)]
		if !ok {
			code = uint8(len(b.constants.Values))
			seen[string(value)] = code
			b.constants.Values = append(b.constants.Values, append([]byte(nil), value...))
		}
		b.codeOf = append(b.codeOf, code)
	}
	return b.constants, b.codeOf
}
