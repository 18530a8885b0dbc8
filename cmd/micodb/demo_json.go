package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net"
)

// jsonClient speaks the line-based JSON protocol, as the demo's second door.
type jsonClient struct {
	conn net.Conn
	read *bufio.Reader
}

// jsonAnswer is one line of the server.
type jsonAnswer struct {
	Status string          `json:"status"`
	Data   json.RawMessage `json:"data"`
}

func dialJSON(ctx context.Context, address, user, password string) (*jsonClient, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	c := &jsonClient{conn: conn, read: bufio.NewReader(conn)}
	_, err = c.ask(map[string]string{
		"command": "login", "db_name": "demo", "auth_method": "password", "username": user, "password": password,
	})
	return c, err
}

func (c *jsonClient) ask(request map[string]string) (json.RawMessage, error) {
	line, err := json.Marshal(request)
	if err != nil {
		return nil, err
	}
	if _, err := c.conn.Write(append(line, '\n')); err != nil {
		return nil, err
	}
	if line, err = c.read.ReadBytes('\n'); err != nil {
		return nil, err
	}
	var a jsonAnswer
	if err := json.Unmarshal(line, &a); err != nil {
		return nil, err
	}
	if a.Status != "ok" {
		return nil, fmt.Errorf("the JSON protocol answers %s: %s", a.Status, a.Data)
	}
	return a.Data, nil
}

// countRows runs a query and counts the objects of its answer.
func (c *jsonClient) countRows(sql string) (int, error) {
	data, err := c.ask(map[string]string{"command": "sql", "db_name": "demo", "query": sql})
	if err != nil {
		return 0, err
	}
	var rows []json.RawMessage
	err = json.Unmarshal(data, &rows)
	return len(rows), err
}

func (c *jsonClient) close() error { return c.conn.Close() }
