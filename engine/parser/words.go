package parser

import "strings"

// words makes a set of words.
func words(list string) map[string]bool {
	set := map[string]bool{}
	for w := range strings.FieldsSeq(list) {
		set[w] = true
	}
	return set
}

// plurals maps words and their plurals to the words.
func plurals(list string) map[string]string {
	singular := map[string]string{}
	for w := range strings.FieldsSeq(list) {
		singular[w], singular[w+"S"] = w, w
	}
	singular["CENTURIES"], singular["MILLENNIA"] = "CENTURY", "MILLENNIUM"
	return singular
}
