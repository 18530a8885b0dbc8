package crash_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net"
	"time"

	"github.com/micodb/micodb/e2e/harness"
)

// jsonPeer is a client of the JSON protocol.
type jsonPeer struct {
	conn net.Conn
	read *bufio.Reader
}

func dialJSON(address string) (*jsonPeer, error) {
	conn, err := net.DialTimeout("tcp", address, 10*time.Second)
	if err != nil {
		return nil, err
	}
	p := &jsonPeer{conn: conn, read: bufio.NewReader(conn)}
	_, err = p.ask(map[string]any{
		"command": "login", "db_name": "main", "auth_method": "password",
		"username": "admin", "password": harness.Password,
	})
	return p, err
}

// ask sends one request and returns the data of its answer.
func (p *jsonPeer) ask(request map[string]any) (json.RawMessage, error) {
	line, err := json.Marshal(request)
	if err != nil {
		return nil, err
	}
	if err := p.conn.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		return nil, err
	}
	if _, err := p.conn.Write(append(line, '\n')); err != nil {
		return nil, err
	}
	if line, err = p.read.ReadBytes('\n'); err != nil {
		return nil, err
	}
	var answer struct {
		Status string          `json:"status"`
		Data   json.RawMessage `json:"data"`
	}
	if err := json.Unmarshal(line, &answer); err != nil {
		return nil, err
	}
	if answer.Status != "ok" {
		return nil, fmt.Errorf("the server answers %s", answer.Data)
	}
	return answer.Data, nil
}

// transaction appends a commit's rows to both tables, makes its other changes, and ends with a command.
func (p *jsonPeer) transaction(c commit, end string) error {
	data, err := p.ask(map[string]any{"command": "begin_transaction", "db_name": "main"})
	if err != nil {
		return err
	}
	var begun struct {
		TxID uint64 `json:"tx_id"`
	}
	if err := json.Unmarshal(data, &begun); err != nil {
		return err
	}
	rows := make([]map[string]any, c.parts())
	for i := range rows {
		rows[i] = map[string]any{"writer": c.writer, "number": c.number, "part": i, "payload": payload(c)}
	}
	for _, table := range []string{"left_rows", "right_rows"} {
		if _, err := p.ask(map[string]any{
			"command": "append", "db_name": "main", "table_name": table, "rows": rows, "tx_id": begun.TxID,
		}); err != nil {
			return err
		}
	}
	for _, sql := range changes(c) {
		if _, err := p.ask(map[string]any{
			"command": "sql", "db_name": "main", "query": sql, "tx_id": begun.TxID,
		}); err != nil {
			return err
		}
	}
	_, err = p.ask(map[string]any{"command": end, "db_name": "main", "tx_id": begun.TxID})
	return err
}
