package main

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"sigs.k8s.io/yaml"

	sandcluster "github.com/pullfix/pullfix/sandbox/cluster"
	"github.com/pullfix/pullfix/sandbox/registry"
)

// world describes the stand-ins of a script.
type world struct {
	Auth   string   `json:"auth"`   // "", basic or bearer
	User   string   `json:"user"`   // who may pull everything
	Word   string   `json:"word"`   // the user's password
	Public []string `json:"public"` // repositories that need no login
	Images []string `json:"images"` // REPOSITORY:TAG
	Forbid []rule   `json:"forbid"` // what the API server refuses
}

type rule struct {
	Verb     string `json:"verb"`
	Resource string `json:"resource"`
}

// startWorld is the script command "world WORLD.yaml CLUSTER.yaml". It starts a
// registry and a cluster, and sets REGISTRY and KUBECONFIG.
func startWorld(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: world WORLD.yaml CLUSTER.yaml")
	}
	var w world
	ts.Check(yaml.UnmarshalStrict([]byte(ts.ReadFile(args[0])), &w))
	ctx, cancel := context.WithCancel(context.Background())
	ts.Defer(cancel)
	host, err := w.registry(ctx)
	ts.Check(err)
	ts.Setenv("REGISTRY", host)
	kubeconfig := ts.MkAbs("kubeconfig")
	ts.Check(w.cluster(ctx, fill(ts.ReadFile(args[1]), host), kubeconfig))
	ts.Setenv("KUBECONFIG", kubeconfig)
}

func (w world) registry(ctx context.Context) (host string, err error) {
	o := registry.Options{Public: w.Public, Accounts: []registry.Account{{User: w.User, Password: w.Word, Pull: []string{"*"}}}}
	switch w.Auth {
	case "basic":
		o.Auth = registry.AuthBasic
	case "bearer":
		o.Auth = registry.AuthBearer
	}
	r := registry.New(o)
	for _, image := range w.Images {
		repository, tag, _ := strings.Cut(image, ":")
		if _, err := r.Push(repository, tag); err != nil {
			return "", err
		}
	}
	server, err := r.Serve(ctx, registry.ServeOptions{})
	if err != nil {
		return "", err
	}
	return server.Host, nil
}

func (w world) cluster(ctx context.Context, manifests, kubeconfig string) error {
	c, err := sandcluster.New(sandcluster.Options{})
	if err != nil {
		return err
	}
	if err := c.Load(strings.NewReader(manifests)); err != nil {
		return err
	}
	for _, r := range w.Forbid {
		c.Forbid(sandcluster.Admin, sandcluster.Rule{Verb: r.Verb, Resource: r.Resource})
	}
	server, err := c.Serve(ctx)
	if err != nil {
		return err
	}
	return server.WriteKubeconfig(kubeconfig, sandcluster.Admin)
}

// fill replaces ${REGISTRY} and ${config:USER:PASSWORD}, the content of a pull
// secret for the registry.
func fill(manifests, host string) string {
	return os.Expand(manifests, func(name string) string {
		if account, ok := strings.CutPrefix(name, "config:"); ok {
			auth := base64.StdEncoding.EncodeToString([]byte(account))
			return base64.StdEncoding.EncodeToString(fmt.Appendf(nil, `{"auths":{%q:{"auth":%q}}}`, host, auth))
		}
		if name == "REGISTRY" {
			return host
		}
		return "$" + name
	})
}

// mask is the script command "mask FILE". It writes what the last command
// printed, with a fixed port in place of the registry's own.
func mask(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: mask FILE")
	}
	masked := strings.ReplaceAll(ts.ReadFile("stdout"), ts.Getenv("REGISTRY"), "127.0.0.1:55555")
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(masked), 0o600))
}

// checkExit is the script command "exits CODE COMMAND [ARGUMENT…]".
func checkExit(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND [ARGUMENT…]")
	}
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		exit, ok := errors.AsType[*exec.ExitError](err)
		if !ok {
			ts.Fatalf("%v", err)
		}
		got = exit.ExitCode()
	}
	if strconv.Itoa(got) != args[0] {
		ts.Fatalf("exit code %d, want %s", got, args[0])
	}
}

// checkMode is the script command "mode FILE 0600".
func checkMode(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: mode FILE 0600")
	}
	file, err := os.Stat(ts.MkAbs(args[0]))
	ts.Check(err)
	if got := fmt.Sprintf("%04o", file.Mode().Perm()); got != args[1] {
		ts.Fatalf("%s has mode %s", args[0], got)
	}
}

// exampleFile is the example configuration of the repository.
func exampleFile(t *testing.T) string {
	path, err := filepath.Abs("../../config.example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return path
}
