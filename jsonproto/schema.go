package jsonproto

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// CreateTableText returns the CREATE TABLE of a schema as create_table has it: a JSON array of objects with name, type
// and nullable.
func CreateTableText(database, table string, schema []byte) (string, error) {
	var columns []column
	if err := json.Unmarshal(schema, &columns); err != nil {
		return "", fmt.Errorf(`a schema is an array like [{"name":"id","type":"int32","nullable":false}]: %w`, err)
	}
	if len(columns) == 0 {
		return "", errors.New("the schema must name at least one column")
	}
	return createTableText(qualified(database, table), columns)
}

func createTableText(table string, schema []column) (string, error) {
	columns := make([]string, len(schema))
	for i, column := range schema {
		t, err := typeName(column.Type)
		if err != nil {
			return "", err
		}
		columns[i] = name(column.Name) + " " + t
		if column.Nullable != nil && !*column.Nullable {
			columns[i] += " NOT NULL"
		}
	}
	return "CREATE TABLE " + table + " (" + strings.Join(columns, ", ") + ")", nil
}
