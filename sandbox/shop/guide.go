package shop

import (
	"github.com/pullfix/pullfix/sandbox/slack"
	"github.com/pullfix/pullfix/sandbox/slack/page"
)

// Page is how the world looks in a browser: who one can be, and what there is
// to try.
func Page() page.Options {
	return page.Options{
		Title: "pullfix demo · Acme", Channel: slack.Ops, Guide: guide(),
		People: []page.Person{
			{User: slack.Ann, Role: "asks"},
			{User: slack.Bob, Role: "approver"},
			{User: slack.Carol, Role: "approver"},
			{User: slack.Dave, Role: "may ask only"},
			{User: slack.Gina, Role: "guest"},
			{User: slack.Erik, Role: "external"},
		},
	}
}

// NobodyComes is the scene in which the deadline of an incident passes.
const NobodyComes = "nobody-comes"

func guide() []page.Guide {
	ask := func(title, text, command string) page.Guide {
		return page.Guide{Title: title, Text: text, Command: "/pullfix " + command, User: slack.Ann}
	}
	read := func(title, text, user string) page.Guide { return page.Guide{Title: title, Text: text, User: user} }
	return []page.Guide{
		ask("See what fails", "Every pod that waits for its image, by root cause.", "scan"),
		{
			Title: "A rollout to a tag that does not exist", Text: "The old pods still serve. Bob asks, and may approve changes; but not this one, since he asked (four eyes).",
			Command: "/pullfix diagnose shop deployment/checkout", User: slack.Bob,
		},
		read("Approve it", "Be Carol, who may approve, too: choose the roll back in the menu, and read what will be done before you confirm.", slack.Carol),
		ask("Pods that were made too early", "The ServiceAccount got its pull secret after them. Deleting them is enough: approve as Bob.", "diagnose shop deployment/cart"),
		ask("A credential that has expired", "An ECR token of last night, here and in 39 other namespaces. Bob replaces it by a fresh one, which is tested first; the kubelet does the rest.", "diagnose media deployment/thumbnails"),
		ask("A secret that does not exist", "Two credentials would do. Bob chooses in the dialog, and sees what each opens.", "diagnose pay deployment/payments"),
		ask("A StatefulSet that does not heal itself", "Its template was corrected, but the broken pod stays. Approve as Bob.", "diagnose shop statefulset/sessions"),
		ask("A registry that is down", "Nothing to approve: somebody has to be called.", "diagnose billing deployment/invoices"),
		{Title: "Nobody comes for twenty minutes", Text: "The stored deadline of the oldest open incident is moved to now: the people on call are mentioned. Acknowledge it, or snooze it.", Scene: NobodyComes},
		read("Write it down", "On a message that is resolved or closed, press Report: the draft of a postmortem is a file in its thread. Say whether the steps were right.", slack.Ann),
		ask("What there is to go wrong next", "From which registries the company pulls, by which secrets, and until when those are valid.", "registries"),
		ask("A secret that nobody can decode", "One such entry stops every pull of the pod.", "diagnose billing deployment/ledger"),
		ask("A public image, and a secret that spoils it", "The kubelet does not try without a login once it has one.", "diagnose web deployment/status"),
		ask("A tag with a slip", "", "diagnose shop deployment/search"),
		ask("An image for another processor", "", "diagnose shop deployment/recommend"),
		ask("A slip in the registry's name", "", "diagnose web deployment/newsletter"),
		ask("A registry that has trouble", "It answers with errors, and is well again about a minute after pullfix has asked it: wait, and see it resolve by itself.", "diagnose billing deployment/reports"),
		ask("Too many pulls", "", "diagnose web deployment/landing"),
		ask("A pod that fails for another reason", "", "diagnose web blog-0"),
		ask("A healthy one", "", "diagnose shop deployment/storefront"),
		ask("A message from a kubelet", "No cluster is asked for it.", `explain Failed to pull image "ghcr.io/acme/app:1": not found`),
		read("A guest clicks", "Be Gina and press any button: only she sees the answer.", slack.Gina),
	}
}
