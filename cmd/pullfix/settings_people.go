package main

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pullfix/pullfix/bot"
	"github.com/pullfix/pullfix/runbook/cause"
)

// peopleSettings name people by the ids of users and user groups.
type peopleSettings struct {
	Users  []string `mapstructure:"users"`
	Groups []string `mapstructure:"groups"`
}

// accessSettings are one rule about who may ask.
type accessSettings struct {
	Users      []string `mapstructure:"users"`
	Groups     []string `mapstructure:"groups"`
	Channels   []string `mapstructure:"channels"`
	Clusters   []string `mapstructure:"clusters"`
	Namespaces []string `mapstructure:"namespaces"`
}

// approvalSettings are one rule about who may approve.
type approvalSettings struct {
	Clusters          []string       `mapstructure:"clusters"`
	Namespaces        []string       `mapstructure:"namespaces"`
	Remedies          []string       `mapstructure:"remedies"`
	Users             []string       `mapstructure:"users"`
	Groups            []string       `mapstructure:"groups"`
	Approvals         *int           `mapstructure:"approvals"`
	FourEyes          *bool          `mapstructure:"fourEyes"`
	ExpiresAfter      *time.Duration `mapstructure:"expiresAfter"`
	BreakGlass        bool           `mapstructure:"breakGlass"`
	SelfServiceGroups bool           `mapstructure:"selfServiceGroups"`
}

// The values of an approval rule's keys that are left out: the careful ones.
const (
	defaultApprovals    = 1
	defaultFourEyes     = true
	defaultExpiresAfter = 30 * time.Minute
)

func or[T any](value *T, otherwise T) T {
	if value == nil {
		return otherwise
	}
	return *value
}

func (p peopleSettings) check(path string, complain complainer) {
	checkIDs(path+".users", p.Users, users(), complain)
	checkIDs(path+".groups", p.Groups, userGroups(), complain)
}

func (a accessSettings) check(path string, complain complainer) {
	peopleSettings{a.Users, a.Groups}.check(path, complain)
	checkIDs(path+".channels", a.Channels, channels(), complain)
	checkPatterns(path, []patterns{{"clusters", a.Clusters}, {"namespaces", a.Namespaces}}, complain)
}

func (a approvalSettings) check(path string, complain complainer) {
	peopleSettings{a.Users, a.Groups}.check(path, complain)
	checkPatterns(path, []patterns{{"clusters", a.Clusters}, {"namespaces", a.Namespaces}, {"remedies", a.Remedies}}, complain)
	checkKnown(path+".remedies", a.Remedies, remedyFamilies(), complain)
	if n := or(a.Approvals, defaultApprovals); n < 1 {
		complain(path+".approvals", fmt.Sprintf("%d approvals would approve by themselves", n), "write 1 or more; users: [] and groups: [] let nobody approve")
	}
	if d := or(a.ExpiresAfter, defaultExpiresAfter); d <= 0 {
		complain(path+".expiresAfter", fmt.Sprintf("an approval that counts for %s never counts", d), "write a duration such as 30m")
	}
}

// idForm is how ids of one sort look.
type idForm struct {
	form *regexp.Regexp
	what string
	how  string
}

func users() idForm {
	return idForm{userID, "the id of a user", "write the member ID from the person's profile in Slack: U0123ABCD; names can be changed by their bearers"}
}

func userGroups() idForm {
	return idForm{groupID, "the id of a user group", "write the id of the user group: S0123ABCD; its handle can be given to another group"}
}

func channels() idForm {
	return idForm{channelID, "the id of a channel", "write the channel ID from the channel's details in Slack: C0123ABCD"}
}

func checkIDs(path string, ids []string, f idForm, complain complainer) {
	seen := map[string]bool{}
	for i, id := range ids {
		at := path
		if strings.HasSuffix(path, "s") { // a list
			at = path + "[" + strconv.Itoa(i) + "]"
		}
		switch {
		case !f.form.MatchString(id):
			complain(at, fmt.Sprintf("%q is not %s", id, f.what), f.how)
		case seen[id]:
			complain(at, fmt.Sprintf("%q is there twice", id), "keep one of the two")
		}
		seen[id] = true
	}
}

// patterns are the list of patterns of one key.
type patterns struct {
	key  string
	list []string
}

