package k8s

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"

	authorizationv1 "k8s.io/api/authorization/v1"

	"github.com/pullfix/pullfix/runbook"
)

// right is one thing that carrying a plan out needs.
type right struct {
	verb      string
	resource  resource
	namespace string
	name      string // "" for several objects of the kind
}

// group is the API group; "" for the core.
func (r right) group() string {
	below, ok := strings.CutPrefix(string(r.resource), "/apis/")
	if !ok {
		return ""
	}
	group, _, _ := strings.Cut(below, "/")
	return group
}

// String names the right, and the rule that grants it.
func (r right) String() string {
	return fmt.Sprintf("%s %s in namespace %s (rule: {apiGroups: [%q], resources: [%s], verbs: [%s]})",
		r.verb, r.resource.plural(), r.namespace, r.group(), r.resource.plural(), r.verb)
}

// mayCarry asks the API server which rights the plans lack, side by side: the
// plans are few, and none needs more than a handful.
func (p *planner) mayCarry(ctx context.Context, plans []runbook.Plan, rights [][]right) {
	lacking := make(map[right]string)
	var lock sync.Mutex
	var tasks []func()
	for _, of := range rights {
		for _, r := range of {
			if _, asked := lacking[r]; asked {
				continue
			}
			lacking[r] = ""
			tasks = append(tasks, func() {
				missing := p.lacks(ctx, r)
				lock.Lock()
				defer lock.Unlock()
				lacking[r] = missing
			})
		}
	}
	sideBySide(tasks...)
	for i := range plans {
		for _, r := range rights[i] {
			if plans[i].Missing == "" {
				plans[i].Missing = lacking[r]
			}
		}
	}
}

// reviews is where the API server tells what the asker may do. Creating one
// changes nothing: it is only a question.
const reviews = resource("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews")

// lacks names the right when the asker does not have it; "" when it does. What
// could not be asked counts as lacking.
func (p *planner) lacks(ctx context.Context, r right) string {
	allowed, err := p.allowed(ctx, r)
	switch {
	case err != nil:
		return r.String() + "; whether pullfix has it could not be asked: " + why(err)
	case !allowed:
		return r.String()
	}
	return ""
}

func (p *planner) allowed(ctx context.Context, r right) (bool, error) {
	review := authorizationv1.SelfSubjectAccessReview{Spec: authorizationv1.SelfSubjectAccessReviewSpec{
		ResourceAttributes: &authorizationv1.ResourceAttributes{
			Verb: r.verb, Group: r.group(), Version: "v1", Resource: r.resource.plural(), Namespace: r.namespace, Name: r.name,
		},
	}}
	review.APIVersion, review.Kind = "authorization.k8s.io/v1", "SelfSubjectAccessReview"
	question, err := json.Marshal(review)
	if err != nil {
		return false, fmt.Errorf("asking for a right: %w", err)
	}
	body, err := p.api.client.Post().AbsPath(reviews.group()).Resource(reviews.plural()).MaxRetries(retries).
		SetHeader("Content-Type", "application/json").Body(question).Stream(ctx)
	if err != nil {
		return false, &RequestError{What: "what pullfix may do", Grant: "create selfsubjectaccessreviews", Err: err}
	}
	defer func() { _ = body.Close() }()
	answer, err := readObject[authorizationv1.SelfSubjectAccessReview](body)
	if err != nil {
		return false, &RequestError{What: "what pullfix may do", Grant: "create selfsubjectaccessreviews", Err: err}
	}
	return answer.Status.Allowed, nil
}
