package slackbot

import (
	"fmt"
	"strings"

	"github.com/pullfix/pullfix/bot"
	"github.com/pullfix/pullfix/runbook"
)

// mostProof is how many sentences of proof stand in the root message; the rest
// is in the thread.
const mostProof = 3

// proof is what the verdict rests on, or what was tried.
func (d drawing) proof() markup {
	v := d.incident.Verdict
	switch {
	case d.incident.Compromised != nil:
		return ""
	case v == nil:
		return d.trouble()
	}
	var parts []markup
	if n := len(v.Suggestions); n > 0 {
		var tags []markup
		for _, s := range v.Suggestions[:min(n, 5)] {
			tags = append(tags, code(s, 140))
		}
		parts = append(parts, "Nearest tags: "+join(", ", roomSentence, tags)+".")
	}
	for _, s := range v.Details[:min(len(v.Details), mostProof)] {
		parts = append(parts, quote(s, roomSentence))
	}
	if v.Certainty == "likely" {
		parts = append(parts, "_Likely, not proven._")
	}
	return join("\n", roomText, parts)
}

func (d drawing) trouble() markup {
	if d.incident.Trouble == "" {
		return ""
	}
	return "Tried, and it did not work: " + quote(d.incident.Trouble, roomSentence) + "\nFor an unknown cause nothing should be changed. Try again, or look by hand: " +
		code("kubectl -n "+d.incident.Target.Namespace+" describe pod "+d.incident.Target.Name, roomName)
}

// steps are the marks of the runbook's rows.
func (d drawing) steps() markup {
	v := d.incident.Verdict
	if v == nil {
		return ""
	}
	var parts []markup
	for _, s := range v.Steps {
		parts = append(parts, markup(markOf(s.Status))+" "+quote(s.Title, 60))
	}
	return join("   ", roomText, parts)
}

// markOf is a mark that differs without its colour.
func markOf(status string) string {
	switch status {
	case runbook.StatusOK:
		return "✓"
	case runbook.StatusProblem:
		return "✗"
	case runbook.StatusWarning:
		return "!"
	case runbook.StatusError:
		return "?"
	}
	return "·"
}

// advice is the recommended remedy in words. Where pullfix cannot carry it out,
// the command is in the thread.
func (d drawing) advice() markup {
	i := d.incident
	if i.Verdict == nil || len(i.Verdict.Remedies) == 0 || i.State == bot.Changing || i.State == bot.Watching || i.Compromised != nil {
		return ""
	}
	r := i.Verdict.Remedies[0]
	text := "*" + quote(r.Title, roomName) + "*"
	o, can := offered(i, r.ID)
	if !can && r.Command != "" && r.Kind != runbook.Wait {
		text += " (command in the thread)"
	}
	if r.Why != "" {
		text += "\n" + quote(r.Why, roomSentence)
	}
	if can {
		text += o.fresh(i.Opened)
	}
	if r.Risk != "" && r.Risk != "none" {
		text += "\nRisk: " + quote(r.Risk, roomSentence)
	}
	if why := d.withheld(r.ID); why != "" {
		text += "\nNo button for it: " + quote(why, roomSentence)
	}
	return text
}

// withheld says why a remedy has no button although pullfix knows how; "" when
// it has one, or there is nothing to say.
func (d drawing) withheld(remedy string) string {
	if _, can := offered(d.incident, remedy); can {
		return ""
	}
	for _, p := range d.incident.Plans {
		if p.Remedy.ID == remedy {
			return withheld(p)
		}
	}
	return ""
}

// remarks are what a person should know besides.
func (d drawing) remarks() markup {
	i := d.incident
	var parts []markup
	if i.Verdict != nil {
		parts = append(append(d.earlierChanges(), sentences(i.Verdict.Notes, "")...), d.noButtons()...)
		if n := len(i.Verdict.Failures); n > 0 {
			parts = append(parts, markup(capital(count(n, "further failing pull")+"; see the thread.")))
		}
		if i.Trouble != "" {
			parts = append(parts, "The newest look did not work: "+quote(i.Trouble, roomSentence))
		}
	}
	return join("\n", roomText, parts)
}

// noButtons are the remedies beside the recommended one that have no button,
// each with the reason.
func (d drawing) noButtons() []markup {
	i := d.incident
	if (i.State != bot.Open && i.State != bot.Asking) || i.Compromised != nil {
		return nil
	}
	var parts []markup
	for _, r := range i.Verdict.Remedies[min(len(i.Verdict.Remedies), 1):] {
		if why := d.withheld(r.ID); why != "" && len(parts) < 3 {
			parts = append(parts, "No button for “"+quote(r.Title, roomName)+"”: "+quote(why, roomName))
		}
	}
	return parts
}

