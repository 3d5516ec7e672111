package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pullfix/pullfix/runbook/keyring"
)

func (t *tool) secretCommand() *cobra.Command {
	group := &cobra.Command{
		Use:   "secret",
		Short: "work with pull secrets",
		RunE:  needsSubcommand,
		Args:  cobra.ArbitraryArgs,
	}
	var image, file string
	check := &cobra.Command{
		Use:   "check --image IMAGE -f FILE",
		Short: "would the kubelet use this Secret manifest for this image, and why not",
		Long: `Says which entries of the Secrets in a manifest the kubelet would send for an
image, in its order, and why it would not send the others. No cluster is needed
and no credential is shown. Several Secrets (after ---, or in a List) stand in
the order of the pod's imagePullSecrets.

Exit codes: 0 at least one entry is used, 1 none is, 2 bad input.`,
		Example: `  pullfix secret check --image ghcr.io/acme/app:1 -f secret.yaml
  kubectl -n shop get secret regcred -o yaml | pullfix secret check --image ghcr.io/acme/app:1 -f -`,
		Annotations: map[string]string{annotationIdle: idleAlone},
		Args:        noArguments,
		RunE:        func(*cobra.Command, []string) error { return t.checkSecret(image, file) },
	}
	check.Flags().StringVar(&image, "image", "", "the image, as the pod spells it")
	check.Flags().StringVarP(&file, "filename", "f", "", "the manifest (YAML or JSON), - for standard input")
	group.AddCommand(check)
	return group
}

func (t *tool) checkSecret(image, file string) error {
	const how = "usage: pullfix secret check --image IMAGE -f FILE"
	switch {
	case image == "":
		return usage(errors.New("no image named"), how)
	case file == "":
		return usage(errors.New("no manifest named"), how)
	}
	found, err := t.manifestsIn(file)
	if err != nil {
		return err
	}
	lookup := keyring.Find(image, found.secrets)
	if lookup.Err != nil {
		return usage(lookup.Err, "write the image as the pod does: HOST/REPOSITORY:TAG")
	}
	if t.json() {
		err = t.printJSON(newSecretAnswer(lookup))
	} else {
		p := t.newPage()
		p.lookup(lookup)
		err = p.writeTo(t.stdout)
	}
	if err == nil && len(lookup.Used) == 0 {
		err = errFound
	}
	return err
}

// manifestsIn reads the Secrets of a file and tells what it left out.
func (t *tool) manifestsIn(file string) (manifests, error) {
	in, name, err := t.input(file)
	if err != nil {
		return manifests{}, usage(fmt.Errorf("reading the manifest: %w", err), "-f takes a file, or - for standard input")
	}
	found, err := readManifests(in, name)
	_ = in.Close() // it was only read
	switch {
	case errors.Is(err, errDockerConfig):
		return found, usage(err, "make a Secret of it: kubectl create secret docker-registry NAME --from-file=.dockerconfigjson=FILE --dry-run=client -o yaml")
	case err != nil:
		return found, usage(err, "the manifest must hold Secrets, as kubectl get secret -o yaml prints them")
	case len(found.secrets) == 0:
		return found, usage(fmt.Errorf("no Secret in %s", name), "the manifest must hold Secrets, as kubectl get secret -o yaml prints them")
	}
	for _, other := range found.ignored {
		t.say("note: " + oneLine(other) + " is no Secret and was left out")
	}
	return found, nil
}

// secretAnswer is the answer for programs.
type secretAnswer struct {
	Image     string            `json:"image"`
	Decodable bool              `json:"decodable"`
	Entries   []secretEntry     `json:"entries"`
	Used      []string          `json:"used"`
	Malformed []secretMalformed `json:"malformed"`
	Problems  []secretProblem   `json:"problems"`
}

type secretEntry struct {
	Secret     string   `json:"secret"`
	Key        string   `json:"key"`
	Used       bool     `json:"used"`
	Reason     string   `json:"reason"`
	User       string   `json:"user"`
	Kind       string   `json:"kind"`
	Suggestion string   `json:"suggestion"`
	Hints      []string `json:"hints"`
}

type secretMalformed struct {
	Secret string   `json:"secret"`
	Key    string   `json:"key"`
	Error  string   `json:"error"`
	Hints  []string `json:"hints"`
}

type secretProblem struct {
	Secret string `json:"secret"`
	Kind   string `json:"kind"`
	Text   string `json:"text"`
}

func newSecretAnswer(l keyring.Lookup) secretAnswer {
	answer := secretAnswer{
		Image: l.Image, Decodable: len(l.Malformed) == 0,
		Entries: []secretEntry{}, Used: []string{}, Malformed: []secretMalformed{}, Problems: []secretProblem{},
	}
	for _, e := range l.Entries {
		answer.Entries = append(answer.Entries, secretEntry{
			Secret: secretName(e.Source), Key: e.Key, Used: e.Used, Reason: e.Reason,
			User: keyring.MaskUser(e.Credential.User), Kind: e.Kind, Suggestion: e.Suggestion, Hints: orEmpty(e.Hints),
		})
	}
	for _, i := range l.Used {
		answer.Used = append(answer.Used, secretName(l.Entries[i].Source)+":"+l.Entries[i].Key)
	}
	for _, m := range l.Malformed {
		answer.Malformed = append(answer.Malformed, secretMalformed{
			Secret: secretName(m.Source), Key: m.Key, Error: m.Text, Hints: orEmpty(m.Hints),
		})
	}
	for _, p := range l.Problems {
		answer.Problems = append(answer.Problems, secretProblem{Secret: secretName(p.Source), Kind: string(p.Kind), Text: p.Text})
	}
	return answer
}

func secretName(source string) string { return strings.TrimPrefix(source, "secret/") }
