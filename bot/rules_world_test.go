package bot_test

import (
	"time"

	"github.com/pullfix/pullfix/bot"
)

func everywhere() bot.Reach { return bot.Reach{Clusters: []string{"*"}, Namespaces: []string{"*"}} }

func rules() bot.Rules {
	return bot.Rules{
		Access:     []bot.AccessRule{{People: bot.People{Users: []string{ann.ID, bob.ID}, Groups: []string{"S0ALL"}}, Reach: everywhere()}},
		Approvals:  []bot.ApprovalRule{{People: bot.People{Users: []string{ann.ID, bob.ID}}, Reach: everywhere(), Remedies: []string{"*"}, Needed: 1, FourEyes: true, Expires: 30 * time.Minute}},
		Responders: bot.People{Users: []string{bob.ID}},
	}
}
