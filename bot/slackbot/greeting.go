package slackbot

import (
	"time"

	"github.com/slack-go/slack/socketmode"
)

// ownSockets is how many this process opens.
const ownSockets = 1

// hello notes that a socket is good. It is also the only place where Slack says
// which app this is, and how many sockets the app has.
func (l *line) hello(r socketmode.Request) {
	l.greeted = time.Now()
	l.opening.hello()
	l.health.connected(true)
	if l.quickEnds < mostQuickEnds {
		l.health.trouble("")
	}
	if app := r.ConnectionInfo.AppID; app != "" {
		self := *l.self.Load()
		self.app = app
		l.self.Store(&self)
	}
	l.o.Log.Info("connected to Slack", "connections", r.NumConnections)
	l.count(r.NumConnections)
}

// count warns when others use the app token: they get a share of all
// deliveries. Right after a reconnection Slack may still count our old socket.
func (l *line) count(sockets int) {
	if sockets <= ownSockets {
		l.crowded = 0
		l.health.warn("")
		return
	}
	l.crowded++
	if reconnected := l.opening.opened() > 1; reconnected && l.crowded < 2 && sockets == ownSockets+1 {
		return
	}
	const text = "a stranger shares the app token: Slack counts more connections of this app than pullfix has, and gives some of the commands and clicks to the others; if no second pullfix runs on purpose, replace the app token"
	if l.health.warn(text) {
		l.o.Log.Warn(text, "connections", sockets, "ours", ownSockets)
	}
}

// reconnecting notes that the socket before is over. slack-go hides Slack's
// reason; sockets that end at once, again and again, mean that there are too
// many, or that Socket Mode is switched off.
func (l *line) reconnecting() {
	l.health.connected(false)
	began := l.greeted
	if began.IsZero() {
		began = l.joined // Slack may say no before it says hello
	}
	l.greeted, l.joined = time.Time{}, time.Time{}
	if began.IsZero() {
		return
	}
	if time.Since(began) >= quickEnd {
		l.quickEnds = 0
		return
	}
	if l.quickEnds++; l.quickEnds == mostQuickEnds {
		const text = "Slack closes every connection at once: this app has too many connections (is the app token used elsewhere?), or Socket Mode is switched off in the app's settings"
		l.health.trouble(text)
		l.o.Log.Error(text, "opened", l.opening.opened())
	}
}

// settled tells that the socket has been good for a while, after which earlier
// trouble is over; false when Slack never said hello.
func (l *line) settled() bool {
	if l.greeted.IsZero() {
		return false
	}
	l.quickEnds = 0
	l.health.trouble("")
	return true
}
