package journal

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"github.com/pullfix/pullfix/bot"
)

// maxDocument bounds a document, in bytes: as much as a ConfigMap takes.
const maxDocument = 1 << 20

// encode returns the document of an incident. Its errors are a *FormError and a
// *TooLargeError.
func encode(i bot.Incident) ([]byte, error) {
	if i.Version != bot.DocumentVersion {
		return nil, &FormError{ID: i.ID, Form: i.Version, Known: bot.DocumentVersion}
	}
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	// Registries' messages are full of quotes and angle brackets: people who look
	// into a document should be able to read it.
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(i); err != nil {
		return nil, fmt.Errorf("encoding incident %s: %w", i.ID, err)
	}
	if b.Len() > maxDocument {
		return nil, &TooLargeError{ID: i.ID, Bytes: b.Len(), Most: maxDocument}
	}
	return b.Bytes(), nil
}

// decode reads the document of that incident. Fields that it does not know are
// passed over, so that a field can be added without a new version. A *FormError
// says that the version is unknown; every other error that it is corrupt.
func decode(id string, body []byte) (bot.Incident, error) {
	if len(body) > maxDocument {
		return bot.Incident{}, fmt.Errorf("it has more than %d bytes", maxDocument)
	}
	// The rest of a newer form may be anything.
	var form struct {
		Version int `json:"version"`
	}
	if err := json.Unmarshal(body, &form); err != nil {
		return bot.Incident{}, fmt.Errorf("decoding it: %w", err)
	}
	if form.Version != bot.DocumentVersion {
		return bot.Incident{}, &FormError{ID: id, Form: form.Version, Known: bot.DocumentVersion}
	}
	var i bot.Incident
	if err := json.Unmarshal(body, &i); err != nil {
		return bot.Incident{}, fmt.Errorf("decoding it: %w", err)
	}
	if i.ID != id {
		return bot.Incident{}, fmt.Errorf("it is the record of incident %q", i.ID)
	}
	return i, nil
}

// entryOf says under which name an incident is kept, and since when nothing is
// to be done about it.
func entryOf(i bot.Incident) entry {
	e := entry{name: i.ID}
	if i.Pends() {
		return e
	}
	e.finished = i.Opened
	if i.Ending != nil && !i.Ending.At.IsZero() {
		e.finished = i.Ending.At
	}
	e.finished = e.finished.UTC().Truncate(time.Second)
	if e.finished.IsZero() {
		e.finished = time.Unix(0, 0).UTC()
	}
	return e
}
