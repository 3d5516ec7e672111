package main

import (
	"path/filepath"
	"regexp"

	"github.com/pullfix/pullfix/registry/source/dockerconfig"
	"github.com/pullfix/pullfix/registry/source/written"
	"github.com/pullfix/pullfix/runbook"
)

// goldenSettings name a pull secret that new credentials are copied from.
type goldenSettings struct {
	Cluster   string `mapstructure:"cluster"`
	Namespace string `mapstructure:"namespace"`
	Name      string `mapstructure:"name"`
}

func (g goldenSettings) check(path string, complain complainer) {
	if g.Namespace == "" || g.Name == "" {
		complain(path, "it takes a namespace and a name", "name the secret that credentials are copied from: {cluster: prod-eu, namespace: platform, name: ghcr-pull}")
	}
}

func (g goldenSettings) kind() string {
	if g.Cluster != "" {
		return "secret " + g.Namespace + "/" + g.Name + " on " + g.Cluster
	}
	return "secret " + g.Namespace + "/" + g.Name
}

func (g goldenSettings) open(w sourceWorld, _ credentialSettings) (runbook.Source, error) {
	return w.golden(g.Cluster, g.Namespace, g.Name)
}

// dockerConfigSettings name a docker configuration file.
type dockerConfigSettings struct {
	File string `mapstructure:"file"`
}

func (d dockerConfigSettings) check(path string, complain complainer) {
	checkFile(path, "file", d.File, complain)
}

func (d dockerConfigSettings) kind() string { return "docker configuration " + filepath.Base(d.File) }

func (d dockerConfigSettings) open(w sourceWorld, _ credentialSettings) (runbook.Source, error) {
	return dockerconfig.Source{Path: d.File, Environ: w.environ}, nil
}

// variablesSettings name the environment variables that hold a login.
type variablesSettings struct {
	User     string `mapstructure:"user"`
	Password string `mapstructure:"password"`
}

var variableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// check never quotes: somebody may have written the password itself.
func (v variablesSettings) check(path string, complain complainer) {
	for _, of := range []struct{ key, name string }{{"user", v.User}, {"password", v.Password}} {
		if !variableName.MatchString(of.name) {
			complain(path+"."+of.key, "it is not the name of an environment variable", "name the variable that holds the "+of.key+", as GHCR_TOKEN; credentials never stand in the configuration")
		}
	}
}

func (v variablesSettings) kind() string { return "environment variable " + v.Password }

func (v variablesSettings) open(w sourceWorld, _ credentialSettings) (runbook.Source, error) {
	return written.Environment{Getenv: w.getenv, User: v.User, Password: v.Password}, nil
}

// loginFileSettings name a file that holds a login, or a user's password.
type loginFileSettings struct {
	Path string `mapstructure:"path"`
	User string `mapstructure:"user"`
}

func (f loginFileSettings) check(path string, complain complainer) {
	checkFile(path, "path", f.Path, complain)
}

func (f loginFileSettings) kind() string { return "file " + filepath.Base(f.Path) }

func (f loginFileSettings) open(sourceWorld, credentialSettings) (runbook.Source, error) {
	return written.File{Path: f.Path, User: f.User}, nil
}

// checkFile wants a file to be named. One that cannot be read is a warning: it
// may be put there later, and renewed while pullfix runs.
func checkFile(path, key, file string, complain complainer) {
	if file == "" {
		complain(path, "no "+key, "name the file; a relative path starts at the directory of the configuration")
	}
}
