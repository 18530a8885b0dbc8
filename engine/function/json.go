package function

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"

	"github.com/micodb/micodb/engine/expr"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

func jsonType() vector.Type { return vector.Of(vector.JSON) }

// jsonFunctions read JSON: a text that is none is 22P02.
func jsonFunctions() []Entry {
	text, big := textType(), bigType()
	entry := inFamily("json")
	const from = `'{"a": [1, "x", null], "b": true}'`
	extract := jsonReaders(jsonType(), appendCompact)
	extractText := jsonReaders(text, appendJSONText)
	scalar := jsonReaders(text, func(dst, value []byte, r *row) []byte {
		if value[0] == '{' || value[0] == '[' {
			r.null = true
			return dst
		}
		return appendJSONText(dst, value, r)
	})
	operator := func(name, result, help, example, gives string, overloads []expr.Overload) Entry {
		e := entry(name, "", shown(help, example, gives), overloads...)
		e.Signature = "json " + name + " key or path → " + result
		return e
	}
	length := func(value []byte) int64 {
		if value[0] != '[' {
			return 0
		}
		return int64(jsonLength(value))
	}
	return []Entry{
		operator(JSONGet, "JSON", "The value at a key, a place or a path.", from+" -> 'a'", `[1,"x",null]`, extract),
		operator(JSONGetText, "VARCHAR", "The value as a text: a string without its quotes, null as NULL.",
			from+" ->> '$.a[1]'", "x", extractText),
		entry("json_extract json_extract_path", "(json, path) → JSON",
			shown("The value at a path: $.key[0], /key/0, or a key alone; NULL when there is none.",
				"json_extract("+from+", '$.a[0]')", "1"), extract...),
		entry("json_extract_string json_extract_path_text", "(json, path) → VARCHAR",
			shown("The value at a path as a text.", "json_extract_string("+from+", '/a/1')", "x"), extractText...),
		entry("json_value", "(json, path) → VARCHAR", shown("As json_extract_string, but NULL for objects and arrays.",
			"json_value("+from+", '$.b')", "true"), scalar...),
		entry("json_exists", "(json, path) → BOOLEAN", shown("Whether there is a value at a path.",
			"json_exists("+from+", '$.c')", "false"), jsonNumbers(truthType(), func([]byte) int64 { return 1 },
			true)[1:]...),
		entry("json_array_length json_length", "(json [, path]) → BIGINT",
			shown("How many elements an array has; 0 of others.",
				"json_array_length("+from+", '$.a')", "3"), jsonNumbers(big, length, false)...),
		entry("json_type", "(json [, path]) → VARCHAR",
			shown("OBJECT, ARRAY, VARCHAR, BIGINT, DOUBLE, BOOLEAN or NULL.", "json_type("+from+", '$.a')", "ARRAY"),
			append(jsonReaders(text, appendJSONType), jsonOf(text, appendJSONType))...),
		entry("json_valid", "(text) → BOOLEAN", shown("Whether a text is JSON.", "json_valid('{')", "false"),
			toTruth(func(r *row) bool { return json.Valid(r.text(0)) }, text)),
		entry("json_keys", "(json) → JSON", shown("The keys of an object, as an array; NULL of others.",
			"json_keys("+from+")", `["a","b"]`), jsonOf(jsonType(), appendJSONKeys)),
		entry("json", "(text) → JSON", shown("The JSON that a text is, without blanks.", "json('[ 1, 2 ]')", "[1,2]"),
			jsonOf(jsonType(), appendCompact)),
		entry("json_contains", "(json, json) → BOOLEAN",
			shown("Whether the second is in the first: equal to it, to an element, or with all its members.",
				"json_contains("+from+`, '{"b": true}')`, "true"), jsonContains()),
		entry("json_merge_patch", "(json, patch) → JSON",
			shown("The first with the members of the second in it, without those that are null there (RFC 7396).",
				`json_merge_patch('{"a":1,"b":2}', '{"b":null,"c":3}')`, `{"a":1,"c":3}`), jsonMerge()),
		jsonMaker("json_array", "(value, …) → JSON",
			shown("An array of the values.", "json_array(1, 'x', NULL)", `[1,"x",null]`), 0,
			appendJSONArray),
		jsonMaker("json_object", "(key, value, …) → JSON",
			shown("An object of the keys and values.", "json_object('a', 1, 'b', true)", `{"a":1,"b":true}`), 0,
			appendJSONObject),
		jsonMaker("to_json json_quote", "(value) → JSON", shown("A value as JSON.", "to_json('it')", `"it"`), 1,
			func(dst []byte, r *row) ([]byte, error) { return r.appendJSON(dst, 0) }),
	}
}

