package main

import (
	"crypto/x509"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// settings are the keys of the configuration file. A new key is a field here, a
// line in config.example.yaml, and a check where not every value makes sense.
type settings struct {
	Slack      slackSettings      `mapstructure:"slack"`
	Clusters   []clusterSettings  `mapstructure:"clusters"`
	Registries []registrySettings `mapstructure:"registries"`
	Store      storeSettings      `mapstructure:"store"`
	Access     []accessSettings   `mapstructure:"access"`
	Approvals  []approvalSettings `mapstructure:"approvals"`
	Responders peopleSettings     `mapstructure:"responders"`
	Escalation escalationSettings `mapstructure:"escalation"`
	Heartbeat  heartbeatSettings  `mapstructure:"heartbeat"`
	Watch      watchSettings      `mapstructure:"watch"`
	ReadOnly   bool               `mapstructure:"readOnly"`
	Runbooks   runbookSettings    `mapstructure:"runbooks"`
	Listen     string             `mapstructure:"listen"`
	Links      []linkSettings     `mapstructure:"links"`

	Credentials []credentialSettings `mapstructure:"credentials"`

	forBot bool // some key is set that nobody sets for the terminal alone
}

// clusterSettings name one cluster and say how to reach it.
type clusterSettings struct {
	Name       string `mapstructure:"name"`
	Kubeconfig string `mapstructure:"kubeconfig"`
	Context    string `mapstructure:"context"`
}

// registrySettings say what is special about one registry host.
type registrySettings struct {
	Host      string   `mapstructure:"host"`
	CAFile    string   `mapstructure:"caFile"`
	PlainHTTP bool     `mapstructure:"plainHTTP"`
	Realms    []string `mapstructure:"realms"`
}

// check tells of every value that makes no sense.
func (s settings) check(complain complainer) {
	s.checkClusters(complain)
	s.checkRegistries(complain)
	s.checkCredentials(complain)
	s.Runbooks.check(complain)
	s.checkBot(complain)
}

func (s settings) checkClusters(complain complainer) {
	names := map[string]int{}
	for i, c := range s.Clusters {
		path := "clusters[" + strconv.Itoa(i) + "]"
		first, twice := names[c.Name]
		switch {
		case c.Name == "" && len(s.Clusters) > 1:
			complain(path, "no name", "where there are several clusters, each needs a name of its own")
		case twice:
			complain(path+".name", fmt.Sprintf("%q is the name of clusters[%d], too", c.Name, first), "give each cluster a name of its own")
		default:
			names[c.Name] = i
		}
		if strings.ContainsAny(c.Name, " \t\n") {
			complain(path+".name", fmt.Sprintf("%q has a space in it", c.Name), "people type it as NAME/NAMESPACE: use letters, digits and dashes")
		}
		if c.Kubeconfig != "" && unreadable(c.Kubeconfig) != nil {
			complain(path+".kubeconfig", unreadable(c.Kubeconfig).Error(), "name a kubeconfig file, or leave it empty for the usual rules")
		}
	}
}

func (s settings) checkRegistries(complain complainer) {
	hosts := map[string]int{}
	for i, r := range s.Registries {
		path := "registries[" + strconv.Itoa(i) + "]"
		if first, twice := hosts[r.Host]; twice && r.Host != "" {
			complain(path+".host", fmt.Sprintf("%q is the host of registries[%d], too", r.Host, first), "put all about a host in one entry")
		}
		hosts[r.Host] = i
		r.check(path, complain)
	}
}

// check tells of every value of one registry that makes no sense.
func (r registrySettings) check(path string, complain complainer) {
	if r.Host == "" {
		complain(path, "no host", "write the registry as images do: host: registry.example.com:5000")
	} else if why := badHost(r.Host); why != "" {
		complain(path+".host", fmt.Sprintf("%q %s", r.Host, why), "write the registry as images do: registry.example.com:5000")
	}
	if r.PlainHTTP && r.CAFile != "" {
		complain(path, "caFile and plainHTTP together", "plain HTTP has no certificate: keep one of the two")
	}
	if r.CAFile != "" {
		if err := badCertificates(r.CAFile); err != nil {
			complain(path+".caFile", err.Error(), "name a PEM file with the certificate of the authority that signed the registry's")
		}
	}
	for i, realm := range r.Realms {
		if why := badHost(realm); why != "" {
			complain(path+".realms["+strconv.Itoa(i)+"]", fmt.Sprintf("%q %s", realm, why), "write the host of the token service: auth.example.com")
		}
	}
}

// badHost says why s is not HOST or HOST:PORT, "" when it is.
func badHost(s string) string {
	switch {
	case s == "":
		return "is empty"
	case strings.Contains(s, "://"):
		return "has a scheme"
	case strings.Contains(s, "/"):
		return "has a path"
	case strings.ContainsAny(s, " \t\n@?#*"):
		return "is not a host name"
	}
	u, err := url.Parse("//" + s)
	if err != nil || u.Hostname() == "" {
		return "is not a host name"
	}
	if _, port, err := net.SplitHostPort(s); err == nil {
		if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
			return "has no port between 1 and 65535"
		}
	}
	return ""
}

// unreadable says why a file cannot be read, nil when it can.
func unreadable(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	return file.Close()
}

// badCertificates says why a file holds no usable certificate.
func badCertificates(path string) error {
	text, err := readFile(path)
	if err != nil {
		return err
	}
	if !x509.NewCertPool().AppendCertsFromPEM(text) {
		return fmt.Errorf("no PEM certificate in %s", path)
	}
	return nil
}

// anchor makes the paths in the settings relative to the directory of the file
// they stand in, not to where pullfix is started.
func (s *settings) anchor(directory string) {
	at := func(path *string) {
		if *path != "" && !filepath.IsAbs(*path) {
			*path = filepath.Join(directory, *path)
		}
	}
	at(&s.Slack.BotTokenFile)
	at(&s.Slack.AppTokenFile)
	at(&s.Store.Directory)
	at(&s.Store.KeyFile)
	for i := range s.Clusters {
		at(&s.Clusters[i].Kubeconfig)
	}
	for i := range s.Registries {
		at(&s.Registries[i].CAFile)
	}
	for _, c := range s.Credentials {
		for _, file := range c.files() {
			at(file)
		}
	}
}
