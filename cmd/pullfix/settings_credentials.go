package main

import (
	"fmt"
	"net"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/pullfix/pullfix/runbook"
)

// credentialSettings are one source of new credentials: the registry that they
// are for, who may receive them, and exactly one of the places they come from.
type credentialSettings struct {
	Name         string   `mapstructure:"name"`
	Registry     string   `mapstructure:"registry"`
	Repositories []string `mapstructure:"repositories"`
	Clusters     []string `mapstructure:"clusters"`
	Namespaces   []string `mapstructure:"namespaces"`
	Wide         bool     `mapstructure:"wide"`

	Secret       *goldenSettings       `mapstructure:"secret"`
	DockerConfig *dockerConfigSettings `mapstructure:"dockerConfig"`
	Environment  *variablesSettings    `mapstructure:"environment"`
	File         *loginFileSettings    `mapstructure:"file"`
	ECR          *ecrSettings          `mapstructure:"ecr"`
	Google       *googleSettings       `mapstructure:"google"`
	ACR          *acrSettings          `mapstructure:"acr"`
}

// sourceSettings are the keys of one kind of source.
type sourceSettings interface {
	// check tells of every value that makes no sense.
	check(path string, complain complainer)
	// kind is what people see of it.
	kind() string
	open(w sourceWorld, c credentialSettings) (runbook.Source, error)
}

// wideSettings are those of a source that may give more than it is configured
// for.
type wideSettings interface {
	// wideBecause says why, "" when it gives no more.
	wideBecause(c credentialSettings) string
}

// namedSource is a source by its key in the configuration.
type namedSource struct {
	key string
	sourceSettings
}

// sourceKeys are the keys of the places that credentials come from.
func sourceKeys() []string {
	return []string{"secret", "dockerConfig", "environment", "file", "ecr", "google", "acr"}
}

// sources are the places that are configured; it has to be one.
func (c credentialSettings) sources() []namedSource {
	var found []namedSource
	if c.Secret != nil {
		found = append(found, namedSource{"secret", *c.Secret})
	}
	if c.DockerConfig != nil {
		found = append(found, namedSource{"dockerConfig", *c.DockerConfig})
	}
	if c.Environment != nil {
		found = append(found, namedSource{"environment", *c.Environment})
	}
	if c.File != nil {
		found = append(found, namedSource{"file", *c.File})
	}
	if c.ECR != nil {
		found = append(found, namedSource{"ecr", *c.ECR})
	}
	if c.Google != nil {
		found = append(found, namedSource{"google", *c.Google})
	}
	if c.ACR != nil {
		found = append(found, namedSource{"acr", *c.ACR})
	}
	return found
}

