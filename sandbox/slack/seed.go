package slack

// Seed is what a workspace starts with.
type Seed struct {
	Team     Team
	App      App
	Users    []User
	Channels []Channel
	Groups   []Group
}

// The people and places of [ExampleSeed].
const (
	Ann    = "U01ANN"    // a member who asks
	Bob    = "U02BOB"    // a member of @platform, who approves
	Carol  = "U03CAROL"  // another member of @platform
	Dave   = "U04DAVE"   // a member in no group
	Gina   = "U05GINA"   // a guest
	Uma    = "U06UMA"    // a guest of a single channel
	Erik   = "U07ERIK"   // of another team, in the shared channel
	Zoe    = "U08ZOE"    // deactivated
	Deploy = "U09DEPLOY" // another bot

	Ops     = "C01OPS"     // public, the bot is in it
	Random  = "C02RANDOM"  // public, the bot is not in it
	Secret  = "C03SECRET"  // private, the bot is in it
	Closed  = "C04CLOSED"  // private, the bot is not in it
	Partner = "C05PARTNER" // shared with another team
	Old     = "C06OLD"     // archived

	Platform = "S01PLATFORM" // managed by the identity provider
	Helpers  = "S02HELPERS"  // everybody may join
)

// ExampleSeed is a small company: two approvers, guests, somebody external,
// channels of each kind, a managed and a self-service user group.
func ExampleSeed() Seed {
	return Seed{
		Team: Team{ID: "T01ACME", Domain: "acme", Name: "Acme"},
		App: App{
			ID: "A01PULLFIX", Name: "pullfix", BotUser: "U00PULLFIX", BotID: "B00PULLFIX",
			BotToken: "xoxb-1-sandbox", AppToken: "xapp-1-sandbox",
			Scopes: []string{
				"commands", "chat:write", "users:read", "usergroups:read", "channels:read", "groups:read",
				"im:read", "im:write", "files:write", "channels:history", "groups:history", "im:history",
			},
			Commands: []Command{{Name: "/pullfix", Description: "Diagnose a pod and propose a fix", UsageHint: "diagnose NAMESPACE POD"}},
		},
		Users:    exampleUsers(),
		Channels: exampleChannels(),
		Groups: []Group{
			{ID: Platform, Handle: "platform", Name: "Platform", Users: []string{Bob, Carol}, IDPGroup: true},
			{ID: Helpers, Handle: "helpers", Name: "Helpers", Users: []string{Ann, Dave}},
		},
	}
}

func exampleUsers() []User {
	return []User{
		{ID: "U00PULLFIX", Name: "pullfix", RealName: "pullfix", Bot: true},
		{ID: Ann, Name: "ann", RealName: "Ann Archer"},
		{ID: Bob, Name: "bob", RealName: "Bob Baker"},
		{ID: Carol, Name: "carol", RealName: "Carol Chen"},
		{ID: Dave, Name: "dave", RealName: "Dave Diaz"},
		{ID: Gina, Name: "gina", RealName: "Gina Guest", Restricted: true},
		{ID: Uma, Name: "uma", RealName: "Uma Ultra", Restricted: true, UltraRestricted: true},
		{ID: Erik, Name: "erik", RealName: "Erik External", TeamID: "T02PARTNER"},
		{ID: Zoe, Name: "zoe", RealName: "Zoe Zuse", Deleted: true},
		{ID: Deploy, Name: "deploybot", RealName: "Deploy Bot", Bot: true},
	}
}

func exampleChannels() []Channel {
	const bot = "U00PULLFIX"
	return []Channel{
		{ID: Ops, Name: "ops", Members: []string{bot, Ann, Bob, Carol, Dave, Gina, Uma}},
		{ID: Random, Name: "random", Members: []string{Ann, Bob, Carol, Dave}},
		{ID: Secret, Name: "platform-private", Private: true, Members: []string{bot, Bob, Carol}},
		{ID: Closed, Name: "board", Private: true, Members: []string{Ann}},
		{
			ID: Partner, Name: "partner", ExtShared: true, SharedTeams: []string{"T02PARTNER"},
			Members: []string{bot, Ann, Bob, Erik},
		},
		{ID: Old, Name: "old-ops", Archived: true, Members: []string{bot, Ann}},
	}
}
