package slack

import (
	"fmt"
	"io"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
)

// upload is a file on its way, or there.
type upload struct {
	file    File
	ticket  string
	length  int
	content []byte
	done    bool
}

const maxUpload = 8 << 20

func uploadURL(w *Workspace, c *call) (object, error) {
	name := c.str("filename")
	length, err := strconv.Atoi(c.str("length"))
	if name == "" || err != nil || length < 1 {
		return nil, invalidArguments([]Problem{{Message: "must be greater than 1", Pointer: "/length"}})
	}
	if length > maxUpload {
		return nil, refuse("file_upload_size_restricted")
	}
	id := w.nextID("F")
	kind := mime.TypeByExtension(path.Ext(name))
	if kind == "" {
		kind = "text/plain; charset=utf-8"
	}
	u := &upload{
		file:   File{ID: id, Name: name, Title: name, Mimetype: kind, Size: length, URL: "/control/files/" + id},
		ticket: unguessable(), length: length,
	}
	w.uploads[id] = u
	return object{"upload_url": w.base + "/upload/" + u.ticket, "file_id": id}, nil
}

// serveUpload takes the content, raw or as the one part of a form.
func (w *Workspace) serveUpload(rw http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(rw, r.Body, maxUpload+maxBody)
	content, err := uploadPart(r)
	if err != nil {
		http.Error(rw, "no file in the form", http.StatusBadRequest)
		return
	}
	raw, err := io.ReadAll(content)
	if err != nil {
		http.Error(rw, "upload broken off", http.StatusBadRequest)
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, u := range w.uploads {
		if u.ticket == strings.TrimPrefix(r.URL.Path, "/upload/") && u.content == nil && len(raw) == u.length {
			u.content = raw
			w.transcript.add(Entry{Kind: "call", Name: "upload", Body: string(raw)})
			_, _ = io.WriteString(rw, "OK - "+strconv.Itoa(len(raw)))
			return
		}
	}
	http.Error(rw, "upload not expected", http.StatusBadRequest)
}

// uploadPart is the body, or the file in it when it is a form. Clients differ
// in what they call that part: file, filename, body.
func uploadPart(r *http.Request) (io.Reader, error) {
	if !strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/") {
		return r.Body, nil
	}
	form, err := r.MultipartReader()
	if err != nil {
		return nil, fmt.Errorf("reading the form: %w", err)
	}
	for {
		part, err := form.NextPart()
		if err != nil {
			return nil, fmt.Errorf("looking for the file in the form: %w", err)
		}
		if part.FileName() != "" {
			return part, nil
		}
	}
}

func completeUpload(w *Workspace, c *call) (object, error) {
	listed, err := c.structure("files")
	list, _ := listed.([]any)
	if err != nil || len(list) == 0 {
		return nil, invalidArguments([]Problem{{Message: "missing required field: files"}})
	}
	files, err := w.uploaded(list)
	if err != nil {
		return nil, err
	}
	if id := c.str("channel_id"); id != "" {
		c.args["channel"] = id
		ch, err := w.target(c, true)
		if err != nil {
			return nil, err
		}
		m := w.botMessage(ch.ID)
		m.Text, m.Files, m.ThreadTS = c.str("initial_comment"), files, c.str("thread_ts")
		if _, ok := w.message(ch.ID, m.ThreadTS); m.ThreadTS != "" && !ok {
			return nil, refuse("thread_not_found")
		}
		w.post(m)
	}
	for _, f := range files {
		w.uploads[f.ID].done = true
		w.uploads[f.ID].file.Title = f.Title
	}
	return object{"files": wireFiles(files, w.base)}, nil
}

// uploaded are the files of the list, each with its content there.
func (w *Workspace) uploaded(list []any) ([]File, error) {
	var files []File
	for _, item := range list {
		entry, _ := item.(map[string]any)
		id, _ := entry["id"].(string)
		u, ok := w.uploads[id]
		if !ok || u.content == nil || u.done {
			return nil, refuse("file_not_found")
		}
		f := u.file
		if title, _ := entry["title"].(string); title != "" {
			f.Title = title
		}
		files = append(files, f)
	}
	return files, nil
}

func wireFiles(files []File, base string) []object {
	out := []object{}
	for _, f := range files {
		out = append(out, object{
			"id": f.ID, "name": f.Name, "title": f.Title, "mimetype": f.Mimetype, "size": f.Size,
			"url_private": base + f.URL, "mode": "hosted",
		})
	}
	return out
}

// FileContent is what was uploaded under the file id.
func (w *Workspace) FileContent(id string) ([]byte, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	u, ok := w.uploads[id]
	if !ok || !u.done {
		return nil, false
	}
	return u.content, true
}
