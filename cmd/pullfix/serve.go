package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/pullfix/pullfix/bot/slackbot"
	"github.com/pullfix/pullfix/cmd/pullfix/metrics"
	"github.com/pullfix/pullfix/k8s"
)

func (t *tool) serveCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "serve --config FILE",
		Short: "run the bot: diagnoses, buttons and escalation in Slack",
		Long: `Runs the bot until it is interrupted. It talks to Slack over a socket that it
opens itself, so it needs no public address. The tokens are in SLACK_BOT_TOKEN
and SLACK_APP_TOKEN, or in files that the configuration names; pullfix manifest
prints the manifest to create the app with.

It answers /healthz, /readyz and /metrics on the address that the configuration's listen
names. Log lines are JSON with -o json, and more with -v.`,
		Example: `  pullfix config check --config pullfix.yaml
  pullfix serve --config pullfix.yaml`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return t.serve(cmd) },
	}
}

func (t *tool) serve(cmd *cobra.Command) error {
	if t.config == "" {
		return usage(errors.New("no configuration named"), "usage: pullfix serve --config FILE", "config.example.yaml shows one")
	}
	p, err := t.parts(cmd)
	if err != nil {
		return err
	}
	s, err := newService(p)
	if err != nil {
		return err
	}
	web, err := listen(p.settings.Listen, s.health(), p.log)
	if err != nil {
		return errors.Join(err, s.close())
	}
	p.announce(web.Addr().String())
	err = s.run(cmd.Context(), web)
	p.log.Info("stopped")
	return refusedBySlack(err)
}

// parts gathers what serve is made of, from the configuration.
func (t *tool) parts(cmd *cobra.Command) (parts, error) {
	s, err := loadSettings(t.config, t.getenv)
	if err != nil {
		return parts{}, err
	}
	if err := t.unknownVariables(cmd, s); err != nil {
		return parts{}, err
	}
	p := parts{settings: s, log: t.log(), pace: t.pace, metrics: metrics.New(thisBuild().Version)}
	if p.tokens, err = t.tokens(s.Slack); err != nil {
		return parts{}, err
	}
	if p.key, err = t.key(s.Store.KeyFile); err != nil {
		return parts{}, err
	}
	if p.pagers, err = t.openPagers(s.Escalation.Routes); err != nil {
		return parts{}, err
	}
	for _, warning := range s.warnings() {
		p.log.Warn(warning)
	}
	p.engine, err = t.newEngine(p, registryChoice{hosts: s.Registries, guard: true})
	return p, err
}

// newEngine opens the clusters and the client of the registries.
func (t *tool) newEngine(p parts, choice registryChoice) (engine, error) {
	key, err := p.key.derive("fingerprint")
	if err != nil {
		return engine{}, err
	}
	e := engine{key: key, runbooks: p.settings.Runbooks, zone: time.UTC}
	choice.fingerprintKey, choice.userAgent = key, userAgent()
	if e.registry, err = t.openRegistry(choice); err != nil {
		return engine{}, usage(err, "look at registries: in the configuration")
	}
	names := p.settings.Clusters
	if len(names) == 0 {
		names = []clusterSettings{{Kubeconfig: t.kubeconfig, Context: t.context}}
	}
	for _, c := range names {
		opened, err := openServed(c, p, e)
		if err != nil {
			return engine{}, usage(fmt.Errorf("cluster %q: %w", c.Name, err), "look at clusters: in the configuration; kubectl config get-contexts lists the contexts")
		}
		e.clusters = append(e.clusters, opened)
	}
	e.vault, err = t.vault(p.settings, e)
	return e, err
}

// openServed opens a cluster to read from, and, unless the bot is read-only, to
// change what is approved.
func openServed(c clusterSettings, p parts, e engine) (namedCluster, error) {
	cluster, err := k8s.Open(k8s.Options{
		Kubeconfig: c.Kubeconfig, Context: c.Context, Name: c.Name, UserAgent: userAgent(), Log: p.log,
		WrapTransport: p.metrics.Kubernetes(c.Name),
	})
	if err != nil {
		return namedCluster{}, err
	}
	opened := namedCluster{name: c.Name, served: cluster}
	if !p.settings.ReadOnly {
		opened.writes = k8s.NewChanger(cluster, e.key, p.log).TestingWith(e.registry)
	}
	return opened, nil
}

// announce says what is served, so that a log begins with the facts.
func (p parts) announce(address string) {
	var names []string
	for _, c := range p.engine.clusters {
		names = append(names, c.name)
	}
	p.log.Info("pullfix serves", "version", thisBuild().Version, "clusters", andList(names), "registries", len(p.settings.Registries),
		"store", p.settings.Store.Directory, "readOnly", p.settings.ReadOnly, "escalation", p.settings.Escalation.After.String(),
		"routes", len(p.settings.Escalation.Routes), "health", "http://"+address+"/readyz")
}

// refusedBySlack adds what an operator can do.
func refusedBySlack(err error) error {
	if errors.Is(err, slackbot.ErrRefused) {
		return usage(err, "pullfix manifest prints the manifest with the scopes that the app needs; new scopes count after the app is installed again")
	}
	return err
}