// validJSON returns argument k's text without blanks around it: 22P02 when it is no JSON.
func validJSON(r *row, k int) ([]byte, error) {
	b := r.text(k)
	if r.args[k].Type.Kind != vector.JSON && !json.Valid(b) {
		return nil, sqlerr.New(sqlerr.InvalidText, "%s is no JSON", shortText(b))
	}
	return jsonTrim(b), nil
}

// pathCache keeps the path that was read last.
type pathCache struct {
	path  string
	steps []jsonStep
	known bool
}

// find returns the value that a path, a key or a place as argument 1 leads to; nil when there is none.
func (c *pathCache) find(r *row) ([]byte, error) {
	b, err := validJSON(r, 0)
	if err != nil || !r.has(1) {
		return b, err
	}
	if r.args[1].Physical != vector.Bytes {
		return jsonAt(b, []jsonStep{{at: int(r.int(1)), isPlace: true}}), nil
	}
	if path := r.text(1); !c.known || c.path != string(path) {
		if c.steps, err = jsonPath(path); err != nil {
			return nil, err
		}
		c.path, c.known = string(path), true
	}
	return jsonAt(b, c.steps), nil
}

// jsonReaders are the overloads that make a text of the value at a path or a place.
func jsonReaders(t vector.Type, f func(dst, value []byte, r *row) []byte) []expr.Overload {
	kernel := jsonKernel(t, f)
	return []expr.Overload{
		Fixed(t, expr.NullResult, kernel, textType(), textType()), Fixed(t, expr.NullResult, kernel, textType(),
			bigType()),
	}
}

// jsonOf is the overload that makes a text of a whole JSON.
func jsonOf(t vector.Type, f func(dst, value []byte, r *row) []byte) expr.Overload {
	return Fixed(t, expr.NullResult, jsonKernel(t, f), textType())
}

func jsonKernel(t vector.Type, f func(dst, value []byte, r *row) []byte) func() expr.Kernel {
	return perValue(textsEach(t, func() textRow {
		var c pathCache
		return func(dst []byte, r *row) ([]byte, error) {
			value, err := c.find(r)
			if err != nil || len(value) == 0 {
				r.null = true
				return dst, err
			}
			return f(dst, value, r), nil
		}
	}))
}

// jsonNumbers are the overloads that make a number of a JSON, and of the value at a path; where there is none NULL, or
// with zero 0.
func jsonNumbers(t vector.Type, f func(value []byte) int64, zero bool) []expr.Overload {
	kernel := perValue(intsEach(t, func() intRow {
		var c pathCache
		return func(r *row) (int64, error) {
			value, err := c.find(r)
			if err != nil || len(value) == 0 {
				r.null = !zero
				return 0, err
			}
			return f(value), nil
		}
	}))
	return []expr.Overload{
		Fixed(t, expr.NullResult, kernel, textType()), Fixed(t, expr.NullResult, kernel, textType(), textType()),
	}
}

func appendJSONText(dst, value []byte, r *row) []byte {
	switch {
	case string(value) == "null":
		r.null = true
		return dst
	case value[0] == '"':
		return append(dst, jsonText(value)...)
	default:
		return appendCompact(dst, value, r)
	}
}

// appendCompact leaves out the blanks between the parts of a value.
func appendCompact(dst, value []byte, _ *row) []byte {
	out := bytes.NewBuffer(dst)
	if value[0] != '{' && value[0] != '[' || json.Compact(out, value) != nil {
		return append(dst, value...)
	}
	return out.Bytes()
}

func appendJSONType(dst, value []byte, _ *row) []byte {
	name := "BIGINT"
	switch value[0] {
	case '{':
		name = "OBJECT"
	case '[':
		name = "ARRAY"
	case '"':
		name = "VARCHAR"
	case 't', 'f':
		name = "BOOLEAN"
	case 'n':
		name = "NULL"
	default:
		if bytes.ContainsAny(value, ".eE") {
			name = "DOUBLE"
		}
	}
	return append(dst, name...)
}

func appendJSONKeys(dst, value []byte, r *row) []byte {
	if value[0] != '{' {
		r.null = true
		return dst
	}
	dst = append(dst, '[')
	first := true
	jsonEach(value, func(key, _ []byte) bool {
		if !first {
			dst = append(dst, ',')
		}
		first = false
		dst = append(dst, key...)
		return true
	})
	return append(dst, ']')
}

func jsonContains() expr.Overload {
	return Fixed(truthType(), expr.NullIfAny, ints(truthType(), func(r *row) (int64, error) {
		var trees [2]any
		for k := range trees {
			b, err := validJSON(r, k)
			if err != nil {
				return 0, err
			}
			if err := json.Unmarshal(b, &trees[k]); err != nil {
				return 0, sqlerr.Wrap(err, sqlerr.InvalidText, "%s is no JSON", shortText(b))
			}
		}
		return truthOf(treeContains(trees[0], trees[1])), nil
	}), textType(), textType())
}