// checkPatterns wants every list to name something, in the form of path.Match:
// a rule that says nothing about clusters must not mean all of them.
func checkPatterns(at string, lists []patterns, complain complainer) {
	for _, of := range lists {
		if len(of.list) == 0 {
			complain(at, "no "+of.key, fmt.Sprintf(`write the %s that it is about; %s: ["*"] means all`, of.key, of.key))
		}
		for i, p := range of.list {
			if _, err := path.Match(p, ""); err != nil || p == "" {
				complain(at+"."+of.key+"["+strconv.Itoa(i)+"]", fmt.Sprintf("%q is no pattern", p), "write a name, or a pattern as prod-*")
			}
		}
	}
}

// checkKnown wants every pattern to match one of the names at least.
func checkKnown(at string, list, names []string, complain complainer) {
	for i, p := range list {
		matches := func(name string) bool {
			ok, err := path.Match(p, name)
			return ok || err != nil // what is no pattern is told already
		}
		if p == "" || slices.ContainsFunc(names, matches) {
			continue
		}
		hints := nearHint(near(p, names))
		if hints == nil {
			hints = []string{"the names are " + andList(names)}
		}
		complain(at+"["+strconv.Itoa(i)+"]", fmt.Sprintf("%q matches nothing", p), hints[0])
	}
}

// carriedOut are the ids of the remedies that pullfix fix can carry out.
func carriedOut() []string {
	return slices.DeleteFunc(remedyFamilies(), func(id string) bool { return slices.Contains([]string{"fix-image", "undo-secret", "wait"}, id) })
}

// remedyFamilies are the ids of the remedies that pullfix can carry out, or that
// a person may see, without the number where there are several of a kind.
func remedyFamilies() []string {
	return []string{
		"attach-secret", "create-secret", "delete-pods", "fix-image", "rollback", "rollout-restart",
		"sync-external-secret", "undo-secret", "update-secret", "wait",
	}
}

// causeNames are the causes that a diagnosis can have.
func causeNames() []string {
	causes := []cause.Cause{
		cause.TagNotFound, cause.RepositoryNotFound, cause.NotFoundOrDenied, cause.AuthMissing, cause.AuthRejected,
		cause.AuthExpired, cause.PermissionDenied, cause.RateLimited, cause.DNSFailure, cause.ConnectionRefused,
		cause.Timeout, cause.NetworkUnreachable, cause.ProxyFailure, cause.TLSUntrusted, cause.HTTPSMismatch,
		cause.RegistryServerError, cause.UnexpectedRegistryResponse, cause.PlatformMismatch, cause.InvalidReference,
		cause.ShortNameUnresolved, cause.UnsupportedManifest, cause.CorruptContent, cause.DiskFull, cause.NeverPull,
		cause.PullSecretMissing, cause.PullSecretMalformed, cause.CredentialProviderFailed, cause.SignaturePolicy,
		cause.RuntimeUnavailable, cause.SandboxImage, cause.PullQPSExceeded, cause.PullCancelled, cause.BackOffOnly,
		cause.Unknown, cause.PullSecretWrongType, cause.PullSecretWrongHost, cause.PullSecretNotAttached,
	}
	names := make([]string, len(causes))
	for i, c := range causes {
		names[i] = string(c)
	}
	return names
}

// rules are what the configuration allows whom.
func (s settings) rules() bot.Rules {
	r := bot.Rules{Responders: bot.People(s.Responders), ReadOnly: s.ReadOnly}
	for _, a := range s.Access {
		r.Access = append(r.Access, bot.AccessRule{
			People: bot.People{Users: a.Users, Groups: a.Groups}, Channels: a.Channels,
			Reach: bot.Reach{Clusters: a.Clusters, Namespaces: a.Namespaces},
		})
	}
	for _, a := range s.Approvals {
		r.Approvals = append(r.Approvals, bot.ApprovalRule{
			People: bot.People{Users: a.Users, Groups: a.Groups}, Reach: bot.Reach{Clusters: a.Clusters, Namespaces: a.Namespaces},
			Remedies: a.Remedies, Needed: or(a.Approvals, defaultApprovals), FourEyes: or(a.FourEyes, defaultFourEyes),
			Expires: or(a.ExpiresAfter, defaultExpiresAfter), BreakGlass: a.BreakGlass, SelfServiceGroups: a.SelfServiceGroups,
		})
	}
	return r
}
