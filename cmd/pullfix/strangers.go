package main

import (
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// unknownVariables tells of PULLFIX_… variables that nothing reads: a typing
// error in PULLFIX_READONLY must not pass. Known are the keys, the flags, and
// what the configuration itself names.
func (t *tool) unknownVariables(cmd *cobra.Command, s settings) error {
	known := s.variables()
	_, keys := keysOf(reflect.TypeFor[settings]())
	for _, key := range keys {
		known = append(known, environmentName(key))
	}
	cmd.Root().PersistentFlags().VisitAll(func(flag *pflag.Flag) { known = append(known, environmentName(flag.Name)) })
	var problems []problem
	for _, variable := range slices.Sorted(slices.Values(t.environ)) {
		name, value, _ := strings.Cut(variable, "=")
		if strings.HasPrefix(name, variablePrefix) && value != "" && !slices.Contains(known, name) && !serviceLink(name, value) {
			problems = append(problems, problem{path: name, text: "no such variable", hint: meantVariable(name, known, keys)})
		}
	}
	if len(problems) == 0 {
		return nil
	}
	return complaint("", problems)
}

// meantVariable says what could be meant by an unknown variable. A key within a
// group has no variable of its own: the group has.
func meantVariable(name string, known, keys []string) string {
	short := func(name string) string { return strings.ToLower(strings.TrimPrefix(name, variablePrefix)) }
	var words []string
	for _, k := range known {
		words = append(words, short(k))
	}
	meant := near(short(name), words)
	for i := range meant {
		meant[i] = variablePrefix + strings.ToUpper(meant[i])
	}
	if len(meant) > 0 {
		return "did you mean " + orList(meant) + "?"
	}
	for _, key := range keys {
		if strings.HasPrefix(name, environmentName(key)+"_") {
			return environmentName(key) + " holds all of " + key + ", as YAML: " + environmentName(key) + "='{" + strings.ToLower(name[len(environmentName(key))+1:]) + ": …}'"
		}
	}
	return "a variable is named after a key of the first level, as PULLFIX_READONLY for readOnly, or after a common flag; unset the others"
}

// variables are those that the configuration names itself, for secrets that do
// not stand in it.
func (s settings) variables() []string {
	var names []string
	for _, r := range s.Escalation.Routes {
		names = append(names, r.PagerDuty.RoutingKeyEnv, r.Webhook.SecretEnv, r.Alertmanager.TokenEnv)
	}
	for _, c := range s.Credentials {
		if c.Environment != nil {
			names = append(names, c.Environment.User, c.Environment.Password)
		}
	}
	return slices.DeleteFunc(names, func(name string) bool { return name == "" })
}

var (
	linkName  = regexp.MustCompile(`_SERVICE_(HOST|PORT(_[A-Z0-9_]+)?)$|_PORT_[0-9]+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?$`)
	linkValue = regexp.MustCompile(`^(tcp|udp|sctp)://`)
)

// serviceLink tells whether a kubelet made the variable, because a Service in
// the namespace is called pullfix.
func serviceLink(name, value string) bool {
	return linkName.MatchString(name) || (strings.HasSuffix(name, "_PORT") && linkValue.MatchString(value))
}
