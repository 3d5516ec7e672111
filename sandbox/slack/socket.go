package slack

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

const (
	maxSockets = 10
	// queueOfSocket is how many frames may wait for a client that reads slowly.
	queueOfSocket = 4096
	slackOrigin   = "https://api.slack.com"
)

// socket is one Socket Mode connection.
type socket struct {
	id    int
	w     *Workspace
	conn  *websocket.Conn
	raw   *framed
	out   chan outgoing
	done  chan struct{} // closed when the connection is
	stall chan struct{} // closed to fall silent
	// timers end its life.
	timers  []*time.Timer
	opened  time.Time
	leaving bool // gets no payloads any more
	once    sync.Once
	hush    sync.Once
}

// outgoing is a frame to send, or with a code the close that ends it all.
type outgoing struct {
	frame []byte
	code  int
	text  string
}

func openConnection(w *Workspace, _ *call) (object, error) {
	ticket := unguessable()
	w.tickets[ticket] = w.now()
	hash := strings.Repeat(strings.ReplaceAll(unguessable(), "-", ""), 2)
	url := "ws" + strings.TrimPrefix(w.base, "http") + "/link/?ticket=" + ticket + "&app_id=" + hash
	return object{"url": url}, nil
}

// serveLink upgrades a request with a fresh ticket to a Socket Mode socket,
// and serves it until it ends.
func (w *Workspace) serveLink(rw http.ResponseWriter, r *http.Request) {
	if !loopbackHost(r.Host) || !w.redeem(r.URL.Query().Get("ticket")) {
		http.Error(rw, "invalid ticket", http.StatusForbidden)
		return
	}
	upgrader := websocket.Upgrader{
		ReadBufferSize: 4096, WriteBufferSize: 64 << 10,
		CheckOrigin: func(r *http.Request) bool {
			origin := r.Header.Get("Origin")
			return origin == "" || origin == slackOrigin
		},
	}
	taken := &watched{ResponseWriter: rw}
	conn, err := upgrader.Upgrade(taken, r, nil)
	if err != nil {
		w.options.Log.Debug("socket refused", "err", err)
		return
	}
	s := &socket{
		w: w, conn: conn, raw: taken.conn, opened: time.Now(),
		out: make(chan outgoing, queueOfSocket), done: make(chan struct{}), stall: make(chan struct{}),
	}
	life := w.options.Life
	if r.URL.Query().Get("debug_reconnects") == "true" {
		life = min(life, 360*time.Second)
	}
	var writing sync.WaitGroup
	writing.Go(s.write)
	w.greet(s, life)
	s.read()
	s.end()
	writing.Wait()
}

func (w *Workspace) redeem(ticket string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	_, ok := w.tickets[ticket]
	delete(w.tickets, ticket)
	return ok
}

// greet says hello to a new socket, or turns it away.
func (w *Workspace) greet(s *socket, life time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.serial++
	s.id = w.serial
	w.transcript.add(Entry{Kind: "socket", Name: "opened", Socket: s.id})
	reason := ""
	switch {
	case w.switches.SocketModeOff:
		reason = "link_disabled"
	case w.switches.TooManySockets || len(w.sockets) >= maxSockets:
		reason = "too_many_websockets"
	}
	if reason != "" {
		s.disconnect(reason)
		s.queueClose(websocket.CloseNormalClosure, "")
		return
	}
	w.sockets = append(w.sockets, s)
	s.queue(Entry{Name: "hello"}, object{
		"type": "hello", "num_connections": len(w.sockets), "connection_info": object{"app_id": w.options.Seed.App.ID},
		"debug_info": object{
			"host": "applink-1", "started": s.opened.UTC().Format("2006-01-02 15:04:05.000"), "build_number": 54,
			"approximate_connection_time": int(life.Seconds()),
		},
	})
	ahead := min(w.options.WarnAhead, life)
	s.timers = []*time.Timer{time.AfterFunc(life-ahead, func() { w.Disrupt(Warn, s.id) })}
	w.redeliver()
	w.changed(Change{Kind: "sockets"})
}

// live lists the sockets that payloads may go to. It wants w.mu held.
func (w *Workspace) live() []*socket {
	var out []*socket
	for _, s := range w.sockets {
		if !s.leaving {
			out = append(out, s)
		}
	}
	return out
}