// decision is what was clicked and what became of it.
func (d drawing) decision() markup {
	i := d.incident
	c := i.Decision
	if c == nil {
		return ""
	}
	line := "◐ *" + quote(c.Title, roomName) + "*" + chosenWay(*c) + " · "
	switch {
	case c.Refused != "" && i.State == bot.Open:
		return "*" + quote(c.Title, roomName) + "*: nothing was changed, because " + quote(strings.TrimSuffix(c.Refused, "."), roomSentence) + "."
	case i.State == bot.Asking:
		return line + d.approvers() + markup(fmt.Sprintf(" · needs %d more · expires ", max(c.Needed-len(c.Granted), 0))) + clock(c.Expires, i.Opened)
	case i.State == bot.Changing && len(c.Receipts) > 0:
		return line + d.approvers() + " · being carried out: " + carried(*c)
	case i.State == bot.Changing:
		return line + d.approvers() + " · being carried out"
	case i.State == bot.Watching:
		return line + d.approvers() + " · " + carried(*c) + d.next() + d.comingBack()
	}
	return ""
}

// chosenWay tells which of several ways was approved.
func chosenWay(c bot.Decision) markup {
	if c.Plan == nil || c.Plan.Choice == "" {
		return ""
	}
	return " (" + quote(c.Plan.Choice, roomName) + ")"
}

func (d drawing) approvers() markup {
	var parts []markup
	for _, a := range d.incident.Decision.Granted {
		parts = append(parts, mention(a.Person)+" "+clock(a.At, d.incident.Opened))
	}
	if len(parts) == 0 {
		return "approved by nobody yet"
	}
	return "approved by " + join(", ", roomSentence, parts)
}

// carried counts what was done of all that was approved: by namespace, where
// there are several.
func carried(c bot.Decision) markup {
	done, unsure, total := 0, 0, max(c.Total(), len(c.Receipts))
	places, all := map[string]bool{}, map[string]bool{}
	for _, r := range c.Receipts {
		if r.Done {
			done++
			places[r.Action.Namespace] = true
		}
		if r.Unsure {
			unsure++
		}
	}
	if c.Plan != nil {
		for _, a := range c.Plan.Actions {
			all[a.Namespace] = true
		}
	}
	text := fmt.Sprintf("%d of %d written", done, total)
	switch {
	case len(all) > 1:
		text = fmt.Sprintf("written in %d of %d namespaces", len(places), len(all))
	case done == 1 && total == 1:
		text = "written"
	}
	if unsure > 0 {
		text += fmt.Sprintf(", %d unsure", unsure)
	}
	return markup(text)
}

// next is what follows without anybody's doing, or why it does not.
func (d drawing) next() markup {
	i := d.incident
	c := i.Decision
	text := markup("")
	if len(c.Receipts) > 0 && c.Receipts[0].Action.Entry != nil && (i.Recovery == nil || i.Recovery.Waiting > 0) {
		text += " · the kubelet retries within 5 min"
	}
	switch {
	case i.Canary():
		text += "\nThe rest follows once the first namespace has recovered."
	case c.Halted != "":
		text += "\n*The rest is not carried out:* " + said(strings.TrimSuffix(c.Halted, "."), roomSentence, d.known) + "."
	}
	return text
}

// comingBack is a bar of the pods, and how far they are.
func (d drawing) comingBack() markup {
	r := d.incident.Recovery
	if r == nil || r.Wanted <= 0 {
		return ""
	}
	pulled := min(max(r.Pulled, 0), r.Wanted)
	const width = 12
	full := pulled * width / r.Wanted
	counts := []string{fmt.Sprintf("\npulled %d/%d %s%s", pulled, r.Wanted, strings.Repeat("▓", full), strings.Repeat("░", width-full))}
	for _, part := range []struct {
		n    int
		word string
	}{{r.Ready, "ready"}, {r.Pulling, "pulling"}, {r.Waiting, "waiting"}} {
		if part.n > 0 {
			counts = append(counts, fmt.Sprintf("%d %s", part.n, part.word))
		}
	}
	lines := []markup{markup(strings.Join(counts, " · "))}
	for _, s := range r.After[:min(len(r.After), mostProof)] {
		lines = append(lines, "! "+quote(s, roomName))
	}
	return join("\n", roomText, lines)
}

// earlierChanges are what was changed before the decision that is shown.
func (d drawing) earlierChanges() []markup {
	var parts []markup
	for _, c := range d.incident.Past {
		parts = append(parts, "Done before: "+quote(c.Title, roomName)+", "+carried(c))
	}
	return parts[max(len(parts)-mostProof, 0):]
}

// compromised says that a security incident is declared. What made somebody
// think so is for the security channel alone.
func (d drawing) compromised() markup {
	c := d.incident.Compromised
	if c == nil {
		return ""
	}
	text := "▲ *Security incident*, declared by " + mention(c.By) + " " + clock(c.At, d.incident.Opened) +
		". pullfix changes nothing about it any more and does not close it by itself."
	if c.Confided {
		text += " Details are in the security channel only."
	}
	return text
}

// sentences are outside sentences, as many as may fit, each behind a mark.
func sentences(list []string, mark markup) []markup {
	return each(list, roomText, func(s string) markup { return mark + quote(s, roomSentence) })
}
