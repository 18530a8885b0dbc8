package manifest

import (
	"encoding/json"
	"fmt"

	"github.com/micodb/micodb/internal/vector"
)

// jsonType is a type by name: the numbers of the kinds are not part of the format.
type jsonType vector.Type

type jsonTypeForm struct {
	Kind      string      `json:"kind"`
	Precision uint8       `json:"precision,omitempty"`
	Scale     uint8       `json:"scale,omitempty"`
	Zone      bool        `json:"zone,omitempty"`
	Fields    []jsonField `json:"fields,omitempty"`
}

type jsonField struct {
	Name     string   `json:"name"`
	Type     jsonType `json:"type"`
	Nullable bool     `json:"nullable,omitempty"`
}

// MarshalJSON implements json.Marshaler.
func (t jsonType) MarshalJSON() ([]byte, error) {
	name, ok := kindNames[t.Kind]
	if !ok {
		return nil, fmt.Errorf("the type %v has no name in the format", vector.Type(t))
	}
	out := jsonTypeForm{Kind: name, Precision: t.Precision, Scale: t.Scale, Zone: t.Zone}
	for _, f := range t.Fields {
		out.Fields = append(out.Fields, jsonField{Name: f.Name, Type: jsonType(f.Type), Nullable: f.Nullable})
	}
	return json.Marshal(out)
}

// UnmarshalJSON implements json.Unmarshaler.
func (t *jsonType) UnmarshalJSON(b []byte) error {
	var in jsonTypeForm
	if err := json.Unmarshal(b, &in); err != nil {
		return err
	}
	for kind, name := range kindNames {
		if name == in.Kind {
			*t = jsonType{Kind: kind, Precision: in.Precision, Scale: in.Scale, Zone: in.Zone}
			for _, f := range in.Fields {
				t.Fields = append(t.Fields, vector.Field{Name: f.Name, Type: vector.Type(f.Type), Nullable: f.Nullable})
			}
			return nil
		}
	}
	return fmt.Errorf("the type %q is not known", in.Kind)
}
