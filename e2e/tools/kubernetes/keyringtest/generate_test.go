package keyringtest

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"

	v1 "k8s.io/api/core/v1"
)

// generator makes pull secrets and images that nearly match.
type generator struct {
	*rand.Rand
	passwords int // each credential is unique, so that mixing them up shows
}

// pick returns one of choices.
func pick[T any](g *generator, choices ...T) T { return choices[g.IntN(len(choices))] }

// chance is true in one of n cases.
func (g *generator) chance(n int) bool { return g.IntN(n) == 0 }

// world is what images and keys of one case are made of, few words, so that
// they meet.
type world struct{ hosts, paths []string }

func (g *generator) world() world {
	hosts := []string{
		"docker.io", "docker.io", "ghcr.io", "quay.io", "reg.example.com", "reg.example.com:5000", "reg.example.com:443",
		"123456789012.dkr.ecr.us-east-1.amazonaws.com", "eu.gcr.io", "localhost", "localhost:5000", "10.0.0.5:5000",
		"[2001:db8::1]", "[2001:db8::1]:5000", "registry-1.docker.io", "index.docker.io", "Acme", "Reg.Example.com", "xn--bcher-kva.example",
	}
	paths := []string{"a", "a/b", "ab/c", "library/nginx", "nginx", "org/app", "org/app2", "org", "v1/x", "v2/y/z", "a-b/c_d", "a/b/c/d"}
	return world{
		hosts: []string{pick(g, hosts...), pick(g, hosts...)},
		paths: []string{pick(g, paths...), pick(g, paths...), pick(g, paths...)},
	}
}

// image returns a reference, mostly a sound one.
func (g *generator) image(w world) string {
	name := pick(g, w.hosts[0], w.hosts[0], w.hosts[1]) + "/" + pick(g, w.paths...)
	if g.chance(5) {
		name = pick(g, w.paths...)
	}
	switch g.IntN(12) {
	case 0, 1, 2:
		name += ":" + pick(g, "1", "latest", "v1.2")
	case 3:
		name += "@sha256:" + strings.Repeat("ab12", 16)
	case 4:
		if g.chance(4) {
			name = pick(g, "", " "+name, name+" ", strings.ToUpper(name), "https://"+name, name+"//x", "${IMAGE}")
		}
	}
	return name
}

// key returns a key of auths that nearly fits the world.
func (g *generator) key(w world) string {
	host := w.hosts[0]
	if g.chance(3) {
		host = pick(g, w.hosts...)
	}
	if g.chance(3) {
		host = g.bendHost(host)
	}
	return g.scheme() + host + g.path(w)
}

func (g *generator) bendHost(host string) string {
	labels := strings.Split(host, ".")
	i := g.IntN(len(labels))
	switch g.IntN(9) {
	case 0:
		labels[i] = "*"
	case 1:
		if label := labels[i]; label != "" {
			labels[i] = pick(g, label[:1]+"*", "*"+label[len(label)-1:], "?"+label[1:], "[a-z]"+label[1:])
		}
	case 2:
		labels = append([]string{"*"}, labels[min(1, len(labels)-1):]...)
	case 3:
		return strings.ToUpper(host)
	case 4:
		return pick(g, host+":443", host+":5000", host+":", host+":80", host+":abc")
	case 5:
		return pick(g, " "+host, host+" ", host+"\n", "user:secret@"+host, "@"+host, host+"%41", host+"%zz")
	case 6:
		return pick(g, "index.docker.io", "docker.io", "registry-1.docker.io", "hub.docker.com", "*.docker.io", "*.io", "*", "")
	case 7:
		name, _, _ := strings.Cut(host, ":")
		return name
	default:
		return pick(g, "other.example.com", "ghcr.io", "sub."+host, `ghcr\.io`)
	}
	return strings.Join(labels, ".")
}

func (g *generator) scheme() string {
	if g.chance(2) {
		return ""
	}
	return pick(g, "https://", "https://", "https://", "http://", "HTTPS://", "docker://", "//")
}

func (g *generator) path(w world) string {
	path := pick(g, w.paths...)
	switch g.IntN(14) {
	case 0, 1:
		return "/" + path
	case 2:
		return "/" + path[:1+g.IntN(len(path))]
	case 3:
		return pick(g, "/v1/", "/v2/", "/v1", "/v2") + pick(g, "", "", path)
	case 4:
		return pick(g, "/", "//", "/"+path+"/", "//"+path)
	case 5:
		return pick(g, "/*", "/"+path+"*", "/"+path+":1", "/"+strings.ToUpper(path), "/"+path+"@sha256:"+strings.Repeat("ab12", 16))
	case 6:
		return pick(g, "?x=1", "#f", "/"+path+"?x", "/%61", "/%3Fx", "/%25zz", "/%2F", "/é", "/a b")
	}
	return ""
}

// entry returns the JSON of one entry, mostly a sound one.
func (g *generator) entry() string {
	g.passwords++
	user, password := pick(g, "bot", "AWS", "", "robot$x", "a:b"), fmt.Sprintf("secret-%d", g.passwords)
	password += pick(g, "", "", "", "", "\n", ":x", " ", "é")
	if strings.Contains(user, ":") && g.chance(2) {
		user = "ü"
	}
	auth := base64.StdEncoding.EncodeToString([]byte(user + ":" + password))
	switch g.IntN(12) {
	case 0:
		return object("username", user, "password", password)
	case 1:
		return object("username", "other", "password", "other", "auth", strings.TrimRight(auth, "="))
	case 2:
		return object(pick(g, "Auth", "AUTH", "auth"), auth, "email", "x@example.com", "identitytoken", "jwt")
	case 3:
		if g.chance(3) {
			return g.oddEntry(auth)
		}
	case 4:
		if g.chance(6) {
			return g.badEntry(auth)
		}
	}
	return object("auth", auth)
}

