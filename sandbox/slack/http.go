package slack

import (
	"net"
	"net/http"
	"net/url"
)

// Handler serves the whole workspace. What is not its own answers 404, so that
// a page can be put around it.
func (w *Workspace) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/api/{method...}", w.serveAPI)
	mux.HandleFunc("GET /link/", w.serveLink)
	mux.HandleFunc("POST /response/{id...}", w.serveResponse)
	mux.HandleFunc("POST /upload/{ticket}", w.serveUpload)
	mux.Handle("/control/", guarded(w.control()))
	return mux
}

// learnBase takes the caller's name for this workspace as its address, unless
// it is known. It wants w.mu held.
func (w *Workspace) learnBase(r *http.Request) {
	if w.base == "" {
		w.base = "http://" + r.Host
	}
}

// guarded lets only this machine in, and no other web site that is open in a
// browser on it: neither by a name that was made to point here (DNS
// rebinding), nor by a form or script of another origin.
func guarded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if !loopbackHost(r.Host) || !sameOrigin(r) {
			http.Error(rw, "only for pages of this workspace", http.StatusForbidden)
			return
		}
		rw.Header().Set("Cache-Control", "no-store")
		rw.Header().Set("X-Content-Type-Options", "nosniff")
		next.ServeHTTP(rw, r)
	})
}

func loopbackHost(hostport string) bool {
	host, _, err := net.SplitHostPort(hostport)
	if err != nil {
		host = hostport
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func sameOrigin(r *http.Request) bool {
	if site := r.Header.Get("Sec-Fetch-Site"); site != "" && site != "same-origin" && site != "none" {
		return false
	}
	origin := r.Header.Get("Origin")
	if origin == "" {
		return true
	}
	u, err := url.Parse(origin)
	return err == nil && u.Host == r.Host
}
