package main

import (
	"slices"
	"strings"

	edlib "github.com/hbollon/go-edlib"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// near returns those of names that could be meant by word, best first, at most
// three.
func near(word string, names []string) []string {
	type scored struct {
		name string
		cost int
	}
	var found []scored
	for _, name := range names {
		cost := edlib.OSADamerauLevenshteinDistance(strings.ToLower(word), strings.ToLower(name))
		if len(word) > 1 && strings.HasPrefix(name, word) {
			cost = 1
		}
		if cost <= max(1, len(name)/3) {
			found = append(found, scored{name, cost})
		}
	}
	slices.SortStableFunc(found, func(a, b scored) int { return a.cost - b.cost })
	found = found[:min(len(found), 3)]
	meant := make([]string, len(found))
	for i, f := range found {
		meant[i] = f.name
	}
	return meant
}

// nearFlags returns the flags of cmd that could be meant by word, with dashes.
func nearFlags(cmd *cobra.Command, word string) []string {
	var names []string
	add := func(flag *pflag.Flag) {
		if !flag.Hidden {
			names = append(names, flag.Name)
		}
	}
	cmd.LocalFlags().VisitAll(add)
	cmd.InheritedFlags().VisitAll(add)
	meant := near(word, names)
	for i := range meant {
		meant[i] = "--" + meant[i]
	}
	return meant
}
