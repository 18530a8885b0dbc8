package session

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/engine/parser/ast"
	"github.com/micodb/micodb/internal/sqlerr"
)

// findSetting returns a setting by its name in whatever case: 42704 with the nearest when there is none.
func findSetting(name string) (setting, error) {
	folded := catalog.FoldName(name)
	for _, s := range settings() {
		if s.name == folded {
			return s, nil
		}
	}
	return setting{}, sqlerr.New(sqlerr.UndefinedObject, "there is no setting %q", name).
		WithHint("SHOW ALL lists the settings")
}

func settingNames() []string {
	all := settings()
	names := make([]string, len(all))
	for i, s := range all {
		names[i] = s.name
	}
	slices.Sort(names)
	return names
}

// setting returns what SHOW shows.
func (u *userSession) setting(name string) (string, bool) {
	s, err := findSetting(name)
	if err != nil {
		return "", false
	}
	if s.show != nil {
		return s.show(u), true
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	if v, ok := u.settings[s.name]; ok {
		return v, true
	}
	return s.otherwise, true
}

// set changes a setting: 22023 for a value that it can't have.
func (u *userSession) set(name, value string) error {
	s, err := findSetting(name)
	if err != nil {
		return err
	}
	value, err = s.check(value)
	if err != nil {
		return err
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.settings[s.name] = value
	u.settingsChanged()
	return nil
}

// isOff tells whether a setting was set to "off".
func (u *userSession) isOff(name string) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.settings[name] == "off"
}

// readsOnly tells whether the session's transactions only read unless they say otherwise.
func (u *userSession) readsOnly() bool {
	v, _ := u.setting(settingReadOnly)
	return v == "on"
}

// number returns an integer setting, which check has seen; each is 0 until it is set.
func (u *userSession) number(name string) int {
	u.mu.Lock()
	v := u.settings[name]
	u.mu.Unlock()
	n, err := strconv.Atoi(v)
	if err != nil {
		return 0
	}
	return n
}

// statementTimeout returns the shorter of the server's limit and the session's, 0 being none.
func (u *userSession) statementTimeout() time.Duration {
	limit := u.server.limits.StatementTimeout
	if own := time.Duration(u.number(settingStatementTimeout)) * time.Millisecond; own > 0 {
		return min(limit, own)
	}
	return limit
}

// querySettings are what the executor is told.
func (u *userSession) querySettings(at catalog.Timestamp) Settings {
	return Settings{
		Now: at, Threads: u.number(settingThreads), BatchRows: u.number(settingBatchRows),
		SpillRows: u.number(settingSpillRows), ChunkRows: u.number(settingChunkRows), Unpruned: u.isOff(settingPruning),
	}
}

// sqlSet runs SET name = value.
func (u *userSession) sqlSet(s *ast.Set) error {
	if s.Global {
		return sqlerr.NotSupported("SET GLOBAL").WithHint("start the server with the flag instead")
	}
	if len(s.Values) > 1 {
		return sqlerr.New(sqlerr.InvalidParameterValue, "setting %q takes one value", s.Name).At(s.Position())
	}
	if _, ok := s.Value.(*ast.Default); ok {
		return u.sqlReset(&ast.Reset{At: s.At, Name: s.Name})
	}
	value, err := settingText(s.Value)
	if err != nil {
		return err
	}
	if err := u.set(s.Name, value); err != nil {
		return sqlerr.From(err).At(s.Position())
	}
	return nil
}

// settingText returns a value that SET gives: a literal, or a bare word.
func settingText(e ast.Expr) (string, error) {
	switch e := e.(type) {
	case *ast.Literal:
		return e.Text, nil
	case *ast.Column:
		return e.Parts[len(e.Parts)-1].Text, nil
	case *ast.Unary:
		inner, err := settingText(e.Of)
		if err == nil && e.Op == ast.Negate {
			return "-" + inner, nil
		}
	}
	return "", sqlerr.NotSupported("an expression as the value of a setting").At(e.Position())
}

// sqlReset runs RESET name and RESET ALL.
func (u *userSession) sqlReset(s *ast.Reset) error {
	if s.Name == "" {
		u.mu.Lock()
		defer u.mu.Unlock()
		clear(u.settings)
		u.settingsChanged()
		return nil
	}
	found, err := findSetting(s.Name)
	if err != nil {
		return sqlerr.From(err).At(s.Position())
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	delete(u.settings, found.name)
	u.settingsChanged()
	return nil
}

// onOff reads a boolean setting.
func onOff(name string) func(string) (string, error) {
	return func(v string) (string, error) {
		switch strings.ToLower(v) {
		case "on", "true", "1", "yes":
			return "on", nil
		case "off", "false", "0", "no":
			return "off", nil
		}
		return "", sqlerr.New(sqlerr.InvalidParameterValue, "setting %q is on or off, not %q", name, v)
	}
}

// upTo reads an integer setting from 0 to a limit.
func upTo(name string, limit int) func(string) (string, error) {
	return func(v string) (string, error) {
		n, err := strconv.Atoi(strings.TrimSpace(v))
		if err != nil || n < 0 || n > limit {
			return "", sqlerr.New(sqlerr.InvalidParameterValue, "setting %q is a number from 0 to %d, not %q",
				name, limit, v)
		}
		return strconv.Itoa(n), nil
	}
}

// fixed refuses every value but those that mean what is so already.
func fixed(name, is string, accepted ...string) func(string) (string, error) {
	return func(v string) (string, error) {
		if slices.ContainsFunc(append(accepted, is), func(a string) bool { return strings.EqualFold(a, v) }) {
			return is, nil
		}
		return "", sqlerr.NotSupported("the value "+strconv.Quote(v)+" of setting "+name).
			WithHint("it is %s", is)
	}
}
