package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/pullfix/pullfix/bot/slackbot"
	"github.com/pullfix/pullfix/cmd/pullfix/metrics"
	"github.com/pullfix/pullfix/sandbox/shop"
	"github.com/pullfix/pullfix/sandbox/slack"
	slackpage "github.com/pullfix/pullfix/sandbox/slack/page"
)

// demoAddress is where the page is unless somebody else is there.
const demoAddress = "127.0.0.1:8765"

func (t *tool) demoCommand() *cobra.Command {
	var address string
	var quiet bool
	cmd := &cobra.Command{
		Use:   "demo [--addr HOST:PORT]",
		Short: "try the bot: a simulated workspace, cluster and registries, with a page to use it in",
		Long: `Runs the same bot as serve against a simulated company, in one process: a Slack
workspace with a page in the browser, a cluster with a node that really pulls,
and registries that say no as the real ones do. More than fifty workloads cannot
pull their images, for more than a dozen reasons; the page says what to try. The
bot does not look by itself here: what people ask for is all that it notices.

Nothing leaves this machine, no account is needed, and nothing is kept.`,
		Example:     "  pullfix demo\n  pullfix demo --addr 127.0.0.1:9000",
		Args:        noArguments,
		Annotations: map[string]string{annotationIdle: idleAlone},
		RunE: func(cmd *cobra.Command, _ []string) error {
			chosen := cmd.Flags().Changed("addr")
			return t.demo(cmd.Context(), demoOptions{address: address, chosen: chosen, quiet: quiet})
		},
	}
	cmd.Flags().StringVar(&address, "addr", demoAddress, "address of the page, on this machine")
	cmd.Flags().BoolVar(&quiet, "no-browser", false, "do not open a browser")
	return cmd
}

// demoOptions say where the page is.
type demoOptions struct {
	address string
	chosen  bool // by the person: then no other will do
	quiet   bool // no browser
}

func (t *tool) demo(ctx context.Context, o demoOptions) (err error) {
	directory, err := os.MkdirTemp("", "pullfix-demo-")
	if err != nil {
		return fmt.Errorf("making room for the demonstration: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(directory)) }()
	t.say("Making a company with a cluster, registries and a workspace …")
	world, err := shop.Open(ctx, shop.Options{Directory: directory, Scopes: botScopes(), Teams: demoTeams})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, world.Close()) }()
	web, err := servePage(ctx, world, o)
	if err != nil {
		return err
	}
	defer web.Close()
	return t.demonstrate(ctx, demonstration{world: world, page: web, directory: directory, quiet: o.quiet})
}

// servePage takes the address for the page; when somebody is there already, and
// the person did not ask for it, any other.
func servePage(ctx context.Context, world *shop.World, o demoOptions) (*slack.Server, error) {
	handler := slackpage.Around(world.Workspace.Handler(), shop.Page())
	web, err := world.Workspace.ServeWith(ctx, o.address, handler)
	if errors.Is(err, syscall.EADDRINUSE) && !o.chosen {
		web, err = world.Workspace.ServeWith(ctx, "", handler)
	}
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, usage(fmt.Errorf("%s is taken: another program listens there", o.address),
			"choose another: pullfix demo --addr 127.0.0.1:9000, or 127.0.0.1:0 for any free port; make demo ADDR=127.0.0.1:0 does the same")
	}
	if err != nil {
		return nil, usage(err, "--addr takes a loopback address, as 127.0.0.1:9000; 127.0.0.1:0 takes any free port")
	}
	return web, nil
}

// demonstration is what runs.
type demonstration struct {
	world     *shop.World
	page      *slack.Server
	directory string
	quiet     bool
}

