package function

import (
	"bytes"
	"net/url"
	"strings"

	"github.com/micodb/micodb/internal/vector"
)

// urls read parts of URLs. What a text does not have is the empty text: nothing is refused, and nothing is decoded.
func urls() []Entry {
	text := textType()
	entry := inFamily("url")
	part := func(names, help, gives string, f func(u urlParts) []byte) Entry {
		name, _ := cutNames(names)
		return entry(names, "(text) → VARCHAR", shown(help,
			name+"('https://me@www.example.com:8080/a/b?x=1&y=2#top')", gives),
			toText(func(dst []byte, r *row) ([]byte, error) { return append(dst, f(cutURL(r.text(0)))...), nil }, text))
	}
	return []Entry{
		part("url_protocol protocol url_scheme", "The protocol of a URL, in lower case.", "https",
			func(u urlParts) []byte { return bytes.ToLower(u.protocol) }),
		part("url_host domain host", "The host of a URL, without user and port.", "www.example.com",
			func(u urlParts) []byte { return u.host }),
		part("domain_without_www url_domain", "The host of a URL without www. before it.", "example.com",
			func(u urlParts) []byte { return bytes.TrimPrefix(u.host, []byte("www.")) }),
		part("url_port port", "The port of a URL.", "8080", func(u urlParts) []byte { return u.port }),
		part("url_path", "The path of a URL.", "/a/b", func(u urlParts) []byte { return u.path }),
		part("url_query query_string", "The query of a URL, without the question mark.", "x=1&y=2",
			func(u urlParts) []byte { return u.query }),
		part("url_fragment fragment", "The fragment of a URL, without #.", "top",
			func(u urlParts) []byte { return u.fragment }),
		entry("url_parameter url_extract_parameter", "(text, name) → VARCHAR",
			shown("A parameter of a URL's query, decoded; NULL when it has none of that name.",
				"url_parameter('http://h/?q=a%20b&z=1', 'q')", "a b"), nullText(urlParameter, text, text)),
		entry("url_encode", "(text) → VARCHAR", shown("With % forms in the place of all but letters, digits and -._~.",
			"url_encode('a b&c')", "a%20b%26c"), toText(urlEncode, text)),
		entry("url_decode", "(text) → VARCHAR", shown("With the bytes that % forms stand for.",
			"url_decode('a%20b%26c')",
			"a b&c"), toText(urlDecode, text)),
	}
}

// urlParts are those of RFC 3986, as they are written.
type urlParts struct{ protocol, host, port, path, query, fragment []byte }

func cutURL(s []byte) urlParts {
	var u urlParts
	s, u.fragment, _ = bytes.Cut(s, []byte{'#'})
	s, u.query, _ = bytes.Cut(s, []byte{'?'})
	hasHost := false
	if at := bytes.Index(s, []byte("://")); at >= 0 && isProtocol(s[:at]) {
		u.protocol, s, hasHost = s[:at], s[at+len("://"):], true
	} else if rest, ok := bytes.CutPrefix(s, []byte("//")); ok {
		s, hasHost = rest, true
	} else if at := bytes.IndexByte(s, ':'); at > 0 && isProtocol(s[:at]) && !isDigits(s[at+1:]) {
		u.protocol, s = s[:at], s[at+1:] // mailto:someone@example.com
	}
	if !hasHost {
		u.path = s
		return u
	}
	slash := bytes.IndexByte(s, '/')
	if slash < 0 {
		slash = len(s)
	}
	u.path = s[slash:]
	u.host = s[bytes.LastIndexByte(s[:slash], '@')+1 : slash]
	if at := bytes.LastIndexByte(u.host, ':'); at >= 0 && isDigits(u.host[at+1:]) && !bytes.HasSuffix(u.host,
		[]byte("]")) {
		u.host, u.port = u.host[:at], u.host[at+1:]
	}
	return u
}

func isProtocol(s []byte) bool {
	for i, c := range s {
		letter := c|0x20 >= 'a' && c|0x20 <= 'z'
		if !letter && (i == 0 || (c < '0' || c > '9') && c != '+' && c != '-' && c != '.') {
			return false
		}
	}
	return len(s) > 0
}

func isDigits(s []byte) bool {
	for _, c := range s {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

func urlParameter(dst []byte, r *row) ([]byte, error) {
	name := string(r.text(1))
	query := cutURL(r.text(0)).query
	for len(query) > 0 {
		var pair []byte
		pair, query, _ = bytes.Cut(query, []byte{'&'})
		key, value, _ := bytes.Cut(pair, []byte{'='})
		if decoded, err := url.QueryUnescape(string(key)); err != nil || decoded != name {
			continue
		}
		decoded, err := url.QueryUnescape(string(value))
		if err != nil {
			return append(dst, value...), nil //nolint:nilerr // as it is written, where it can't be decoded
		}
		return append(dst, strings.ToValidUTF8(decoded, "\uFFFD")...), nil
	}
	r.null = true
	return dst, nil
}

func urlEncode(dst []byte, r *row) ([]byte, error) {
	const digits = "0123456789ABCDEF"
	for _, c := range r.text(0) {
		switch {
		case c|0x20 >= 'a' && c|0x20 <= 'z', c >= '0' && c <= '9', c == '-', c == '.', c == '_', c == '~':
			dst = append(dst, c)
		default:
			dst = append(dst, '%', digits[c>>4], digits[c&0xF])
		}
	}
	return dst, nil
}

// urlDecode leaves a % that begins no form as it is.
func urlDecode(dst []byte, r *row) ([]byte, error) {
	s := r.text(0)
	from := len(dst)
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			if b, err := decodeHex(nil, s[i+1:i+3]); err == nil {
				dst = append(dst, b...)
				i += 2
				continue
			}
		}
		dst = append(dst, s[i])
	}
	if valid := bytes.ToValidUTF8(dst[from:], []byte("\uFFFD")); len(valid) != len(dst)-from {
		return append(dst[:from], valid...), nil
	}
	return dst, nil
}

// files read parts of file names.
func files() []Entry {
	text := textType()
	entry := inFamily("url")
	return []Entry{
		entry("parse_filename", "(path [, without_extension]) → VARCHAR",
			shown("What stands after the last / or \\ of a path.", "parse_filename('/data/a.csv')", "a.csv"),
			toText(filename, text), toText(filename, text, vector.Of(vector.Boolean))),
		entry("parse_dirpath", "(path) → VARCHAR", shown("What stands before the last / or \\ of a path.",
			"parse_dirpath('/data/x/a.csv')", "/data/x"),
			toText(func(dst []byte, r *row) ([]byte, error) {
				return append(dst, r.text(0)[:max(bytes.LastIndexAny(r.text(0), `/\`), 0)]...), nil
			}, text)),
	}
}

func filename(dst []byte, r *row) ([]byte, error) {
	s := r.text(0)
	s = s[bytes.LastIndexAny(s, `/\`)+1:]
	if at := bytes.LastIndexByte(s, '.'); at > 0 && r.has(1) && r.truth(1) {
		s = s[:at]
	}
	return append(dst, s...), nil
}
