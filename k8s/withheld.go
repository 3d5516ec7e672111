package k8s

import "errors"

var errRepeated = errors.New("refused, with words that repeat the credential, so they are withheld")

// withheld is what became of a write, without the API server's words where they
// repeat the credential: whatever admits objects may quote the whole of one.
func (j job) withheld(err error) error {
	if err == nil || j.credential == nil || !j.credential.Repeats(err.Error()) {
		return err
	}
	return &WriteError{What: "changing " + j.what(), Err: errRepeated}
}
