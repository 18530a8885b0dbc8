package manifest

import (
	"encoding/json"
	"fmt"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/internal/vector"
)

// envelope is a change with its kind.
type envelope struct {
	Kind   string          `json:"kind"`
	Change json.RawMessage `json:"change"`
}

// Encode returns changes as a JSON array.
func Encode(changes []Change) ([]byte, error) {
	list := make([]envelope, len(changes))
	for i, c := range changes {
		body, err := json.Marshal(c)
		if err != nil {
			return nil, sqlerr.Wrap(err, sqlerr.InternalError, "a change of the manifest can't be written")
		}
		list[i] = envelope{Kind: c.name(), Change: body}
	}
	return json.Marshal(list)
}

// Decode reads what Encode wrote. A kind that this program does not know is an error that says so.
func Decode(body []byte) ([]Change, error) {
	var list []envelope
	if err := json.Unmarshal(body, &list); err != nil {
		return nil, sqlerr.Wrap(err, sqlerr.DataCorrupted, "a list of changes can't be read: %v", err)
	}
	changes := make([]Change, len(list))
	for i, e := range list {
		c := empty(e.Kind)
		if c == nil {
			return nil, sqlerr.New(sqlerr.DataCorrupted, "this program does not know the change %q", e.Kind).
				WithHint("open the data directory with the newer MicoDB that wrote it")
		}
		if err := json.Unmarshal(e.Change, c); err != nil {
			return nil, sqlerr.Wrap(err, sqlerr.DataCorrupted, "a change %q can't be read: %v", e.Kind, err)
		}
		changes[i] = c
	}
	return changes, nil
}

func empty(kind string) Change {
	switch kind {
	case "create_database":
		return &CreateDatabase{}
	case "drop_database":
		return &DropDatabase{}
	case "create_table":
		return &CreateTable{}
	case "drop_table":
		return &DropTable{}
	case "add_segment":
		return &AddSegment{}
	case "remove_segment":
		return &RemoveSegment{}
	case "set_deletes":
		return &SetDeletes{}
	case "add_permutation":
		return &AddPermutation{}
	case "set_statistics":
		return &SetStatistics{}
	case "clear_permutations":
		return &ClearPermutations{}
	case "retain":
		return &Retain{}
	case "checkpoint":
		return &Checkpoint{}
	default:
		return nil
	}
}

// jsonTable is the form of a definition, which does not follow the Go types.
type jsonTable struct {
	ID        catalog.TableID    `json:"id"`
	Database  catalog.DatabaseID `json:"database"`
	Namespace string             `json:"database_name"`
	Name      string             `json:"name"`
	Kind      string             `json:"kind"`
	Version   catalog.Version    `json:"version,omitempty"`
	Columns   []jsonColumn       `json:"columns"`
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
}

// MarshalJSON implements json.Marshaler.
func (c *CreateTable) MarshalJSON() ([]byte, error) {
	t := &c.Table
	out := jsonTable{
		ID: t.ID, Database: t.Database, Namespace: t.Name.Database, Name: t.Name.Table, Kind: tableKinds()[t.Kind],
		Version: t.Version, Columns: make([]jsonColumn, len(t.Columns)),
	}
	if t.Query != nil {
		out.Query = &jsonQuery{Text: t.Query.Text, Database: t.Query.Database}
	}
	for i, column := range t.Columns {
		out.Columns[i] = jsonColumn{
			ID: column.ID, Name: column.Name, Type: jsonType(column.Type), Length: column.Length,
			NotNull: column.NotNull,
		}
	}
	return json.Marshal(out)
}

// UnmarshalJSON implements json.Unmarshaler.
func (c *CreateTable) UnmarshalJSON(b []byte) error {
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
	c.Table = catalog.Table{
		ID: in.ID, Database: in.Database, Name: catalog.TableName{Database: in.Namespace, Table: in.Name}, Kind: kind,
		Version: in.Version, Columns: make([]catalog.Column, len(in.Columns)),
	}
	for i, column := range in.Columns {
		c.Table.Columns[i] = catalog.Column{
			ID: column.ID, Name: column.Name, Type: vector.Type(column.Type), Length: column.Length,
			NotNull: column.NotNull,
		}
	}
	if in.Query != nil {
		c.Table.Query = &catalog.ViewQuery{Text: in.Query.Text, Database: in.Query.Database}
	}
	return nil
}

func tableKindOf(name string) (catalog.TableKind, bool) {
	for kind, n := range tableKinds() {
		if n == name {
			return kind, true
		}
	}
	return 0, false
}
