// Command micodb is the server, its shell and its tools: one file a subcommand.
//
// Exit codes: 0 success, 1 the work failed, 2 the command line was wrong.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

// version is set by the linker.
var version = "devel"

// The exit codes.
const (
	exitFailure = 1
	exitUsage   = 2
)

// usageError is a wrong command line.
type usageError struct{ error }

func usage(err error) error {
	if err == nil {
		return nil
	}
	return usageError{err}
}

func main() { os.Exit(run(os.Args[1:])) }

func run(args []string) int {
	root := newRoot()
	root.SetArgs(args)
	err := root.ExecuteContext(context.Background())
	if err == nil {
		return 0
	}
	_, _ = fmt.Fprintf(os.Stderr, "micodb: %v\n", err)
	if _, wrong := errors.AsType[usageError](err); wrong {
		return exitUsage
	}
	return exitFailure
}

// untilEnded returns a context that ends at Ctrl-C or SIGTERM, for what then has things to put in order. The second
// signal ends the process at once. Subcommands that only talk to a server leave signals as they are: the server
// puts in order what they leave.
func untilEnded(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	return ctx, stop
}

func newRoot() *cobra.Command {
	serve := newServe()
	root := &cobra.Command{
		Use:   "micodb",
		Short: "A columnar database for real-time analytics, Arrow Flight SQL first",
		Long: "MicoDB is a columnar database for real-time analytics.\n\n" +
			"Without a subcommand it serves, with the flags of `micodb serve`.",
		Version:       version,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          noArguments,
		RunE:          serve.RunE,
	}
	root.Flags().AddFlagSet(serve.Flags())
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usage(err) })
	root.AddCommand(serve, newVersion(), newHealthcheck(), newSQL(), newUser(), newRole(), newImport(), newExport(),
		newDemo())
	return root
}

func noArguments(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return usage(fmt.Errorf("%q is no subcommand of %s: see %s --help", args[0], c.Name(), c.CommandPath()))
}
