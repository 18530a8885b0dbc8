package jsonproto

import (
	"encoding/json"
	"time"

	"github.com/micodb/micodb/internal/sqlerr"
	"github.com/micodb/micodb/session"
)

// answer is one line of the server; its members are JSON. The four first keys are always there.
type answer struct {
	status  string
	data    []byte
	token   []byte
	expires []byte
	code    sqlerr.Code // of an error
}

const null = "null"

// ok is an answer with data; nil is null.
func ok(data []byte) answer {
	if data == nil {
		data = []byte(null)
	}
	return answer{status: "ok", data: data, token: []byte(null), expires: []byte(null)}
}

// failure is the answer to a request that failed. Causes stay inside.
func failure(err error, prefix string) answer {
	e := sqlerr.From(err)
	a := ok(quote(prefix + e.Error()))
	a.status, a.code = "error", e.Code
	return a
}

// loggedIn is the answer to a login.
func loggedIn(l session.Login) (answer, error) {
	roles := l.Principal.Roles
	if roles == nil {
		roles = []string{}
	}
	data, err := json.Marshal(struct {
		Username    string   `json:"username"`
		DisplayName string   `json:"display_name"`
		Roles       []string `json:"roles"`
	}{l.Principal.Username, l.Principal.DisplayName, roles})
	if err != nil {
		return answer{}, err
	}
	a := ok(data)
	if l.Token != "" {
		a.token, a.expires = quote(l.Token), quote(l.Expires.UTC().Format(time.RFC3339))
	}
	return a, nil
}

// line returns the answer as one line, its data as they are.
func (a answer) line() []byte {
	b := make([]byte, 0, len(a.data)+128)
	b = append(append(b, `{"status":"`...), a.status...)
	b = append(append(b, `","data":`...), a.data...)
	b = append(append(b, `,"auth_token":`...), a.token...)
	b = append(append(b, `,"token_expires_at":`...), a.expires...)
	if a.code != "" {
		b = append(append(append(b, `,"code":"`...), a.code...), '"')
	}
	return append(b, '}', '\n')
}
