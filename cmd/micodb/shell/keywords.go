package shell

import (
	"maps"
	"slices"
	"strings"
)

const (
	statementWords = "ALTER BEGIN COMMIT COPY CREATE DELETE DESCRIBE DROP EXPLAIN GRANT INSERT KILL RELEASE REVOKE " +
		"ROLLBACK SAVEPOINT SELECT SET SHOW TRUNCATE UPDATE USE VALUES WITH"
	otherWords = "ALL ANALYZE AND API AS ASC BETWEEN BIGINT BOOLEAN BY CASE CAST COLUMNS CROSS DATABASE DATABASES " +
		"DATE DECIMAL DEFAULT DESC DISTINCT DOUBLE ELSE END EXISTS EXTRACT FALSE FLOAT FOR FROM FUNCTIONS GRANTS " +
		"GROUP HAVING IDENTIFIED IF IN INNER INT INTERVAL INTO IS JOIN KEY KEYS LEFT LIKE LIMIT NOT NULL OFFSET ON " +
		"OR ORDER OUTER PRIVILEGES QUERY REPLACE RETURNING RIGHT ROLE ROLES SMALLINT TABLE TABLES THEN TIMESTAMP " +
		"TO TRANSACTION TRUE UNION USER USERS USING VARCHAR VIEW WHEN WHERE"
)

// beginnings are the words with which statements begin.
func beginnings() []string { return strings.Fields(statementWords) }

// keywords are the words that may stand elsewhere, and those too.
func keywords() []string { return append(strings.Fields(otherWords), beginnings()...) }

func keywordsOf(words []string) []candidate { return ofKind(ofKeyword, words) }

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
