package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v3"
)

func (t *tool) manifestCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "manifest [--config FILE]",
		Short: "print the manifest (YAML) to create the Slack app with",
		Long: `Prints the manifest of the Slack app: https://api.slack.com/apps, "Create New
App", "From a manifest". The app-level token (xapp-…, scope connections:write)
cannot be made by a manifest: a person makes it under "Basic Information".`,
		Example:     "  pullfix manifest --config pullfix.yaml",
		Args:        noArguments,
		Annotations: map[string]string{annotationIdle: idleChecker},
		RunE: func(*cobra.Command, []string) error {
			if t.json() {
				return usage(errors.New("the manifest is YAML, there is no JSON of it"), "leave out -o json")
			}
			if _, err := loadSettings(t.config, t.getenv); err != nil {
				return err
			}
			return writeManifest(t.stdout)
		},
	}
}

// The parts of Slack's app manifest, in its schema of version 2.
type (
	appManifest struct {
		Metadata     manifestMetadata     `yaml:"_metadata"`
		Display      manifestDisplay      `yaml:"display_information"`
		Features     manifestFeatures     `yaml:"features"`
		OAuth        manifestOAuth        `yaml:"oauth_config"`
		AppsSettings manifestAppsSettings `yaml:"settings"`
	}
	manifestMetadata struct {
		Major int `yaml:"major_version"`
		Minor int `yaml:"minor_version"`
	}
	manifestDisplay struct {
		Name        string `yaml:"name"`
		Description string `yaml:"description"`
		Color       string `yaml:"background_color"`
	}
	manifestFeatures struct {
		Home     manifestHome      `yaml:"app_home"`
		Bot      manifestBot       `yaml:"bot_user"`
		Commands []manifestCommand `yaml:"slash_commands"`
	}
	manifestHome struct {
		Home     bool `yaml:"home_tab_enabled"`
		Messages bool `yaml:"messages_tab_enabled"`
		ReadOnly bool `yaml:"messages_tab_read_only_enabled"`
	}
	manifestBot struct {
		Name   string `yaml:"display_name"`
		Online bool   `yaml:"always_online"`
	}
	manifestCommand struct {
		Command     string `yaml:"command"`
		Description string `yaml:"description"`
		Hint        string `yaml:"usage_hint"`
		Escape      bool   `yaml:"should_escape"`
	}
	manifestOAuth struct {
		Scopes manifestScopes `yaml:"scopes"`
	}
	manifestScopes struct {
		Bot []string `yaml:"bot"`
	}
	manifestAppsSettings struct {
		Interactivity manifestSwitch `yaml:"interactivity"`
		SocketMode    bool           `yaml:"socket_mode_enabled"`
		OrgDeploy     bool           `yaml:"org_deploy_enabled"`
		Rotation      bool           `yaml:"token_rotation_enabled"`
	}
	manifestSwitch struct {
		Enabled bool `yaml:"is_enabled"`
	}
)

// botScopes are what the bot's calls need, and nothing else: commands for
// /pullfix, chat:write for messages, users and groups for who may do what,
// channels and groups to see that a channel is shared with another company, the
// histories to find its own message again after a lost answer, im for threads in
// direct messages, files for the report.
func botScopes() []string {
	return []string{
		"commands", "chat:write", "files:write", "users:read", "usergroups:read", "channels:read", "groups:read",
		"im:read", "mpim:read", "channels:history", "groups:history", "im:history", "mpim:history",
	}
}

func newManifest() appManifest {
	return appManifest{
		Metadata: manifestMetadata{Major: 2, Minor: 1},
		Display: manifestDisplay{
			Name: "pullfix", Color: "#2c2d30",
			Description: "Finds out why Kubernetes cannot pull an image, and carries out the cure that people approve.",
		},
		Features: manifestFeatures{
			Home: manifestHome{Messages: true, ReadOnly: true},
			Bot:  manifestBot{Name: "pullfix", Online: true},
			Commands: []manifestCommand{{
				Command: "/pullfix", Description: "Diagnose a pod that cannot pull its image", Hint: "diagnose NAMESPACE POD", Escape: true,
			}},
		},
		OAuth:        manifestOAuth{Scopes: manifestScopes{Bot: botScopes()}},
		AppsSettings: manifestAppsSettings{Interactivity: manifestSwitch{Enabled: true}, SocketMode: true},
	}
}

func writeManifest(w io.Writer) error {
	out := yaml.NewEncoder(w)
	out.SetIndent(2)
	if err := errors.Join(out.Encode(newManifest()), out.Close()); err != nil {
		return fmt.Errorf("writing the manifest: %w", err)
	}
	return nil
}
