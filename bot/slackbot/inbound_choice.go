package slackbot

import (
	"context"
	"encoding/json"

	"github.com/slack-go/slack"

	"github.com/pullfix/pullfix/bot"
)

// readChoice reads that somebody chose another plan in a modal: what the modal
// brings, and the hash of the plan; false when it is nothing of ours.
func readChoice(cb slack.InteractionCallback) (brought, string, bool) {
	if len(cb.ActionCallback.BlockActions) != 1 || cb.View.ID == "" {
		return brought{}, "", false
	}
	a := cb.ActionCallback.BlockActions[0]
	b, ok := readBrought(cb.View)
	return b, a.SelectedOption.Value, ok && a.ActionID == choiceAction && plainID.MatchString(a.SelectedOption.Value)
}

// readBrought reads what a modal of ours brings back; false when it is of
// somebody else's making.
func readBrought(v slack.View) (brought, bool) {
	var b brought
	if err := json.Unmarshal([]byte(v.PrivateMetadata), &b); err != nil {
		return brought{}, false
	}
	p, ok := parsePressed(v.CallbackID, pressed{button: b.Button, incident: b.Incident, remedy: b.Remedy}.value())
	return b, ok && opensModal(p.button)
}

// handleChoice draws the modal anew, from the store, for the plan that was
// chosen. What is approved is what is shown by then: see other.
func (f *front) handleChoice(d delivery, cb slack.InteractionCallback) {
	b, hash, ok := readChoice(cb)
	f.acknowledge(d, nil)
	if !ok {
		return
	}
	// What is not drawn is not approved either: other sees the difference.
	key := "choice/" + cb.View.ID + "/" + cb.ActionCallback.BlockActions[0].ActionTs + "/" + hash
	if wait, _ := f.presses.spend(f.person(cb.User.ID, cb.User.TeamID), key); wait > 0 {
		return
	}
	f.modals.offer(func() {
		ctx, cancel := f.until(d.arrived.Add(openWithin))
		defer cancel()
		if _, err := f.api.UpdateViewContext(ctx, f.chosen(ctx, b, hash), "", "", cb.View.ID); err != nil {
			f.o.Log.Warn("drawing a modal anew", "incident", b.Incident, "err", err)
		}
	})
}

// chosen is the modal for another plan of the same remedy.
func (f *front) chosen(ctx context.Context, b brought, hash string) slack.ModalViewRequest {
	i, text := f.own(ctx, b.Incident, bot.Place{Channel: b.Channel, Message: b.Message})
	if text != "" {
		return troubleView(text)
	}
	if o, ok := offered(i, b.Remedy); ok {
		if p, ok := o.plan(hash); ok {
			return drawing{incident: i}.approveSheet(o, p, f.approvers(i, b.Remedy)).view()
		}
	}
	return troubleView(noLonger)
}

// other is the plan that was chosen in a modal and is not the one shown: the
// choice and the approval came so fast that nobody can have read it. "" is the
// usual case.
func other(v slack.View, shown string) string {
	if v.State == nil {
		return ""
	}
	if hash := v.State.Values[choiceBlock][choiceAction].SelectedOption.Value; hash != shown && plainID.MatchString(hash) {
		return hash
	}
	return ""
}