func treeContains(all, part any) bool {
	switch a := all.(type) {
	case map[string]any:
		p, ok := part.(map[string]any)
		if !ok {
			return false
		}
		for key, value := range p {
			if in, ok := a[key]; !ok || !treeContains(in, value) {
				return false
			}
		}
		return true
	case []any:
		parts, ok := part.([]any)
		if !ok {
			parts = []any{part}
		}
		for _, p := range parts {
			found := false
			for _, element := range a {
				found = found || treeContains(element, p)
			}
			if !found {
				return false
			}
		}
		return true
	default:
		return reflect.DeepEqual(all, part)
	}
}

func jsonMerge() expr.Overload {
	return Fixed(jsonType(), expr.NullIfAny, textsOf(jsonType(), func(dst []byte, r *row) ([]byte, error) {
		a, err := validJSON(r, 0)
		if err != nil {
			return dst, err
		}
		b, err := validJSON(r, 1)
		if err != nil {
			return dst, err
		}
		return appendMerged(dst, a, b), nil
	}), textType(), textType())
}

// appendMerged keeps the order of members: those of a, then those that only the patch has.
func appendMerged(dst, a, patch []byte) []byte {
	if patch[0] != '{' {
		return append(dst, patch...)
	}
	if len(a) == 0 || a[0] != '{' {
		a = []byte("{}")
	}
	dst = append(dst, '{')
	first := true
	put := func(key []byte, value func(dst []byte) []byte) {
		if !first {
			dst = append(dst, ',')
		}
		first = false
		dst = value(append(append(dst, key...), ':'))
	}
	jsonEach(a, func(key, value []byte) bool {
		switch change := jsonMember(patch, jsonText(key)); {
		case change == nil:
			put(key, func(dst []byte) []byte { return append(dst, value...) })
		case string(change) != "null":
			put(key, func(dst []byte) []byte { return appendMerged(dst, value, change) })
		}
		return true
	})
	jsonEach(patch, func(key, value []byte) bool {
		if string(value) != "null" && jsonMember(a, jsonText(key)) == nil {
			put(key, func(dst []byte) []byte { return appendMerged(dst, nil, value) })
		}
		return true
	})
	return append(dst, '}')
}

// jsonMaker is a function of values that have a text; count is how many, 0 for any number.
func jsonMaker(names, arguments string, d doc, count int, f textRow) Entry {
	e := inFamily("json")(names, arguments, d)
	e.Resolve = func(args []vector.Type) (expr.Overload, error) {
		const most = 1 << 10
		of, ok := castable(args)
		if !ok || len(args) > most || count > 0 && len(args) != count || e.Name == "json_object" && len(args)%2 == 1 {
			return expr.Overload{}, NoOverload(e.Name, args)
		}
		return Fixed(jsonType(), expr.NullNever, textsEach(jsonType(), func() textRow { return f }), of...), nil
	}
	return e
}

// appendJSON appends an argument as JSON: numbers and booleans as they are, JSON too, all others as strings.
func (r *row) appendJSON(dst []byte, k int) ([]byte, error) {
	t := r.args[k].Type
	if r.isNull(k) {
		return append(dst, "null"...), nil
	}
	text, err := r.written(nil, k)
	if err != nil {
		return dst, err
	}
	if t.Kind == vector.JSON || t.Kind == vector.Boolean || t.IsNumeric() && json.Valid(text) { // NaN is not
		return append(dst, text...), nil
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(strings.ToValidUTF8(string(text), "\uFFFD")); err != nil {
		return dst, sqlerr.Wrap(err, sqlerr.InvalidText, "a text can't be written as JSON")
	}
	return append(dst, bytes.TrimRight(out.Bytes(), "\n")...), nil
}

func appendJSONArray(dst []byte, r *row) ([]byte, error) {
	dst = append(dst, '[')
	for k := range r.args {
		if k > 0 {
			dst = append(dst, ',')
		}
		var err error
		if dst, err = r.appendJSON(dst, k); err != nil {
			return dst, err
		}
	}
	return append(dst, ']'), nil
}

func appendJSONObject(dst []byte, r *row) ([]byte, error) {
	dst = append(dst, '{')
	for k := 0; k < len(r.args); k += 2 {
		if k > 0 {
			dst = append(dst, ',')
		}
		if kind := r.args[k].Type.Kind; r.isNull(k) || kind != vector.Text {
			return dst, sqlerr.New(sqlerr.InvalidParameterValue, "a key of json_object is a text, and not NULL")
		}
		var err error
		if dst, err = r.appendJSON(dst, k); err != nil {
			return dst, err
		}
		if dst, err = r.appendJSON(append(dst, ':'), k+1); err != nil {
			return dst, err
		}
	}
	return append(dst, '}'), nil
}
