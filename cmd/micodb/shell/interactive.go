package shell

import (
	"context"
	"errors"
	"io"
	"os"
	"os/signal"
	"strings"

	"github.com/micodb/micodb/cmd/micodb/lineedit"
)

// Interactive reads from a person until they leave.
func (s *Shell) Interactive(ctx context.Context) error {
	// Between two statements nothing is there to cancel, and Ctrl-C ends nothing.
	idle := make(chan os.Signal, 1)
	signal.Notify(idle, os.Interrupt)
	defer signal.Stop(idle)
	s.person, s.timing = true, true
	editor, err := s.editor()
	if err != nil {
		return err
	}
	if s.Person.Open != nil {
		s.names = startNames(ctx, s.Person.Open)
		defer s.names.close()
	}
	if err := s.note("Connected to %s. \\? helps, \\q leaves.\n", s.Person.URL); err != nil {
		return err
	}
	for {
		line, err := editor.Read()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case errors.Is(err, lineedit.ErrInterrupt):
			continue
		case err != nil:
			return err
		}
		line = strings.TrimSpace(line)
		if err := s.history.add(line); err != nil {
			if err := s.note("The history can't be kept: %v\n", err); err != nil {
				return err
			}
		}
		err = s.entered(ctx, line)
		switch {
		case errors.Is(err, errQuit):
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			if err := s.note("error: %v\n", err); err != nil {
				return err
			}
		}
	}
}

// editor makes the line editor.
func (s *Shell) editor() (*lineedit.Editor, error) {
	h, err := openHistory(s.Person.History)
	if err != nil {
		if err := s.note("The history can't be kept: %v\n", err); err != nil {
			return nil, err
		}
		h.file = ""
	}
	s.history = h
	return lineedit.New(lineedit.NewTerminal(os.Stdin, os.Stdout), lineedit.Options{
		Prompt: "micodb> ", More: "   ...> ", History: h, Complete: complete, Suggest: s.suggest,
	}), nil
}

// suggest is what the editor asks for at the cursor. It waits for nothing: what the server has is what was read last.
func (s *Shell) suggest(before, after string) (start string, words []string) {
	c := completer{database: s.database}
	if s.names != nil {
		c.catalog = s.names.catalog()
	}
	start, found := c.complete(before, after)
	for _, f := range found {
		words = append(words, f.text)
	}
	return start, words
}

// entered runs what a person entered.
func (s *Shell) entered(ctx context.Context, text string) error {
	switch {
	case text == "":
		return nil
	case text == "exit", text == "quit", text == "exit;", text == "quit;":
		return errQuit
	case isCommand(text):
		return s.command(ctx, text)
	}
	return s.Text(ctx, text)
}
