package jsonproto

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/metrics"
	"github.com/micodb/micodb/session"
)

// request is one line of a client. Unknown fields are ignored.
type request struct {
	Command  string            `json:"command"`
	Database string            `json:"db_name"`
	Table    string            `json:"table_name"`
	Schema   []column          `json:"schema"`
	Rows     []json.RawMessage `json:"rows"`
	Query    string            `json:"query"`
	TxID     *uint64           `json:"tx_id"`
	Format   string            `json:"format"`
	// BatchSize is the number of rows between flushes of a stream; 0 is the default.
	BatchSize int `json:"batch_size"`

	AuthMethod string `json:"auth_method"`
	Username   string `json:"username"`
	Password   string `json:"password"`
	Token      string `json:"token"`
	APIKey     string `json:"api_key"`
}

// column is a member of create_table's schema; nullable is true when it is not said.
type column struct {
	Name     string `json:"name"`
	Type     string `json:"type"`
	Nullable *bool  `json:"nullable"`
}

// invalidFormat starts the message about a line that is no request.
const invalidFormat = "Invalid request format: "

// parseRequest reads a line. The error's message is for the client as it is.
func parseRequest(line []byte, depthMax int) (*request, error) {
	if err := checkDepth(line, depthMax); err != nil {
		return nil, err
	}
	var r request
	if err := json.Unmarshal(line, &r); err != nil {
		return nil, sqlerr.Wrap(err, sqlerr.ProtocolViolation, "%s%s", invalidFormat, explain(err))
	}
	if r.Command == "" {
		return nil, sqlerr.New(sqlerr.ProtocolViolation, "%smissing field `command`", invalidFormat)
	}
	return &r, nil
}

// explain says in a user's words what is wrong with a line.
func explain(err error) string {
	var syntax *json.SyntaxError
	var wrong *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		return fmt.Sprintf("%v, at byte %d of the line", syntax, syntax.Offset)
	case errors.As(err, &wrong) && wrong.Field == "":
		return fmt.Sprintf("the line is a JSON %s, and must be an object", wrong.Value)
	case errors.As(err, &wrong):
		return fmt.Sprintf("field `%s` is a JSON %s, at byte %d of the line", wrong.Field, wrong.Value, wrong.Offset)
	case errors.Is(err, io.ErrUnexpectedEOF):
		return "the line ends within the object"
	default:
		return err.Error()
	}
}

// checkDepth refuses deep nesting before a parser follows it.
func checkDepth(line []byte, depthMax int) error {
	depth, quoted := 0, false
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			if depth++; depth > depthMax {
				return sqlerr.New(sqlerr.ProgramLimitExceeded, "%snested deeper than %d", invalidFormat, depthMax)
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return nil
}

// credentials returns what the request brings along, and whether it brings any.
func (r *request) credentials(address string) (session.Credentials, bool, error) {
	c := session.Credentials{Address: address, Username: r.Username, Door: metrics.JSON}
	switch r.AuthMethod {
	case "":
		return c, false, nil
	case "password":
		c.Method, c.Secret = session.Password, r.Password
	case "jwt":
		c.Method, c.Secret = session.Token, r.Token
	case "apikey":
		c.Method, c.Secret = session.APIKey, r.APIKey
	default:
		return c, false, sqlerr.New(sqlerr.InvalidAuthorization,
			"unknown auth_method %q: it is one of password, jwt, apikey", r.AuthMethod)
	}
	return c, true, nil
}

// streams tells whether the answer is a stream of lines.
func (r *request) streams() bool {
	return (r.Command == "read" || r.Command == "sql") && strings.EqualFold(r.Format, formatNDJSON)
}

// isBlank tells whether a line holds nothing.
func isBlank(line []byte) bool { return len(bytes.TrimSpace(line)) == 0 }
