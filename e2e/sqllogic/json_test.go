package sqllogic_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/micodb/micodb/e2e/harness"
	"github.com/micodb/micodb/e2e/sqllogic"
	"github.com/micodb/micodb/internal/sqlerr"
)

// startJSON starts the binary, and speaks the JSON protocol with it.
func startJSON(t *testing.T) sqllogic.Open {
	t.Helper()
	server := harness.Start(t)
	return func(ctx context.Context, l sqllogic.Login) (sqllogic.Runner, error) {
		var dialer net.Dialer
		conn, err := dialer.DialContext(ctx, "tcp", server.JSON)
		if err != nil {
			return nil, err
		}
		l = administrator(l)
		r := &jsonRunner{conn: conn, read: bufio.NewReader(conn), database: "main"}
		_, err = r.ask(map[string]string{
			"command": "login", "auth_method": "password", "username": l.User, "password": l.Password,
		})
		return r, err
	}
}

// jsonRunner is a session behind the JSON protocol.
type jsonRunner struct {
	conn     net.Conn
	read     *bufio.Reader
	database string // which each request names
}

func (r *jsonRunner) Close() error { return r.conn.Close() }

func (r *jsonRunner) Exec(_ context.Context, sql, types string) (columns []string, rows [][]string, err error) {
	data, err := r.ask(map[string]string{"command": "sql", "query": sql})
	if err != nil {
		return nil, nil, err
	}
	if database, ok := strings.CutPrefix(sql, "USE "); ok {
		r.database = database
	}
	if types == "" {
		return nil, nil, nil
	}
	return readRows(data, types)
}

// ask sends a request and returns the data of its answer.
func (r *jsonRunner) ask(request map[string]string) (json.RawMessage, error) {
	request["db_name"] = r.database
	line, err := json.Marshal(request)
	if err != nil {
		return nil, err
	}
	if _, err := r.conn.Write(append(line, '\n')); err != nil {
		return nil, err
	}
	if line, err = r.read.ReadBytes('\n'); err != nil {
		return nil, err
	}
	var answer struct {
		Status string          `json:"status"`
		Data   json.RawMessage `json:"data"`
		Code   string          `json:"code"`
	}
	if err := json.Unmarshal(line, &answer); err != nil {
		return nil, err
	}
	if answer.Status == "ok" {
		return answer.Data, nil
	}
	var message string
	if err := json.Unmarshal(answer.Data, &message); err != nil {
		return nil, err
	}
	return nil, sqlerr.New(sqlerr.Code(answer.Code), "%s", message)
}

// readRows reads an array of row objects. Keys may be there twice, and their order counts: tokens tell both.
func readRows(data []byte, types string) (columns []string, rows [][]string, err error) {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	var row []string
	for {
		token, err := decoder.Token()
		switch {
		case err != nil:
			return nil, nil, err
		case token == json.Delim('['):
		case token == json.Delim(']'):
			return columns, rows, nil
		case token == json.Delim('{'):
			columns, row = nil, nil
		case token == json.Delim('}'):
			rows = append(rows, row)
		default:
			columns = append(columns, fmt.Sprint(token))
			value, err := decoder.Token()
			if err != nil {
				return nil, nil, err
			}
			if _, nested := value.(json.Delim); nested { // its own tokens would be taken for columns
				return nil, nil, sqlerr.New(sqlerr.InternalError, "column %v is a list or a struct: cast it to VARCHAR", token)
			}
			cell, err := jsonText(value, types, len(row))
			if err != nil {
				return nil, nil, err
			}
			row = append(row, cell)
		}
	}
}

// jsonText writes the value of a column as files hold it.
func jsonText(value json.Token, types string, column int) (string, error) {
	if value == nil {
		return sqllogic.Null, nil
	}
	given := fmt.Sprint(value)
	if column >= len(types) {
		return given, nil
	}
	switch types[column] {
	case 'D':
		days, err := strconv.ParseInt(given, 10, 64)
		return sqllogic.DateText(days), err
	case 'S':
		nanoseconds, err := strconv.ParseInt(given, 10, 64)
		return sqllogic.TimestampText(time.Unix(0, nanoseconds)), err
	case 'B':
		b, err := base64.StdEncoding.DecodeString(given)
		return sqllogic.BytesText(b), err
	default:
		return given, nil
	}
}