// queue sends a frame in its turn. It never waits, for w.mu is held.
func (s *socket) queue(e Entry, frame object) {
	raw := encode(frame)
	e.Kind, e.Socket, e.Body = "sent", s.id, string(raw)
	s.w.transcript.add(e)
	s.enqueue(outgoing{frame: raw})
}

func (s *socket) queueClose(code int, text string) {
	s.leaving = true
	s.enqueue(outgoing{code: code, text: text})
}

func (s *socket) enqueue(o outgoing) {
	select {
	case s.out <- o:
	default:
		go s.end() // the client has not read for thousands of frames
	}
}

func (s *socket) disconnect(reason string) {
	s.queue(Entry{Name: "disconnect " + reason}, object{
		"type": "disconnect", "reason": reason, "debug_info": object{"host": "applink-1"},
	})
}

// write sends what is queued, and pings in between.
func (s *socket) write() {
	every := s.w.options.PingEvery
	ping := time.NewTimer(every * 3 / 10) // the first comes early
	defer ping.Stop()
	for {
		var err error
		select {
		case <-s.done:
			return
		case <-s.stall:
			<-s.done
			return
		case o := <-s.out:
			if o.code != 0 {
				s.closing(o.code, o.text)
				return
			}
			_ = s.conn.SetWriteDeadline(time.Now().Add(10 * time.Second))
			err = s.conn.WriteMessage(websocket.TextMessage, o.frame)
		case <-ping.C:
			ping.Reset(every)
			err = s.conn.WriteControl(websocket.PingMessage, []byte("Ping from applink-1"), time.Now().Add(time.Second))
		}
		if err != nil {
			s.end()
			return
		}
	}
}

// closing sends the close frame. The reader ends the connection as soon as the
// client has answered it, or does not within a second.
func (s *socket) closing(code int, text string) {
	soon := time.Now().Add(time.Second)
	_ = s.conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, text), soon)
	_ = s.conn.SetReadDeadline(soon)
}

// read takes acknowledgements until the connection ends.
func (s *socket) read() {
	s.conn.SetPingHandler(func(content string) error {
		select {
		case <-s.stall:
			return nil
		default:
		}
		err := s.conn.WriteControl(websocket.PongMessage, []byte(content), time.Now().Add(time.Second))
		if errors.Is(err, websocket.ErrCloseSent) {
			return nil
		}
		return err
	})
	for {
		kind, raw, err := s.conn.ReadMessage()
		if err != nil {
			s.refuse(err)
			return
		}
		select {
		case <-s.stall:
			continue // nobody listens
		default:
		}
		s.w.transcript.add(Entry{Kind: "received", Name: "ack", Socket: s.id, Envelope: envelopeOf(raw), Body: string(raw)})
		if kind == websocket.TextMessage {
			s.w.acknowledged(s, raw)
		}
	}
}

// refuse closes for a frame that Slack does not take. What the client still
// sends is read, or TCP would throw away the close frame.
func (s *socket) refuse(err error) {
	switch {
	case errors.Is(err, errFrameTooBig):
		s.closing(websocket.CloseMessageTooBig, fmt.Sprintf("Max frame length of %d has been exceeded.", maxFrame))
	case errors.Is(err, errFragmented):
		s.closing(websocket.CloseUnsupportedData, "Fragmented frames are not supported.")
	default:
		return
	}
	s.w.leave(s)
	_ = s.raw.SetReadDeadline(time.Now().Add(time.Second))
	s.raw.awaitClose()
}

// leave sends no more payloads to the socket.
func (w *Workspace) leave(s *socket) {
	w.mu.Lock()
	defer w.mu.Unlock()
	s.leaving = true
}

// end breaks the connection, without a close frame if none was sent before.
func (s *socket) end() {
	s.once.Do(func() {
		_ = s.conn.Close()
		close(s.done)
		s.w.mu.Lock()
		defer s.w.mu.Unlock()
		for _, t := range s.timers {
			t.Stop()
		}
		s.w.sockets = slices.DeleteFunc(s.w.sockets, func(o *socket) bool { return o == s })
		s.w.transcript.add(Entry{Kind: "socket", Name: "closed", Socket: s.id})
		s.w.changed(Change{Kind: "sockets"})
	})
}

func envelopeOf(raw []byte) string {
	v, err := decode(raw)
	if err != nil {
		return ""
	}
	o, _ := v.(map[string]any)
	id, _ := o["envelope_id"].(string)
	return id
}
