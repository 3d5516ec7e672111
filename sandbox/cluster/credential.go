package cluster

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/url"
	"path"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// Credential is a login of a pull secret. Its password is not printed, whatever
// it is printed with.
type Credential struct {
	Username string
	// Secret is the uid of the secret that it came from.
	Secret   string
	password *string
}

// NewCredential is a login, for a Puller's own tests.
func NewCredential(username, password string) Credential {
	return Credential{Username: username, password: &password}
}

// Reveal is the password.
func (c Credential) Reveal() string {
	if c.password == nil {
		return ""
	}
	return *c.password
}

// login is an entry of a docker config, decoded as the kubelet does.
type login struct {
	username, password string
}

func (l *login) UnmarshalJSON(text []byte) error {
	var entry struct{ Username, Password, Auth string }
	if err := json.Unmarshal(text, &entry); err != nil {
		return err
	}
	l.username, l.password = entry.Username, entry.Password
	if entry.Auth == "" {
		return nil
	}
	encoding := base64.RawStdEncoding
	if strings.HasSuffix(strings.TrimSpace(entry.Auth), "=") {
		encoding = base64.StdEncoding
	}
	decoded, err := encoding.DecodeString(entry.Auth)
	if err != nil {
		return err
	}
	username, password, ok := strings.Cut(string(decoded), ":")
	if !ok {
		return errors.New("unable to parse auth field, must be formatted as base64(username:password)")
	}
	l.username, l.password = username, password
	return nil
}

// ring holds credentials by host and path, most specific first.
type ring struct {
	index []string
	creds map[string][]Credential
}

// newRing reads pull secrets by the kubelet's rules: wrong types and empty ones
// are passed over, one undecodable entry spoils everything.
func newRing(secrets []*corev1.Secret) (*ring, error) {
	r := &ring{creds: map[string][]Credential{}}
	for _, s := range secrets {
		logins := map[string]login{}
		switch {
		case s.Type == corev1.SecretTypeDockerConfigJson && len(s.Data[corev1.DockerConfigJsonKey]) > 0:
			var wrapped struct{ Auths map[string]login }
			if err := json.Unmarshal(s.Data[corev1.DockerConfigJsonKey], &wrapped); err != nil {
				return nil, err
			}
			logins = wrapped.Auths
		case s.Type == corev1.SecretTypeDockercfg && len(s.Data[corev1.DockerConfigKey]) > 0:
			if err := json.Unmarshal(s.Data[corev1.DockerConfigKey], &logins); err != nil {
				return nil, err
			}
		}
		for location, l := range logins {
			r.add(location, Credential{Username: l.username, Secret: string(s.UID), password: &l.password})
		}
	}
	slices.Sort(r.index)
	r.index = slices.Compact(r.index)
	slices.Reverse(r.index)
	return r, nil
}

func (r *ring) add(location string, c Credential) {
	if !strings.HasPrefix(location, "https://") && !strings.HasPrefix(location, "http://") {
		location = "https://" + location
	}
	u, err := url.Parse(location)
	if err != nil {
		return // the kubelet logs it and goes on
	}
	at := u.Path
	if strings.HasPrefix(at, "/v1/") || strings.HasPrefix(at, "/v2/") {
		at = at[3:]
	}
	if at == "/" {
		at = ""
	}
	r.index = append(r.index, u.Host+at)
	r.creds[u.Host+at] = append(r.creds[u.Host+at], c)
}

// lookup returns every credential for a repository, "docker.io/library/nginx",
// in the order of the attempts.
func (r *ring) lookup(repository string) []Credential {
	var out []Credential
	for _, k := range r.index {
		if keyMatches(k, repository) {
			out = append(out, r.creds[k]...)
		}
	}
	if len(out) == 0 && strings.HasPrefix(repository, "docker.io/") {
		out = r.creds["index.docker.io"]
	}
	return out
}

// keyMatches compares host labels, where * and ? are patterns, the port, and
// the path as a bare prefix.
func keyMatches(location, repository string) bool {
	host, at, _ := strings.Cut(location, "/")
	wantHost, wantAt, _ := strings.Cut(repository, "/")
	name, port, _ := strings.Cut(host, ":")
	wantName, wantPort, _ := strings.Cut(wantHost, ":")
	labels, wantLabels := strings.Split(name, "."), strings.Split(wantName, ".")
	if port != wantPort || len(labels) != len(wantLabels) || !strings.HasPrefix(wantAt, at) {
		return false
	}
	for i, label := range labels {
		if ok, err := path.Match(label, wantLabels[i]); err != nil || !ok {
			return false
		}
	}
	return true
}
