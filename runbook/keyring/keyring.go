// Package keyring says which credentials the kubelet would send for an image,
// in which order, and why it would not send the others. It is a port of the
// kubelet's rules (pkg/credentialprovider and pkg/credentialprovider/secrets of
// k8s.io/kubernetes v1.36.3), which differ from those of docker and of most
// client libraries.
package keyring

import (
	"fmt"
	"time"

	"github.com/distribution/reference"
)

// PullSecret is a Kubernetes Secret as the kubelet reads it. Data holds
// decoded bytes, not the base64 of a manifest.
type PullSecret struct {
	Namespace string
	Name      string
	Type      string
	Data      map[string]Secret
	Missing   bool // named by the pod, but it does not exist
}

// Entry is one entry of one secret's "auths", judged for one image.
type Entry struct {
	Source     string // "secret/NAME"
	Key        string // as written, except that a password before an "@" is hidden
	Host       string // host and path under which the kubelet files it; "" when it cannot read the key
	Credential Credential
	Kind       string // what Kind says of the credential
	Used       bool
	KeyMatches bool       // the key matches the image, whether or not the entry is used
	Reason     string     // why it is not used; "" when it is
	Suggestion string     // a key close to this one that would match, or ""
	Hints      []string   // what is odd about it
	Expires    *time.Time // read from the credential itself; nil when it does not say
	Order      int        // position among the credentials that are tried, from 0; -1 when not used
}

// Malformed is a place that the kubelet cannot decode. One is enough for every
// lookup of the pod to fail: it can pull nothing, public images included. From
// Kubernetes 1.33 on the waiting reason is the text of the first one; before,
// it is the message of an ErrImagePull.
type Malformed struct {
	Source string // "secret/NAME"
	Key    string // the entry, as in Entry.Key; "" when the fault is outside the entries
	Text   string // the kubelet's own error
	Hints  []string
}

// ProblemKind is a stable name for what is wrong with a whole secret.
type ProblemKind string

// The problems that a secret can have. None of them stops the kubelet, which
// goes on with the other secrets and says nothing, or little.
const (
	SecretMissing     ProblemKind = "SecretMissing"
	WrongType         ProblemKind = "WrongType"         // a type that the kubelet does not read
	NoContent         ProblemKind = "NoContent"         // the data key is missing or empty
	NoEntries         ProblemKind = "NoEntries"         // sound, but without a single entry
	LegacyFormat      ProblemKind = "LegacyFormat"      // entries that are not below "auths"
	WrappedInLegacy   ProblemKind = "WrappedInLegacy"   // "auths" in a secret of the old type
	BadKey            ProblemKind = "BadKey"            // a key that is not a URL
	CredentialHelpers ProblemKind = "CredentialHelpers" // credsStore or credHelpers, which the kubelet ignores
)

// Problem is something wrong with a secret as a whole.
type Problem struct {
	Source string // "secret/NAME"
	Kind   ProblemKind
	Text   string
}

// Lookup is the kubelet's answer for one image, with reasons.
type Lookup struct {
	Image     string
	Subject   string      // what keys are compared with: host and repository, no tag, no digest
	Entries   []Entry     // all, in the order of the secrets and of the text in them
	Used      []int       // indexes into Entries in the order in which the kubelet tries them
	Malformed []Malformed // not empty: the pod can pull nothing
	Problems  []Problem
	Err       error `json:"-"` // the image cannot be parsed
}

// Credentials returns what the kubelet tries, in its order. When it is empty,
// and nothing is malformed, the kubelet goes on to the node's own credentials
// and, without any, pulls anonymously once.
func (l Lookup) Credentials() []Credential {
	credentials := make([]Credential, 0, len(l.Used))
	for _, i := range l.Used {
		credentials = append(credentials, l.Entries[i].Credential)
	}
	return credentials
}

// Find judges every entry of secrets for image. The secrets are in the order of
// pod.spec.imagePullSecrets; those without a name are skipped, as the kubelet
// does. Where the kubelet's own order is random (two keys of one secret that
// mean the same) the order is that of the text, with a hint.
func Find(image string, secrets []PullSecret) Lookup {
	r := &ring{lookup: Lookup{Image: image}}
	r.lookup.Subject, r.lookup.Err = subjectOf(image)
	for _, secret := range secrets {
		if secret.Name != "" {
			r.add(secret)
		}
	}
	r.match()
	r.judge()
	return r.result()
}

// subjectOf returns the name that the kubelet looks up, with its own error
// (pkg/util/parsers.ParseImageName).
func subjectOf(image string) (string, error) {
	named, err := reference.ParseNormalizedNamed(image)
	if err != nil {
		return "", fmt.Errorf("couldn't parse image name %q: %w", image, err)
	}
	return named.Name(), nil
}
