package manifest

import (
	"encoding/json"

	"github.com/micodb/micodb/internal/sqlerr"
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
	case "alter_table":
		return &AlterTable{}
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
