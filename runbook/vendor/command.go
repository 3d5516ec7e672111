package vendor

import (
	"strings"

	"github.com/pullfix/pullfix/runbook/shell"
)

// Image is a reference in the parts that commands need.
type Image struct {
	Host       string // docker.io for Docker Hub
	Repository string // library/nginx
	Tag        string
	Digest     string // sha256:…, "" when the image is named by tag
}

func (i Image) String() string {
	s := i.Host + "/" + i.Repository
	if i.Tag != "" {
		s += ":" + i.Tag
	}
	if i.Digest != "" {
		s += "@" + i.Digest
	}
	return s
}

// Verify returns the command that shows whether the image exists.
func Verify(i Image) string {
	switch Of(i.Host) {
	case ECR:
		region := ecrRegion(i.Host)
		id := "imageTag=" + i.Tag
		if i.Digest != "" {
			id = "imageDigest=" + i.Digest
		}
		return shell.Join("aws", "ecr", "describe-images", "--repository-name", i.Repository, "--image-ids", id, "--region", region)
	case ArtifactRegistry:
		return shell.Join("gcloud", "artifacts", "docker", "tags", "list", i.Host+"/"+i.Repository)
	case ACR:
		return shell.Join("az", "acr", "repository", "show-tags", "--name", registryName(i.Host), "--repository", i.Repository, "--output", "table")
	}
	return shell.Join("docker", "manifest", "inspect", i.String())
}

// Page returns the web page that lists the repository's tags, "" when the
// vendor has none that is known.
func Page(i Image) string {
	switch Of(i.Host) {
	case DockerHub:
		if name, official := strings.CutPrefix(i.Repository, "library/"); official {
			return "https://hub.docker.com/_/" + name + "/tags"
		}
		return "https://hub.docker.com/r/" + i.Repository + "/tags"
	case GHCR:
		owner, name, found := strings.Cut(i.Repository, "/")
		if !found {
			return ""
		}
		return "https://github.com/orgs/" + owner + "/packages/container/package/" + strings.ReplaceAll(name, "/", "%2F")
	case Quay:
		return "https://" + i.Host + "/repository/" + i.Repository + "?tab=tags"
	case ECRPublic:
		return "https://gallery.ecr.aws/" + i.Repository
	}
	return ""
}

// Login returns the vendor's login command. The password always comes from a
// command or a prompt; it never stands in the line.
func Login(host string) string {
	switch Of(host) {
	case ECR:
		region := ecrRegion(host)
		return shell.Join("aws", "ecr", "get-login-password", "--region", region) + " | " +
			shell.Join("docker", "login", "--username", "AWS", "--password-stdin", host)
	case ECRPublic:
		return "aws ecr-public get-login-password --region us-east-1 | docker login --username AWS --password-stdin " + shell.Quote(host)
	case ArtifactRegistry:
		return "docker login --username _json_key --password-stdin " + shell.Quote("https://"+host) + " < key.json"
	case ACR:
		return shell.Join("az", "acr", "login", "--name", registryName(host))
	case GHCR:
		return `printf %s "$GITHUB_TOKEN" | docker login --username "$GITHUB_USER" --password-stdin ghcr.io`
	case DockerHub:
		return "docker login"
	}
	return shell.Join("docker", "login", host)
}

// Secret is a pull secret to write, and the entry in it.
type Secret struct {
	Namespace, Name string
	Host            string // of the registry
	Key             string // of the entry; "" is the one that the kubelet needs for the host
	Legacy          bool   // of type kubernetes.io/dockercfg, whose entries stand at the top
}

func (s Secret) server() string {
	switch {
	case s.Key != "":
		return s.Key
	case Of(s.Host) == DockerHub:
		return "https://index.docker.io/v1/"
	}
	return s.Host
}

// login returns the shell words for user and password: from the environment, or
// from the vendor's tool.
func (s Secret) login() (user, password string) {
	switch Of(s.Host) {
	case ECR:
		return "AWS", `"$(aws ecr get-login-password --region ` + shell.Quote(ecrRegion(s.Host)) + `)"`
	case ECRPublic:
		return "AWS", `"$(aws ecr-public get-login-password --region us-east-1)"`
	case ArtifactRegistry:
		return "_json_key", `"$(cat key.json)"`
	}
	return `"$REGISTRY_USER"`, `"$REGISTRY_PASSWORD"`
}

// CreateSecret returns the command that creates a pull secret of one entry, or
// replaces all of it, from a password in the shell's environment.
func CreateSecret(s Secret) string {
	user, password := s.login()
	return shell.Join("kubectl", "-n", s.Namespace, "create", "secret", "docker-registry", s.Name, "--docker-server="+s.server()) +
		" --docker-username=" + user + " --docker-password=" + password +
		" --dry-run=client -o yaml | kubectl apply -f -"
}

// MergeSecret returns the command that writes one entry of a pull secret and
// leaves the others alone.
func MergeSecret(s Secret) string {
	user, password := s.login()
	field, entry := ".dockerconfigjson", ".auths[$key]"
	if s.Legacy {
		field, entry = ".dockercfg", ".[$key]"
	}
	filter := `.data["` + field + `"] |= (@base64d | fromjson | ` + entry + ` = {auth: $auth} | tojson | @base64)`
	return shell.Join("kubectl", "-n", s.Namespace, "get", "secret", s.Name, "-o", "json") +
		" | jq --arg key " + shell.Quote(s.server()) +
		` --arg auth "$(printf %s:%s ` + user + " " + password + ` | base64 | tr -d '\n')" ` + shell.Quote(filter) +
		" | kubectl replace -f -"
}

func registryName(host string) string {
	name, _, _ := strings.Cut(host, ".")
	return name
}
