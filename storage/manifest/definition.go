package manifest

import (
	"encoding/json"
	"fmt"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/internal/vector"
)

// jsonTable is the form of a definition, which does not follow the Go types.
type jsonTable struct {
	ID        catalog.TableID    `json:"id"`
	Database  catalog.DatabaseID `json:"database"`
	Namespace string             `json:"database_name"`
	Name      string             `json:"name"`
	Kind      string             `json:"kind"`
	Version   catalog.Version    `json:"version,omitempty"`
	Created   catalog.Version    `json:"created,omitempty"`
	Columns   []jsonColumn       `json:"columns"`
	Last      catalog.ColumnID   `json:"last_column,omitempty"`
	Comment   string             `json:"comment,omitempty"`
	Query     *jsonQuery         `json:"query,omitempty"`
}

type jsonQuery struct {
	Text     string `json:"text"`
	Database string `json:"database_name"`
}

// tableKinds are the kinds that a definition may have.
func tableKinds() map[catalog.TableKind]string {
	return map[catalog.TableKind]string{
		catalog.BaseTable: "table", catalog.SystemTable: "system_table", catalog.View: "view",
	}
}

type jsonColumn struct {
	ID      catalog.ColumnID `json:"id"`
	Name    string           `json:"name"`
	Type    jsonType         `json:"type"`
	Length  int              `json:"length,omitempty"`
	NotNull bool             `json:"not_null,omitempty"`
	Comment string           `json:"comment,omitempty"`
	Former  []jsonFormer     `json:"former,omitempty"`
}

type jsonFormer struct {
	Type   jsonType        `json:"type"`
	Before catalog.Version `json:"before,omitempty"`
}

// MarshalJSON implements json.Marshaler.
func (c *CreateTable) MarshalJSON() ([]byte, error) { return marshalTable(&c.Table) }

// UnmarshalJSON implements json.Unmarshaler.
func (c *CreateTable) UnmarshalJSON(b []byte) error { return unmarshalTable(b, &c.Table) }

// MarshalJSON implements json.Marshaler.
func (c *AlterTable) MarshalJSON() ([]byte, error) { return marshalTable(&c.Table) }

// UnmarshalJSON implements json.Unmarshaler.
func (c *AlterTable) UnmarshalJSON(b []byte) error { return unmarshalTable(b, &c.Table) }

func marshalTable(t *catalog.Table) ([]byte, error) {
	out := jsonTable{
		ID: t.ID, Database: t.Database, Namespace: t.Name.Database, Name: t.Name.Table, Kind: tableKinds()[t.Kind],
		Version: t.Version, Created: t.Created, Columns: make([]jsonColumn, len(t.Columns)), Last: t.LastColumn,
		Comment: t.Comment,
	}
	if t.Query != nil {
		out.Query = &jsonQuery{Text: t.Query.Text, Database: t.Query.Database}
	}
	for i := range t.Columns {
		out.Columns[i] = columnToJSON(&t.Columns[i])
	}
	return json.Marshal(out)
}

func columnToJSON(c *catalog.Column) jsonColumn {
	out := jsonColumn{
		ID: c.ID, Name: c.Name, Type: jsonType(c.Type), Length: c.Length, NotNull: c.NotNull, Comment: c.Comment,
	}
	for _, f := range c.Former {
		out.Former = append(out.Former, jsonFormer{Type: jsonType(f.Type), Before: f.Before})
	}
	return out
}

func unmarshalTable(b []byte, t *catalog.Table) error {
	var in jsonTable
	if err := json.Unmarshal(b, &in); err != nil {
		return err
	}
	kind, ok := tableKindOf(in.Kind)
	if !ok {
		return fmt.Errorf("table %d has the unknown kind %q", in.ID, in.Kind)
	}
	if (in.Query != nil) != (kind == catalog.View) {
		return fmt.Errorf("table %d is of the kind %q, and a query belongs to a view alone", in.ID, in.Kind)
	}
	*t = catalog.Table{
		ID: in.ID, Database: in.Database, Name: catalog.TableName{Database: in.Namespace, Table: in.Name}, Kind: kind,
		Version: in.Version, Created: in.Created, Columns: make([]catalog.Column, len(in.Columns)), LastColumn: in.Last,
		Comment: in.Comment,
	}
	for i := range in.Columns {
		t.Columns[i] = columnFromJSON(&in.Columns[i])
	}
	if in.Query != nil {
		t.Query = &catalog.ViewQuery{Text: in.Query.Text, Database: in.Query.Database}
	}
	return nil
}

func columnFromJSON(c *jsonColumn) catalog.Column {
	out := catalog.Column{
		ID: c.ID, Name: c.Name, Type: vector.Type(c.Type), Length: c.Length, NotNull: c.NotNull, Comment: c.Comment,
	}
	for _, f := range c.Former {
		out.Former = append(out.Former, catalog.FormerType{Type: vector.Type(f.Type), Before: f.Before})
	}
	return out
}

func tableKindOf(name string) (catalog.TableKind, bool) {
	for kind, n := range tableKinds() {
		if n == name {
			return kind, true
		}
	}
	return 0, false
}