// oddEntry returns entries that the kubelet reads although they look wrong.
func (g *generator) oddEntry(auth string) string {
	quoted, _ := json.Marshal(auth) // a string always has a JSON form
	return pick(g, `{}`, `null`, `{"identitytoken":"x"}`, `{"auth":null,"username":"u"}`, `{"auth":""}`, `{"username":"only"}`,
		`{"auth":"","auth":`+string(quoted)+`}`, `{"auth":`+string(quoted)+`,"auth":null}`, `{"password":"\ud800x"}`,
		object("auth", auth[:min(4, len(auth))]+"\n"+auth[min(4, len(auth)):]), `{"auth":`+string(quoted)+`,"unknown":[1,{"x":2}]}`)
}

// badEntry returns entries that make the kubelet refuse the document.
func (g *generator) badEntry(auth string) string {
	return pick(g, `"text"`, `17`, `true`, `[]`, `[{"auth":"x"}]`, `{"auth":5}`, `{"username":{}}`, `{"password":["x"]}`, `{"email":false}`,
		object("auth", "not base64!"), object("auth", auth+"="), object("auth", " "+auth), object("auth", auth+" "),
		object("auth", base64.StdEncoding.EncodeToString([]byte("nocolon"))), object("auth", "YQ"+"-_"), `{"auth":"="}`)
}

func object(pairs ...string) string {
	var fields []string
	for i := 0; i < len(pairs); i += 2 {
		name, _ := json.Marshal(pairs[i]) // strings always have a JSON form
		value, _ := json.Marshal(pairs[i+1])
		fields = append(fields, string(name)+":"+string(value))
	}
	return "{" + strings.Join(fields, ",") + "}"
}

// entries returns the JSON of a map of entries, some keys twice.
func (g *generator) entries(w world) string {
	var pairs, keys []string
	for range pick(g, 0, 1, 2, 3, 4, 5) {
		key := g.key(w)
		if len(keys) > 0 && g.chance(5) {
			key = pick(g, keys...)
			key = pick(g, key, strings.TrimPrefix(key, "https://"), "https://"+key, key+"/")
		}
		keys = append(keys, key)
		name, _ := json.Marshal(key) // a string always has a JSON form
		pairs = append(pairs, string(name)+":"+g.entry())
	}
	return "{" + strings.Join(pairs, ",") + "}"
}

// document returns the content of a dockerconfigjson.
func (g *generator) document(w world) string {
	auths := `"auths":` + g.entries(w)
	switch g.IntN(30) {
	case 0:
		return g.entries(w)
	case 1:
		return "{" + auths + `,"` + pick(g, "auths", "Auths", "AUTHS", "auth\u017f") + `":` + g.entries(w) + "}"
	case 2:
		return "{" + pick(g, `"auths":null,`+auths, auths+`,"auths":null`, `"auths":{}`, `"auths":null`) + "}"
	case 3:
		return "{" + auths + "," + pick(g, `"credsStore":"desktop"`, `"HttpHeaders":{"a":"b"}`, `"httpheaders":null`, `"credHelpers":{"x":"y"}`) + "}"
	case 4:
		if g.chance(3) {
			return pick(g, "{"+auths+`,"HttpHeaders":{"a":1}}`, `{"HttpHeaders":[],`+auths+`}`, `{"auths":[]}`, `{"auths":"x"}`, `[]`, `null`, `5`, `"x"`)
		}
	case 5:
		if g.chance(3) {
			return pick(g, "\ufeff{"+auths+"}", "{"+auths, "{"+auths+"}}", `{"auths":{"a":{"auth":"x}}}`, "{"+auths+",}", " ", "\x00", `{"auths":{`+"'a':1}}")
		}
	}
	return "{" + auths + "}"
}

// secret returns one pull secret.
func (g *generator) secret(w world, n int) v1.Secret {
	s := v1.Secret{Type: v1.SecretTypeDockerConfigJson, Data: map[string][]byte{}}
	s.Namespace, s.Name = "default", fmt.Sprintf("pull-%d", n)
	switch g.IntN(14) {
	case 0:
		s.Type = pick(g, v1.SecretTypeOpaque, v1.SecretType(""), v1.SecretTypeBasicAuth, v1.SecretType("kubernetes.io/DockerConfigJson"))
	case 1, 2:
		s.Type = v1.SecretTypeDockercfg
		s.Data[v1.DockerConfigKey] = []byte(g.entries(w))
		if g.chance(5) {
			s.Data[v1.DockerConfigKey] = []byte(pick(g, g.document(w), "", "{", "null", "[]"))
		}
		if g.chance(2) {
			return s
		}
	case 3:
		s.Data[v1.DockerConfigKey] = []byte(g.entries(w))
	case 4:
		if g.chance(2) {
			s.Data["config.json"] = []byte(g.document(w))
			return s
		}
	}
	s.Data[v1.DockerConfigJsonKey] = []byte(g.document(w))
	if g.chance(40) {
		s.Data[v1.DockerConfigJsonKey] = nil
	}
	return s
}

// secrets returns the pull secrets of a pod, now and then one of them twice.
func (g *generator) secrets(w world) []v1.Secret {
	var all []v1.Secret
	for n := range pick(g, 0, 1, 1, 2, 2, 3, 3, 4) {
		all = append(all, g.secret(w, n))
	}
	if len(all) > 0 && g.chance(20) {
		all = append(all, all[0])
	}
	return all
}
