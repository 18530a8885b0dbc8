package function

import (
	"crypto/md5"  //nolint:gosec // a checksum that users ask for, not a safeguard
	"crypto/sha1" //nolint:gosec // likewise
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"hash/crc32"
	"strings"
	"unicode/utf8"

	"github.com/cespare/xxhash/v2"

	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

// toBinary is an overload that makes a VARBINARY.
func toBinary(f textRow, args ...vector.Type) expr.Overload {
	return Fixed(binaryType(), expr.NullIfAny, textsOf(binaryType(), f), args...)
}

// ofBytes are the overloads of a function of a text or of a binary that makes a text.
func ofBytes(f func(dst, in []byte) []byte) []expr.Overload {
	of := func(dst []byte, r *row) ([]byte, error) { return f(dst, r.text(0)), nil }
	return []expr.Overload{toText(of, textType()), toText(of, binaryType())}
}

// hashes make short texts and numbers of long texts.
func hashes() []Entry {
	entry := inFamily("hash")
	hexOf := func(sum func([]byte) []byte) []expr.Overload {
		return ofBytes(func(dst, in []byte) []byte { return hex.AppendEncode(dst, sum(in)) })
	}
	crc := func(r *row) (int64, error) { return int64(crc32.ChecksumIEEE(r.text(0))), nil }
	return []Entry{
		entry("md5", "(text or binary) → VARCHAR", shown("The MD5 sum in hexadecimal digits.", "md5('abc')",
			"900150983cd24fb0d6963f7d28e17f72"), hexOf(func(b []byte) []byte {
			s := md5.Sum(b) //nolint:gosec // see the import
			return s[:]
		})...),
		entry("sha1 sha", "(text or binary) → VARCHAR", shown("The SHA-1 sum in hexadecimal digits.", "sha1('abc')",
			"a9993e364706816aba3e25717850c26c9cd0d89d"), hexOf(func(b []byte) []byte {
			s := sha1.Sum(b) //nolint:gosec // see the import
			return s[:]
		})...),
		entry("sha256", "(text or binary) → VARCHAR", shown("The SHA-256 sum in hexadecimal digits.", "sha256('abc')",
			"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"), hexOf(func(b []byte) []byte {
			s := sha256.Sum256(b)
			return s[:]
		})...),
		entry("sha512", "(text or binary) → VARCHAR", shown("The SHA-512 sum in hexadecimal digits.",
			"left(sha512('abc'), 16)", "ddaf35a193617aba"), hexOf(func(b []byte) []byte {
			s := sha512.Sum512(b)
			return s[:]
		})...),
		entry("crc32", "(text or binary) → BIGINT",
			shown("The CRC-32 checksum of IEEE 802.3.", "crc32('abc')", "891568578"),
			toBig(crc, textType()), toBig(crc, binaryType())),
		{
			Name: "hash", Family: "hash", Signature: "hash(value, …) → BIGINT UNSIGNED",
			Help:    "A number of 64 bits from any values, by xxHash.",
			Example: "hash('abc')", Gives: "12932695096007694127", Resolve: resolveHash,
		},
	}
}

// resolveHash takes any values that have a text.
func resolveHash(args []vector.Type) (expr.Overload, error) {
	const most = 1 << 10
	of, ok := castable(args)
	if !ok || len(args) == 0 || len(args) > most {
		return expr.Overload{}, NoOverload("hash", args)
	}
	result := vector.Of(vector.UInt64)
	return Fixed(result, expr.NullNever, func() expr.Kernel {
		var b vector.Buffer
		return func(args []*vector.Vector, n int, sel []uint16) (*vector.Vector, error) {
			out := b.Wides(n)
			r := row{args: args}
			var text []byte
			var failed error
			each(sel, n, func(i int) {
				r.at = i
				h := uint64(0)
				for k := range args {
					var err error
					if text, err = r.hashed(text[:0], k); err != nil {
						failed = err
					}
					h = vector.Hash(h) ^ xxhash.Sum64(text)
				}
				out[i] = vector.Int128{Lo: h}
			})
			return b.WideVector(result, out, nil), failed
		}
	}, of...), nil
}

// hashed appends what tells an argument from all others: NULL is nothing, a value has a byte before its text.
func (r *row) hashed(dst []byte, k int) ([]byte, error) {
	if r.isNull(k) {
		return dst, nil
	}
	return r.written(append(dst, 'v'), k)
}

// castable returns the types of values that have a text; those not known become texts.
func castable(args []vector.Type) ([]vector.Type, bool) {
	of := make([]vector.Type, len(args))
	for i, a := range args {
		switch of[i] = a; {
		case a.Kind == vector.Unknown:
			of[i] = textType()
		case a.IsNested() || !expr.CanCast(a, textType()):
			return nil, false
		}
	}
	return of, true
}

// written appends an argument as CAST to VARCHAR writes it.
func (r *row) written(dst []byte, k int) ([]byte, error) {
	v := r.args[k]
	if kind := v.Type.Kind; kind == vector.Text || kind == vector.JSON {
		return append(dst, v.Bytes(r.at)...), nil
	}
	s, err := expr.CastScalar(v.ScalarAt(r.at), textType())
	return append(dst, s.Bytes...), err
}

// encodings turn bytes into texts, and back.
func encodings() []Entry {
	text, binary := textType(), binaryType()
	entry := inFamily("encoding")
	plain := func(dst []byte, r *row) ([]byte, error) { return append(dst, r.text(0)...), nil }
	return []Entry{
		{
			Name: "hex", Aliases: []string{"to_hex"}, Family: "encoding",
			Signature: "hex(text, binary or whole number) → VARCHAR", Help: "In hexadecimal digits.",
			Example: "hex('äb')", Gives: "C3A462", Resolve: Choose("hex", append(
				ofBytes(func(dst, in []byte) []byte { return append(dst, strings.ToUpper(hex.EncodeToString(in))...) }),
				toText(digitsOf(16), bigType()))...),
		},
		entry("unhex from_hex", "(text) → VARBINARY",
			shown("The bytes of hexadecimal digits.", "octet_length(unhex('C3A462'))", "3"),
			toBinary(func(dst []byte, r *row) ([]byte, error) { return decodeHex(dst, r.text(0)) }, text)),
		entry("base64 to_base64", "(text or binary) → VARCHAR",
			shown("In the 64 characters of RFC 4648.", "base64('abc')",
				"YWJj"), ofBytes(base64.StdEncoding.AppendEncode)...),
		entry("from_base64 unbase64", "(text) → VARBINARY", shown("The bytes of a text in base 64.",
			"decode(from_base64('YWJj'))", "abc"),
			toBinary(func(dst []byte, r *row) ([]byte, error) { return decodeBase64(dst, r.text(0)) }, text)),
		entry("encode", "(text or binary [, 'hex', 'base64' or 'escape']) → VARBINARY or VARCHAR",
			shown("A text's bytes; with a form the text that writes them so.", "encode('abc', 'hex')", "616263"),
			toBinary(plain, text), toText(encodeAs, text, text), toText(encodeAs, binary, text)),
		entry("decode", "(binary) or (text, 'hex', 'base64' or 'escape') → VARCHAR or VARBINARY",
			shown("The text whose bytes these are; with a form the bytes that the text writes so.",
				"decode(encode('äb'))", "äb"),
			toText(func(dst []byte, r *row) ([]byte, error) {
				if !utf8.Valid(r.text(0)) {
					return dst, sqlerr.New(sqlerr.InvalidText, "the bytes are no UTF-8")
				}
				return append(dst, r.text(0)...), nil
			}, binary), toBinary(decodeAs, text, text)),
	}
}

func decodeHex(dst, in []byte) ([]byte, error) {
	if len(in)%2 == 1 {
		in = append([]byte{'0'}, in...)
	}
	out, err := hex.AppendDecode(dst, in)
	if err != nil {
		return dst, sqlerr.New(sqlerr.InvalidText, "%s are no hexadecimal digits", shortText(in))
	}
	return out, nil
}

func decodeBase64(dst, in []byte) ([]byte, error) {
	out, err := base64.StdEncoding.AppendDecode(dst, in)
	if err != nil {
		return dst, sqlerr.New(sqlerr.InvalidText, "%s is not in base 64", shortText(in))
	}
	return out, nil
}

func encodeAs(dst []byte, r *row) ([]byte, error) {
	switch form := strings.ToLower(string(r.text(1))); form {
	case "hex":
		return hex.AppendEncode(dst, r.text(0)), nil
	case "base64":
		return base64.StdEncoding.AppendEncode(dst, r.text(0)), nil
	case "escape":
		return escapeBytes(dst, r.text(0)), nil
	default:
		return dst, unknownForm(form)
	}
}

func decodeAs(dst []byte, r *row) ([]byte, error) {
	switch form := strings.ToLower(string(r.text(1))); form {
	case "hex":
		return decodeHex(dst, r.text(0))
	case "base64":
		return decodeBase64(dst, r.text(0))
	case "escape":
		return unescapeBytes(dst, r.text(0))
	default:
		return dst, unknownForm(form)
	}
}

func unknownForm(form string) error {
	return sqlerr.New(sqlerr.InvalidParameterValue, "'%s' is no form of bytes", form).
		WithHint("write hex, base64 or escape")
}

// escapeBytes writes a zero byte, those that are not ASCII, and the backslash, as PostgreSQL's escape form has it.
func escapeBytes(dst, in []byte) []byte {
	const octal = "01234567"
	for _, c := range in {
		switch {
		case c == 0 || c >= utf8.RuneSelf:
			dst = append(dst, '\\', octal[c>>6], octal[c>>3&7], octal[c&7])
		case c == '\\':
			dst = append(dst, '\\', '\\')
		default:
			dst = append(dst, c)
		}
	}
	return dst
}

func unescapeBytes(dst, in []byte) ([]byte, error) {
	for i := 0; i < len(in); i++ {
		switch {
		case in[i] != '\\':
			dst = append(dst, in[i])
		case i+1 < len(in) && in[i+1] == '\\':
			dst = append(dst, '\\')
			i++
		case i+3 < len(in) && isOctal(in[i+1:i+4]):
			dst = append(dst, (in[i+1]-'0')<<6|(in[i+2]-'0')<<3|in[i+3]-'0')
			i += 3
		default:
			return dst, sqlerr.New(sqlerr.InvalidText, "%s has a backslash before no octal number", shortText(in))
		}
	}
	return dst, nil
}

func isOctal(in []byte) bool {
	for _, c := range in {
		if c < '0' || c > '7' {
			return false
		}
	}
	return in[0] <= '3'
}

// shortText quotes a text for a message, the end of a long one left out.
func shortText(b []byte) string {
	const most = 60
	if r := []rune(string(b)); len(r) > most {
		return "'" + string(r[:most]) + "…'"
	}
	return "'" + string(b) + "'"
}
