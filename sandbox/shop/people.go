package shop

import "github.com/pullfix/pullfix/sandbox/slack"

// Developers is the user group of everybody who may ask, filled by the identity
// provider.
const Developers = "S03DEVS"

// people is the workspace: the example company, with a channel for incidents.
func people(scopes []string) slack.Seed {
	seed := slack.ExampleSeed()
	if scopes != nil {
		seed.App.Scopes = scopes
	}
	for i := range seed.Channels {
		if seed.Channels[i].ID == slack.Ops {
			seed.Channels[i].Name = "incidents"
		}
	}
	seed.Groups = append(seed.Groups, slack.Group{
		ID: Developers, Handle: "developers", Name: "Developers", IDPGroup: true,
		Users: []string{slack.Ann, slack.Bob, slack.Carol, slack.Dave},
	})
	return seed
}

// Tokens are those of the app in the workspace. They are good for nothing else.
func (w *World) Tokens() (bot, app string) {
	seed := slack.ExampleSeed()
	return seed.App.BotToken, seed.App.AppToken
}
