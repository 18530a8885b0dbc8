package tablefile

import "fmt"

// The types of pages.
const (
	pageData       = 0
	pageDictionary = 2
	pageData2      = 3
)

// pageHeader is what a page says of itself.
type pageHeader struct {
	size                     int64 // of the header
	kind                     int64
	uncompressed, compressed int64 // bytes of the page
	values, rows             int64
	encoding                 int64
	isCompressed             bool
	hasDictionary            bool
	dictionaryValues         int64
	came                     [fieldData2 + 1]uint32 // the fields, by the structure that they are in
}

// The fields of a header, and those of the structures that it has for each type of page.
const (
	fieldKind         = 1
	fieldUncompressed = 2
	fieldCompressed   = 3
	fieldData         = 5
	fieldDictionary   = 7
	fieldData2        = 8

	fieldValues        = 1 // of all three
	fieldEncoding      = 2 // of data
	fieldRows2         = 3
	fieldEncoding2     = 4
	fieldIsCompressed2 = 7
)

// readPageHeader reads the header at the beginning of some bytes. A field that comes twice is refused: which one counts
// is the reader's choice.
func readPageHeader(view []byte) (pageHeader, error) {
	h := pageHeader{isCompressed: true}
	w := &thriftWalk{what: "a page's header", rest: view, seen: h.note}
	err := w.structure()
	h.size = int64(len(view) - len(w.rest))
	if err != nil {
		return h, err
	}
	data, data2 := h.has(fieldData, fieldValues), h.has(fieldData2, fieldValues)
	h.hasDictionary = h.has(fieldDictionary, fieldValues)
	if data && data2 || !data && h.kind == pageData || !data2 && h.kind == pageData2 ||
		!h.hasDictionary && h.kind == pageDictionary {
		return h, fmt.Errorf("a page's header does not fit its type %d", h.kind)
	}
	return h, nil
}

func (h *pageHeader) has(parent, id int) bool { return h.came[parent]>>id&1 != 0 }

// note keeps what a field says.
func (h *pageHeader) note(f thriftField) error {
	if f.parent > fieldData2 || f.id >= 32 || f.parent < 0 || f.id < 0 {
		return nil
	}
	if h.has(f.parent, f.id) {
		return fmt.Errorf("field %d of a page's header comes twice", f.id)
	}
	h.came[f.parent] |= 1 << f.id
	var to *int64
	switch [2]int{f.parent, f.id} {
	case [2]int{0, fieldKind}:
		to = &h.kind
	case [2]int{0, fieldUncompressed}:
		to = &h.uncompressed
	case [2]int{0, fieldCompressed}:
		to = &h.compressed
	case [2]int{fieldDictionary, fieldValues}:
		to = &h.dictionaryValues
	case [2]int{fieldData, fieldValues}, [2]int{fieldData2, fieldValues}:
		to = &h.values
	case [2]int{fieldData, fieldEncoding}, [2]int{fieldData2, fieldEncoding2}:
		to = &h.encoding
	case [2]int{fieldData2, fieldRows2}:
		to = &h.rows
	case [2]int{fieldData2, fieldIsCompressed2}:
		h.isCompressed = f.of == thriftTrue
		if f.of == thriftTrue || f.of == thriftFalse {
			return nil
		}
	default:
		return nil
	}
	if to == nil || f.of != thriftInt32 {
		return fmt.Errorf("field %d of a page's header has the wrong type", f.id)
	}
	*to = f.value
	return nil
}
