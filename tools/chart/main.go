// Command chart renders pullfix's chart without a helm, and its tests check it.
package main

import (
	"flag"
	"fmt"
	"os"
	"strings"
)

// files is a flag that may be given several times.
type files []string

func (f *files) String() string     { return strings.Join(*f, ",") }
func (f *files) Set(s string) error { *f = append(*f, s); return nil }

func main() {
	if err := run(os.Args[1:]); err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "chart:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	var values files
	flags := flag.NewFlagSet("chart", flag.ContinueOnError)
	r := release{}
	flags.StringVar(&r.namespace, "n", "pullfix", "namespace of the release")
	flags.StringVar(&r.name, "name", "pullfix", "name of the release")
	flags.Var(&values, "f", "file with values; may be given several times")
	if err := flags.Parse(args); err != nil {
		return errUsage
	}
	r.chart, r.values = "../../charts/pullfix", values
	switch flags.NArg() {
	case 0:
	case 1:
		r.chart = flags.Arg(0)
	default:
		return errUsage
	}
	return render(os.Stdout, r)
}
