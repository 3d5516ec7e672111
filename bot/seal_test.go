package bot

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"
)

func testSeal(t *testing.T, fill string) *Seal {
	t.Helper()
	s, err := NewSeal([]byte(strings.Repeat(fill, 32)))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func testApproval() Approval {
	return Approval{
		Person: Person{Team: "T1", ID: "U0ANN"}, At: time.Date(2026, 3, 1, 3, 12, 9, 123456789, time.UTC),
		Remedy: "delete-pods", PlanHash: "9f2c", Rule: "approvals[1]",
	}
}

func wantForged(t *testing.T, err error) {
	t.Helper()
	forged, ok := errors.AsType[*ForgedError](err)
	if !ok {
		t.Fatalf("got %v, want a *ForgedError", err)
	}
	if forged.Incident == "" || !strings.Contains(err.Error(), forged.Incident) {
		t.Errorf("%q does not name its incident %q", err, forged.Incident)
	}
}

func TestNewSealKeyLength(t *testing.T) {
	for _, test := range []struct {
		length int
		want   error
	}{{0, ErrShortKey}, {31, ErrShortKey}, {32, nil}, {64, nil}} {
		if _, err := NewSeal(make([]byte, test.length)); !errors.Is(err, test.want) {
			t.Errorf("%d bytes: got %v, want %v", test.length, err, test.want)
		}
	}
}

func TestSealCopiesItsKey(t *testing.T) {
	key := bytes.Repeat([]byte("k"), 32)
	s, err := NewSeal(key)
	if err != nil {
		t.Fatal(err)
	}
	a := s.Approve("inc-1", testApproval())
	clear(key)
	if err := s.Verify("inc-1", a); err != nil {
		t.Error(err)
	}
}

// Every leaf of an approval is set in turn, by reflection: a field that is
// added later and not sealed fails here.
func TestEveryFieldOfAnApprovalIsSealed(t *testing.T) {
	s := testSeal(t, "k")
	for _, path := range leaves(reflect.TypeFor[Approval](), nil) {
		a := s.Approve("inc-1", testApproval())
		field := reflect.ValueOf(&a).Elem().FieldByIndex(path)
		switch v := field.Addr().Interface().(type) {
		case *string:
			*v += "x"
		case *time.Time:
			*v = v.Add(time.Nanosecond)
		case *int:
			*v++
		default:
			t.Fatalf("the test does not know how to change a %T", v)
		}
		t.Run(fmt.Sprint(path), func(t *testing.T) { wantForged(t, s.Verify("inc-1", a)) })
	}
}

func leaves(typ reflect.Type, above []int) [][]int {
	var all [][]int
	for n := range typ.NumField() {
		path := append(append([]int(nil), above...), n)
		if f := typ.Field(n).Type; f.Kind() == reflect.Struct && f != reflect.TypeFor[time.Time]() {
			all = append(all, leaves(f, path)...)
			continue
		}
		all = append(all, path)
	}
	return all
}

// S13: an edited journal approves nothing.
func TestS13AnEditedJournalApprovesNothing(t *testing.T) {
	s := testSeal(t, "k")
	stored, err := json.Marshal(Incident{ID: "inc-1", Decision: &Decision{Granted: []Approval{s.Approve("inc-1", testApproval())}}})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Verify(readBack(t, stored)); err != nil {
		t.Fatalf("as it was stored: %v", err)
	}
	for name, edit := range map[string][2]string{
		"incident":    {`"id":"inc-1"`, `"id":"inc-2"`},
		"team":        {`"team":"T1"`, `"team":"T2"`},
		"person":      {`"id":"U0ANN"`, `"id":"U0EVE"`},
		"moment":      {`03:12:09.123456789Z`, `03:42:09.123456789Z`},
		"nanosecond":  {`03:12:09.123456789Z`, `03:12:09.123456788Z`},
		"remedy":      {`"remedy":"delete-pods"`, `"remedy":"rollback"`},
		"plan":        {`"planHash":"9f2c"`, `"planHash":"9f2d"`},
		"rule":        {`"rule":"approvals[1]"`, `"rule":"approvals[0]"`},
		"no MAC":      {`"mac":"`, `"was":"`},
		"more MAC":    {`"mac":"`, `"mac":"00`},
		"moved field": {`"remedy":"delete-pods","planHash":"9f2c"`, `"remedy":"delete-pods9","planHash":"f2c"`},
	} {
		t.Run(name, func(t *testing.T) {
			// The last place is the approval's: the decision names its remedy and plan too.
			at := strings.LastIndex(string(stored), edit[0])
			if name == "incident" {
				at = strings.Index(string(stored), edit[0])
			}
			if at < 0 {
				t.Fatalf("no %s in %s", edit[0], stored)
			}
			edited := string(stored[:at]) + edit[1] + string(stored[at+len(edit[0]):])
			wantForged(t, s.Verify(readBack(t, []byte(edited))))
		})
	}
}

func readBack(t *testing.T, stored []byte) (string, Approval) {
	t.Helper()
	var i Incident
	if err := json.Unmarshal(stored, &i); err != nil {
		t.Fatal(err)
	}
	return i.ID, i.Decision.Granted[0]
}

func TestAMACIsOnlyGoodAsItIs(t *testing.T) {
	s := testSeal(t, "k")
	good := s.Approve("inc-1", testApproval())
	for name, mac := range map[string]string{
		"none":       "",
		"upper case": strings.ToUpper(good.MAC),
		"shorter":    good.MAC[:len(good.MAC)-1],
		"zero":       strings.Repeat("0", len(good.MAC)),
		"another's":  testSeal(t, "l").Approve("inc-1", testApproval()).MAC,
	} {
		a := good
		a.MAC = mac
		if err := s.Verify("inc-1", a); err == nil {
			t.Errorf("%s: verified", name)
		}
	}
	if again := s.Approve("inc-1", good); again.MAC != good.MAC {
		t.Error("the MAC depends on the MAC that was there")
	}
	zone := good
	zone.At = good.At.In(time.FixedZone("", 3600))
	if err := s.Verify("inc-1", zone); err != nil {
		t.Errorf("the same moment in another zone: %v", err)
	}
}

// What is approved verifies after it was stored and read again, for no other
// incident, and no two approvals have one encoding.
func TestSealProperty(t *testing.T) {
	s := testSeal(t, "k")
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	// Few letters make near twins likely.
	word := func() string { return strings.Repeat("a", random.IntN(3)) + strings.Repeat("b", random.IntN(2)) }
	for range 5000 {
		incident, other, at := word(), word(), time.Unix(int64(random.Uint32()), random.Int64N(1e9))
		a := Approval{Person: Person{Team: word(), ID: word()}, At: at, Remedy: word(), PlanHash: word(), Rule: word()}
		b := Approval{Person: Person{Team: word(), ID: word()}, At: at, Remedy: word(), PlanHash: word(), Rule: word()}
		if (a == b) != bytes.Equal(sealed(incident, a), sealed(incident, b)) {
			t.Fatalf("%+v and %+v are not told apart", a, b)
		}
		again := stored(t, s.Approve(incident, a))
		if err := s.Verify(incident, again); err != nil {
			t.Fatalf("%+v: %v", again, err)
		}
		if err := s.Verify(other, again); (err == nil) != (other == incident) {
			t.Fatalf("%+v of %q, asked for %q: %v", again, incident, other, err)
		}
	}
}

func stored(t *testing.T, a Approval) Approval {
	t.Helper()
	body, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	var again Approval
	if err := json.Unmarshal(body, &again); err != nil {
		t.Fatal(err)
	}
	return again
}

func TestTheKeyOfASealCannotBePrinted(t *testing.T) {
	const marker = "MARKER-KEY-0123456789-0123456789-MARKER"
	s, err := NewSeal([]byte(marker))
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Error("x", "seal", s, "value", *s, "key", s.key)
	slog.New(slog.NewTextHandler(&log, nil)).Error("x", "seal", s, "value", *s, "key", s.key)
	text := log.String()
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%c", "%U", "%t"} {
		text += fmt.Sprintf(verb+verb+verb, s, *s, s.key) + fmt.Sprintf(verb, struct{ hidden Seal }{*s})
	}
	for _, v := range []any{s, *s, s.key, struct{ S Seal }{*s}} {
		body, _ := json.Marshal(v)
		text += string(body)
	}
	text += fmt.Errorf("wrapped: %w", s.Verify("inc-1", testApproval())).Error()
	for _, form := range []string{
		marker, hex.EncodeToString([]byte(marker)), strings.ToUpper(hex.EncodeToString([]byte(marker))),
		base64.StdEncoding.EncodeToString([]byte(marker)), fmt.Sprintf("%d", []byte(marker))[1:20],
	} {
		if strings.Contains(text, form) {
			t.Errorf("the key stands in %s", text)
		}
	}
}