func (t *tool) demonstrate(ctx context.Context, d demonstration) error {
	p, err := t.demoParts(d)
	if err != nil {
		return err
	}
	s, err := newService(p)
	if err != nil {
		return err
	}
	d.setScenes(s.desk)
	web, err := listen(p.settings.Listen, s.health(), p.log)
	if err != nil {
		return errors.Join(err, s.close())
	}
	running, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	go func() {
		select {
		case err := <-d.world.Trouble():
			stop(fmt.Errorf("the simulated world ended: %w", err))
		case <-running.Done():
		}
	}()
	go t.welcome(running, d)
	err = s.run(running, web)
	if cause := context.Cause(running); !errors.Is(cause, context.Canceled) {
		err = errors.Join(cause, err)
	}
	return err
}

// welcome says where the page is, once the bot is in the workspace.
func (t *tool) welcome(ctx context.Context, d demonstration) {
	within, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	if d.world.Workspace.WaitSockets(within, 1) != nil && ctx.Err() != nil {
		return
	}
	_, _ = fmt.Fprintf(t.stdout, "\n  pullfix demo   %s\n\n", d.page.URL) // nobody to tell when it fails
	t.say("Open it in a browser. Nothing leaves this machine. Ctrl-C ends it.")
	if !d.quiet {
		openBrowser(ctx, t.getenv, d.page.URL)
	}
}

// openBrowser opens the page where there is a browser, and is silent where not.
func openBrowser(ctx context.Context, getenv func(string) string, url string) {
	opener := "xdg-open"
	switch {
	case runtime.GOOS == "darwin":
		opener = "open"
	case getenv("DISPLAY") == "" && getenv("WAYLAND_DISPLAY") == "":
		return
	}
	_ = exec.CommandContext(ctx, opener, url).Run() // the address is printed anyway
}

// demoTeams are the further namespaces with the token that expired: with the one
// of the thumbnails they are forty.
const demoTeams = 39

// demoPace looks often: a person is watching.
func demoPace() pace { return pace{poll: 2 * time.Second, settle: 4 * time.Second} }

// demoParts are what serve would have, with the stand-ins in it.
func (t *tool) demoParts(d demonstration) (parts, error) {
	bot, app := d.world.Tokens()
	key := make([]byte, keyBytes)
	_, _ = rand.Read(key) // never fails
	p := parts{
		settings: demoSettings(d), key: newMasterKey(key), log: t.log(), pace: demoPace(), metrics: metrics.New(thisBuild().Version),
		tokens: tokens{bot: slackbot.Token(bot), app: slackbot.Token(app)},
	}
	var err error
	p.engine, err = t.newEngine(p, registryChoice{hosts: p.settings.Registries, guard: true, network: d.world.Network})
	return p, err
}

// demoSettings are the configuration of the simulated company.
func demoSettings(d demonstration) settings {
	s := defaultSettings()
	s.Slack = slackSettings{APIURL: d.page.APIURL, Channel: slack.Ops}
	s.Clusters = []clusterSettings{{Name: shop.ClusterName, Kubeconfig: d.world.Kubeconfig}}
	for _, host := range d.world.Hosts() {
		s.Registries = append(s.Registries, registrySettings{Host: host, CAFile: d.world.CAFile})
	}
	s.Credentials = demoCredentials()
	s.Store.Directory = filepath.Join(d.directory, "journal")
	everything := []string{"*"}
	developers, platform := []string{shop.Developers}, []string{slack.Platform}
	s.Access = []accessSettings{{Groups: developers, Clusters: everything, Namespaces: everything}}
	s.Approvals = []approvalSettings{{Clusters: everything, Namespaces: everything, Remedies: everything, Groups: platform}}
	s.Responders = peopleSettings{Groups: developers}
	s.Escalation.Routes = []routeSettings{{
		Name: "platform", Causes: everything, Namespaces: everything, Slack: slackMentions{Mention: slack.Platform},
	}}
	s.Watch.Off = true // visitors break things and ask; nobody else should be faster
	s.Listen = net.JoinHostPort("127.0.0.1", "0")
	return s
}