// sourceName is a name that can be typed on a command line.
var sourceName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$`)

func (s settings) checkCredentials(complain complainer) {
	names := map[string]int{}
	for i, c := range s.Credentials {
		at := "credentials[" + strconv.Itoa(i) + "]"
		if first, twice := names[c.Name]; twice && c.Name != "" {
			complain(at+".name", fmt.Sprintf("%q is the name of credentials[%d], too", c.Name, first), "give each source a name of its own")
		}
		names[c.Name] = i
		c.check(at, complain)
		s.checkReach(at, c, complain)
	}
}

// check tells of every value of one source that makes no sense.
func (c credentialSettings) check(at string, complain complainer) {
	switch {
	case c.Name == "":
		complain(at, "no name", "people choose the source by its name: name: platform")
	case !sourceName.MatchString(c.Name):
		complain(at+".name", fmt.Sprintf("%q cannot be typed as one word", c.Name), "use letters, digits, dots and dashes")
	}
	if why := badRegistry(c.Registry); why != "" {
		complain(at, why, "write the registry as images do: registry: ghcr.io, or docker.io for Docker Hub")
	}
	checkForms(at, []patterns{{"repositories", c.Repositories}, {"clusters", c.Clusters}, {"namespaces", c.Namespaces}}, complain)
	found := c.sources()
	if len(found) != 1 {
		complain(at, fmt.Sprintf("%d sources in one entry", len(found)), "write exactly one of "+andList(sourceKeys()))
		return
	}
	found[0].check(at+"."+found[0].key, complain)
	if c.ECR != nil {
		c.ECR.checkRegistry(at+".ecr", c.Registry, complain)
	}
	if w, ok := found[0].sourceSettings.(wideSettings); ok && !c.Wide {
		if why := w.wideBecause(c); why != "" {
			complain(at, why, "if that is meant, write wide: true: whoever may read secrets in its namespaces can then use all that it opens")
		}
	}
}

// hostOnly is a host without its port.
func hostOnly(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		return name
	}
	return host
}

func badRegistry(host string) string {
	why := badHost(host)
	switch {
	case host == "":
		return "no registry"
	case why != "":
		return fmt.Sprintf("the registry %q %s", host, why)
	case host == "index.docker.io", host == "registry-1.docker.io":
		return fmt.Sprintf("images call the registry %q docker.io", host)
	case host != strings.ToLower(host):
		return fmt.Sprintf("the registry %q is not in lower case", host)
	}
	return ""
}

// checkForms wants patterns to be some. No pattern at all means nobody, which is
// the careful default.
func checkForms(at string, lists []patterns, complain complainer) {
	for _, of := range lists {
		for i, p := range of.list {
			if _, err := path.Match(p, ""); err != nil || p == "" {
				complain(at+"."+of.key+"["+strconv.Itoa(i)+"]", fmt.Sprintf("%q is no pattern", p), "write a name, or a pattern as prod-*")
			}
		}
	}
}

// checkReach looks at what other keys say about the registry and the cluster.
func (s settings) checkReach(at string, c credentialSettings, complain complainer) {
	for _, r := range s.Registries {
		if r.Host == c.Registry && r.PlainHTTP && !onThisMachine(hostOnly(r.Host)) {
			complain(at+".registry", fmt.Sprintf("%s speaks plain http", r.Host), "a configured credential goes only over TLS: give the registry a certificate, and name its authority with caFile")
		}
	}
	if c.Secret == nil {
		return
	}
	known := func(k clusterSettings) bool { return k.Name == c.Secret.Cluster }
	switch {
	case c.Secret.Cluster == "" && len(s.Clusters) > 1:
		complain(at+".secret", "no cluster", "there are several: write the name of the cluster that the secret is in")
	case c.Secret.Cluster != "" && !slices.ContainsFunc(s.Clusters, known):
		complain(at+".secret.cluster", fmt.Sprintf("no cluster %s is configured", c.Secret.Cluster), "write one of the names under clusters")
	}
}

// warnOfCredentials tells of sources that nobody may receive, that open much,
// or that lie open.
func (s settings) warnOfCredentials(warn func(string, ...any)) {
	for i, c := range s.Credentials {
		at := "credentials[" + strconv.Itoa(i) + "]"
		for _, of := range []patterns{{"repositories", c.Repositories}, {"clusters", c.Clusters}, {"namespaces", c.Namespaces}} {
			if len(of.list) == 0 {
				warn("%s names no %s: nothing receives a credential from it", at, of.key)
			}
		}
		if c.Wide {
			warn("%s.wide: whoever may read secrets in its namespaces can use all that it opens", at)
		}
		if len(s.Clusters) > 1 || (len(s.Clusters) == 1 && s.Clusters[0].Name != "") {
			s.warnOfClusters(at, c.Clusters, warn)
		}
		for _, file := range c.files() {
			if err := unreadable(*file); err != nil {
				warn("%s: it cannot be read now: %v", at, err)
			}
			if mode := readableByOthers(*file); mode != 0 {
				warn("%s can be read by others (mode %04o): chmod 600 it", *file, mode)
			}
		}
	}
}

// files are the paths of files with credentials in them.
func (c credentialSettings) files() []*string {
	var files []*string
	if c.DockerConfig != nil {
		files = append(files, &c.DockerConfig.File)
	}
	if c.File != nil {
		files = append(files, &c.File.Path)
	}
	if c.Google != nil && c.Google.KeyFile != "" {
		files = append(files, &c.Google.KeyFile)
	}
	return files
}
