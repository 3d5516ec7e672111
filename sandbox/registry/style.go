package registry

import "net/http"

// Style is a vendor's way of saying no: statuses, error codes, wording and
// headers. The wordings are those that public issue threads, vendors'
// documentation and their sources show; they change now and then.
type Style string

// The vendors whose refusals are known.
const (
	Distribution     Style = "distribution"
	DockerHub        Style = "docker-hub"
	ECR              Style = "ecr"
	Quay             Style = "quay"
	GHCR             Style = "ghcr"
	GitLab           Style = "gitlab"
	Harbor           Style = "harbor"
	ACR              Style = "acr"
	ArtifactRegistry Style = "artifact-registry"
)

// Styles lists all vendors, for tests that go through every one.
func Styles() []Style {
	return []Style{Distribution, DockerHub, ECR, Quay, GHCR, GitLab, Harbor, ACR, ArtifactRegistry}
}

// situation is a reason for saying no.
type situation int

const (
	missingTag situation = iota
	missingRepository
	missingProject
	deletedTag
	noCredential
	wrongCredential
	expiredCredential
	noPermission
	rateLimited
)

// answer is how one vendor says no in one situation. In message, {repo},
// {tag}, {project}, {user} and {action} are filled in.
type answer struct {
	status  int
	code    string
	message string
	// detail adds the vendor's detail member.
	detail bool
	// form is the shape of the body.
	form form
	// scopeError adds error="insufficient_scope" for callers with a token.
	scopeError bool
	// basic answers 401 with a Basic challenge in the Bearer flow as well.
	basic bool
}

type form int

const (
	// The zero form is the distribution API's {"errors":[…]}.
	_ form = iota
	// formDetails is Docker Hub's token server: {"details":"…"}.
	formDetails
	// formText is plain text.
	formText
)

type hiding int

const (
	_ hiding = iota // hides nothing
	// hidesRepositories answers for a missing repository as for a forbidden one.
	hidesRepositories
	// hidesProjects does so only where the first path element is unknown.
	hidesProjects
)

// manners are all of a vendor's ways.
type manners struct {
	// registry holds the answers of the registry itself, for every situation.
	registry map[situation]answer
	// token holds the answers of the token server. For noCredential and
	// noPermission it may be silent: then a token with fewer actions is given.
	token map[situation]answer
	hides hiding
	// missingIsTag says that manifests of a missing repository are answered as
	// a missing tag; only the tag list tells.
	missingIsTag bool
	// basicToo says that Basic is taken by the registry in the Bearer flow.
	basicToo bool
	// forgivesLogin says that a failed login with a scope gets an anonymous token.
	forgivesLogin bool
	// pageSize is the largest page of tags, longer ones are clamped; with
	// refusesLongPages they are refused. Zero means no bound.
	pageSize         int
	refusesLongPages bool
	basicRealm       string
	service          string
	limit            PullLimit
	limitHeaders     bool
}

func (s Style) manners() manners {
	switch s {
	case DockerHub:
		return dockerHub()
	case ECR:
		return ecr()
	case Quay:
		return quay()
	case GHCR:
		return ghcr()
	case GitLab:
		return gitLab()
	case Harbor:
		return harbor()
	case ACR:
		return acr()
	case ArtifactRegistry:
		return artifactRegistry()
	default:
		return distribution()
	}
}

// distribution is the reference implementation, and what the other styles
// start from. Source: distribution v3 registry/handlers, registry/auth/token
// and registry/api/errcode.
func distribution() manners {
	unauthorized := answer{status: http.StatusUnauthorized, code: "UNAUTHORIZED", message: "authentication required", detail: true}
	forbidden := unauthorized
	forbidden.scopeError = true
	unknown := answer{status: http.StatusNotFound, code: "MANIFEST_UNKNOWN", message: "manifest unknown", detail: true}
	name := answer{status: http.StatusNotFound, code: "NAME_UNKNOWN", message: "repository name not known to registry", detail: true}
	return manners{
		registry: map[situation]answer{
			missingTag: unknown, deletedTag: unknown, missingRepository: name, missingProject: name,
			noCredential: forbidden, wrongCredential: unauthorized, expiredCredential: unauthorized, noPermission: forbidden,
			rateLimited: {status: http.StatusTooManyRequests, code: "TOOMANYREQUESTS", message: "too many requests"},
		},
		token: map[situation]answer{
			wrongCredential: unauthorized, expiredCredential: unauthorized,
		},
		missingIsTag: true, pageSize: 1000, basicRealm: "basic-realm", service: "sandbox-registry",
	}
}
