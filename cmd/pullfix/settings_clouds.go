package main

import (
	"fmt"
	"net/url"
	"regexp"

	"github.com/pullfix/pullfix/registry/source/acr"
	"github.com/pullfix/pullfix/registry/source/ecr"
	"github.com/pullfix/pullfix/registry/source/google"
	"github.com/pullfix/pullfix/registry/source/outbound"
	"github.com/pullfix/pullfix/runbook"
)

// ecrSettings say as whom tokens of Amazon ECR are minted.
type ecrSettings struct {
	Region      string `mapstructure:"region"`
	Role        string `mapstructure:"role"`
	ExternalID  string `mapstructure:"externalID"`
	Endpoint    string `mapstructure:"endpoint"`
	STSEndpoint string `mapstructure:"stsEndpoint"`
}

var (
	awsRegion = regexp.MustCompile(`^[a-z]{2}(-[a-z]+)+-\d+$`)
	awsRole   = regexp.MustCompile(`^arn:aws[a-z-]*:iam::\d{12}:role/.+$`)
)

func (e ecrSettings) check(path string, complain complainer) {
	if e.Region != "" && !awsRegion.MatchString(e.Region) {
		complain(path+".region", fmt.Sprintf("%q is no region of AWS", e.Region), "write one as eu-west-1, or leave it out: it stands in the registry's name")
	}
	if e.Role != "" && !awsRole.MatchString(e.Role) {
		complain(path+".role", fmt.Sprintf("%q is not the ARN of a role", e.Role), "write arn:aws:iam::123456789012:role/NAME")
	}
	if e.ExternalID != "" && e.Role == "" {
		complain(path+".externalID", "an external id without a role", "name the role whose trust policy asks for it")
	}
	checkEndpoint(path+".endpoint", e.Endpoint, complain)
	checkEndpoint(path+".stsEndpoint", e.STSEndpoint, complain)
}

func (e ecrSettings) kind() string {
	if e.Role != "" {
		return "Amazon ECR as " + e.Role
	}
	return "Amazon ECR"
}

// cutDown are the repositories that a token can be cut down to, nil when it
// stays as wide as the identity.
func (e ecrSettings) cutDown(c credentialSettings) []string {
	if e.Role == "" || len(c.Repositories) == 0 || ecr.CanCutDown(c.Repositories) != "" {
		return nil
	}
	return c.Repositories
}

func (e ecrSettings) wideBecause(c credentialSettings) string {
	if e.Role == "" {
		return "an ECR token opens everything that pullfix's identity may read, in every account; only with a role to assume can it be cut down to repositories"
	}
	return ecr.CanCutDown(c.Repositories)
}

func (e ecrSettings) checkRegistry(path, registry string, complain complainer) {
	if e.Region == "" && ecr.Region(registry) == "" {
		complain(path, "no region", "it does not stand in the registry's name: write region: eu-west-1")
	}
}

func (e ecrSettings) open(_ sourceWorld, c credentialSettings) (runbook.Source, error) {
	return ecr.Source{
		Host: c.Registry, Region: e.Region, Role: e.Role, ExternalID: e.ExternalID, Repositories: e.cutDown(c),
		Endpoint: e.Endpoint, STSEndpoint: e.STSEndpoint,
	}, nil
}

// googleSettings say as whom tokens of Google's registries are minted, or whose
// key is used as it is.
type googleSettings struct {
	KeyFile     string `mapstructure:"keyFile"`
	KeyPassword bool   `mapstructure:"keyAsPassword"`
}

func (g googleSettings) check(path string, complain complainer) {
	if g.KeyPassword && g.KeyFile == "" {
		complain(path+".keyAsPassword", "no key that could be one", "name the service account's key with keyFile")
	}
}

func (g googleSettings) kind() string {
	if g.KeyPassword {
		return "Google service account key"
	}
	return "Google access token"
}

func (g googleSettings) wideBecause(credentialSettings) string {
	if g.KeyPassword {
		return "a service account's key opens everything that the account may do, until it is deleted"
	}
	return "a Google access token opens everything that the identity may read in registries and storage; Google cannot cut it down to repositories"
}

func (g googleSettings) open(w sourceWorld, c credentialSettings) (runbook.Source, error) {
	if g.KeyPassword {
		return google.Key{File: g.KeyFile}, nil
	}
	client, err := outbound.Client(w.caFile(c.Registry))
	return google.Source{KeyFile: g.KeyFile, Getenv: w.getenv, Client: client}, err
}

// acrSettings say as whom tokens of Azure Container Registry are minted.
type acrSettings struct {
	Tenant    string `mapstructure:"tenant"`
	ClientID  string `mapstructure:"clientID"`
	Authority string `mapstructure:"authority"`
	Endpoint  string `mapstructure:"endpoint"`
}

func (a acrSettings) check(path string, complain complainer) {
	checkEndpoint(path+".authority", a.Authority, complain)
	checkEndpoint(path+".endpoint", a.Endpoint, complain)
}

func (a acrSettings) kind() string { return "Azure Container Registry" }

func (a acrSettings) wideBecause(credentialSettings) string {
	return "an ACR refresh token opens everything that the identity may do in the registry; what ACR gives for one repository is no password, and a kubelet could not use it"
}

func (a acrSettings) open(w sourceWorld, c credentialSettings) (runbook.Source, error) {
	client, err := outbound.Client(w.caFile(c.Registry))
	return acr.Source{Host: c.Registry, Tenant: a.Tenant, ClientID: a.ClientID, Authority: a.Authority, Endpoint: a.Endpoint, Client: client}, err
}

// checkEndpoint wants an address over TLS, or of a stand-in on this machine.
func checkEndpoint(path, address string, complain complainer) {
	if address == "" {
		return
	}
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" || u.User != nil || (u.Scheme != "https" && (u.Scheme != "http" || !onThisMachine(u.Hostname()))) {
		complain(path, fmt.Sprintf("%q is no address that a login may go to", address), "write https://HOST, or leave it out for the vendor's own")
	}
}
