package written_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pullfix/pullfix/registry/source/written"
	"github.com/pullfix/pullfix/runbook"
)

const marker = "mArKeR-s3cret"

func TestParseLogin(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ text, user, password, err string }{
		"line":               {text: "ann:" + marker, user: "ann", password: marker},
		"line break":         {text: "ann:" + marker + "\n", user: "ann", password: marker},
		"Windows":            {text: "ann:" + marker + "\r\n", user: "ann", password: marker},
		"colons":             {text: "robot$a+b:x:y:z", user: "robot$a+b", password: "x:y:z"},
		"password of spaces": {text: "ann: x ", user: "ann", password: " x "},
		"JSON":               {text: `{"username":"_json_key","password":"{\n}"}`, user: "_json_key", password: "{\n}"},
		"JSON, spaced":       {text: " {\"username\": \"ann\",\n \"password\": \"" + marker + "\"}\n", user: "ann", password: marker},
		"empty":              {text: "\n", err: "it is empty"},
		"no colon":           {text: marker, err: "neither user:password nor"},
		"lines":              {text: "ann:" + marker + "\nbob:x", err: "several lines"},
		"two line breaks":    {text: "ann:" + marker + "\n\n", err: "several lines"},
		"no user":            {text: ":" + marker, err: "the user is empty"},
		"no password":        {text: "ann:", err: "the password is empty"},
		"spaced user":        {text: "ann :" + marker, err: "the user has a space"},
		"JSON more":          {text: `{"username":"ann","password":"x","email":"` + marker + `"}`, err: "begins like JSON"},
		"JSON less":          {text: `{"password":"` + marker + `"}`, err: "begins like JSON"},
		"JSON null":          {text: `{"username":"ann","password":null}`, err: "begins like JSON"},
		"JSON number":        {text: `{"username":"ann","password":1234}`, err: "begins like JSON"},
		"JSON empty":         {text: `{"username":"ann","password":""}`, err: "the password is empty"},
		"JSON colon":         {text: `{"username":"ann:x","password":"y"}`, err: "a colon"},
		"JSON twice":         {text: `{"username":"ann","password":"x"}{}`, err: "begins like JSON"},
		"JSON broken":        {text: `{"username":"ann","password":"` + marker, err: "begins like JSON"},
		"bytes":              {text: "ann:\xff\xfe", err: "not UTF-8"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, err := written.ParseLogin(test.text)
			if test.err == "" {
				if err != nil || c.User != test.user || c.Password.Reveal() != test.password {
					t.Errorf("user %q, password %q, error %v", c.User, c.Password.Reveal(), err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), test.err) || strings.Contains(err.Error(), marker) {
				t.Errorf("error %v", err)
			}
		})
	}
}

// FuzzParseLogin: whatever is typed, a login has two parts, or the error shows
// nothing of it.
func FuzzParseLogin(f *testing.F) {
	for _, seed := range []string{"ann:x", "ann:x\r\n", `{"username":"ann","password":"x"}`, "{", ":", "a:b\nc", "\xff"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c, err := written.ParseLogin(text)
		if err == nil && (c.Anonymous() || strings.ContainsAny(c.User, " :\n")) {
			t.Errorf("took %q", text)
		}
		if err != nil && (!c.Anonymous() || len(err.Error()) > 200) {
			t.Errorf("error %v for %q", err, text)
		}
		if err == nil && strings.Contains(fmt.Sprintf("%+v", c), c.Password.Reveal()) && len(c.Password.Reveal()) > len("[hidden]…") {
			t.Errorf("prints its password")
		}
	})
}

func TestReadLogin(t *testing.T) {
	t.Parallel()
	c, err := written.ReadLogin(strings.NewReader("ann:" + marker + "\n"))
	if err != nil || c.User != "ann" || c.Password.Reveal() != marker {
		t.Errorf("read %v, error %v", c, err)
	}
	if _, err := written.ReadLogin(strings.NewReader(strings.Repeat("a:", 1<<20))); err == nil {
		t.Error("read without end")
	}
}

func TestEnvironment(t *testing.T) {
	t.Parallel()
	variables := map[string]string{"USER_OF_IT": "ann", "TOKEN": marker}
	e := written.Environment{Getenv: func(name string) string { return variables[name] }, User: "USER_OF_IT", Password: "TOKEN"}
	s, err := e.Supply(t.Context(), runbook.Need{})
	if err != nil || s.Credential.User != "ann" || s.Credential.Password.Reveal() != marker || !s.Steady {
		t.Errorf("supply %+v, error %v", s, err)
	}
	for _, name := range []string{"TOKEN", "USER_OF_IT"} {
		variables[name] = ""
		if _, err := e.Supply(t.Context(), runbook.Need{}); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("without %s: %v", name, err)
		}
	}
}

func TestFile(t *testing.T) {
	t.Parallel()
	write := func(text string) string {
		path := filepath.Join(t.TempDir(), "login")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	tests := map[string]struct {
		file           written.File
		user, password string
		err            string
	}{
		"login":          {file: written.File{Path: write("ann:" + marker + "\n")}, user: "ann", password: marker},
		"password":       {file: written.File{Path: write(marker + "\n"), User: "bob"}, user: "bob", password: marker},
		"several lines":  {file: written.File{Path: write("{\n}\n"), User: "_json_key"}, user: "_json_key", password: "{\n}"},
		"empty":          {file: written.File{Path: write(""), User: "bob"}, err: "it is empty"},
		"no login":       {file: written.File{Path: write(marker)}, err: "neither user:password"},
		"too long":       {file: written.File{Path: write(strings.Repeat("a", 1<<20)), User: "bob"}, err: "no login"},
		"not there":      {file: written.File{Path: filepath.Join(t.TempDir(), "none")}, err: "no such file"},
		"is a directory": {file: written.File{Path: t.TempDir(), User: "bob"}, err: "is a directory"},
	}
	for name, test := range tests {
		s, err := test.file.Supply(t.Context(), runbook.Need{})
		if test.err == "" && (err != nil || s.Credential.User != test.user || s.Credential.Password.Reveal() != test.password) {
			t.Errorf("%s: supply %+v, error %v", name, s, err)
		}
		if test.err != "" && (err == nil || !strings.Contains(err.Error(), test.err) || strings.Contains(err.Error(), marker)) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

func TestGiven(t *testing.T) {
	t.Parallel()
	c, err := written.ParseLogin("ann:" + marker)
	if err != nil {
		t.Fatal(err)
	}
	if s, err := (written.Given{Credential: c}).Supply(t.Context(), runbook.Need{}); err != nil || !s.Credential.Equal(c) {
		t.Errorf("supply %+v, error %v", s, err)
	}
}
