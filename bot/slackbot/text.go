package slackbot

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/pullfix/pullfix/bot"
	"github.com/pullfix/pullfix/runbook/scrub"
)

// markup is text in Slack's mrkdwn that may be sent as it is. Outside text
// becomes markup only by the functions of this file: scrubbed, escaped and cut
// exactly once.
type markup string

// quote makes markup of outside text: at most n characters as Slack counts
// them, which is after escaping.
func quote(s string, n int) markup {
	return markup(escape(cleaned(s, n), n))
}

// cleaned is outside text that is fit to be shown, as far as n characters need.
func cleaned(s string, n int) string {
	return strings.ReplaceAll(scrub.Text(bounded(s, n)), "`", "'")
}

// bounded cuts what is far too long before it is searched for credentials,
// which takes time; never within a word, since half a credential is harder to
// recognise than a whole one.
func bounded(s string, n int) string {
	most := 3*max(n, 0) + 512
	if len(s) <= most {
		return s
	}
	return s[:max(strings.LastIndexAny(s[:most], " \t\n"), 0)] + " …"
}

// code makes markup of outside text in the code font, at most n characters.
func code(s string, n int) markup {
	s = cleaned(s, n)
	if strings.TrimSpace(s) == "" {
		return "–"
	}
	return "`" + markup(escape(s, n-2)) + "`"
}

// plain makes outside text fit for a plain_text object, which knows no markup.
// Angle brackets are replaced all the same: not every client draws by the book.
func plain(s string, n int) string {
	return scrub.Limit(strings.NewReplacer("<", "‹", ">", "›", "`", "'").Replace(scrub.Text(bounded(s, n))), n)
}

// escape replaces the three characters that mean something to Slack, and cuts
// at n characters without cutting a replacement in two.
func escape(s string, n int) string {
	if n <= 0 {
		return ""
	}
	var b strings.Builder
	count, whole := 0, 0 // characters written, and bytes that leave room for "…"
	for _, r := range s {
		part := entity(r)
		if count+utf8.RuneCountInString(part) > n {
			return b.String()[:whole] + "…"
		}
		b.WriteString(part)
		if count += utf8.RuneCountInString(part); count < n {
			whole = b.Len()
		}
	}
	return b.String()
}

func entity(r rune) string {
	switch r {
	case '&':
		return "&amp;"
	case '<':
		return "&lt;"
	case '>':
		return "&gt;"
	}
	return string(r)
}

// fence makes a preformatted block of outside lines, of at most room
// characters; what does not fit is counted.
func fence(lines []string, room int) markup {
	const frame = len("```\n\n```")
	most := 400 // characters of a line, so that one does not push out the others
	if len(lines) == 1 {
		most = room
	}
	quoted := each(lines, room, func(line string) markup {
		return markup(escape(strings.TrimRight(cleaned(line, most), " "), min(most, room-frame)))
	})
	return "```\n" + join("\n", room-frame, quoted) + "\n```"
}

// each makes markup of every entry that may fit into room; the rest stays empty
// and is only counted by join.
func each(list []string, room int, draw func(string) markup) []markup {
	made, used := make([]markup, len(list)), 0
	for n, s := range list {
		if used > room {
			if n := len(list) - 1; tally.MatchString(list[n]) {
				made[n] = draw(list[n])
			}
			break
		}
		made[n] = draw(s)
		used += len(made[n])
	}
	return made
}

// moreRoom is kept for "and N more".
const moreRoom = 24

// join puts whole parts together within room characters, and says how many did
// not fit.
func join(sep string, room int, parts []markup) markup {
	var b strings.Builder
	left := room
	for n, part := range parts {
		size := utf8.RuneCountInString(string(part))
		if n > 0 {
			size += utf8.RuneCountInString(sep)
		}
		spare := moreRoom
		if n == len(parts)-1 {
			spare = 0
		}
		if size+spare > left {
			return markup(b.String()) + markup(fmt.Sprintf("%sand %d more", sep, counted(parts[n:])))
		}
		if n > 0 {
			b.WriteString(sep)
		}
		b.WriteString(string(part))
		left -= size
	}
	return markup(b.String())
}

// tally is a last line that stands for many.
var tally = regexp.MustCompile(`^and (\d{1,9}) more$`)

// counted is how many parts there are; one that counts others stands for those.
func counted(parts []markup) int {
	total := 0
	for _, part := range parts {
		n := 1
		if m := tally.FindStringSubmatch(string(part)); m != nil {
			n, _ = strconv.Atoi(m[1]) // nine digits at most
		}
		total += n
	}
	return total
}

// dotted puts parts side by side.
func dotted(parts ...markup) markup {
	var kept []markup
	for _, p := range parts {
		if p != "" {
			kept = append(kept, p)
		}
	}
	return join(" · ", roomText, kept)
}

// mention names a person so that Slack shows the name; whoever acted from a
// terminal has none in Slack.
func mention(p bot.Person) markup {
	if p.FromTerminal() {
		return markup(escape(p.ID, roomName) + " in the terminal")
	}
	if !personID.MatchString(p.ID) {
		return "somebody"
	}
	return markup("<@" + p.ID + ">")
}

// mentionGroup names a user group.
func mentionGroup(id string) markup {
	if !groupID.MatchString(id) {
		return ""
	}
	return markup("<!subteam^" + id + ">")
}

var (
	personID = regexp.MustCompile(`^[UW][A-Z0-9]+$`)
	groupID  = regexp.MustCompile(`^S[A-Z0-9]+$`)
	// What the desk writes for a person or a user group.
	spoken = regexp.MustCompile(`<@([UW][A-Z0-9]+)>|<!subteam\^(S[A-Z0-9]+)>`)
)

// said makes markup of a text by the desk. It names people and groups in
// Slack's way, between words that may come from outside: only those that known
// knows stay mentions.
func said(text string, n int, known func(id string) bool) markup {
	text = cleaned(text, n)
	var parts []markup
	left, at := n, 0
	add := func(s markup) { parts, left = append(parts, s), left-utf8.RuneCountInString(string(s)) }
	for _, m := range spoken.FindAllStringSubmatchIndex(text, -1) {
		id := capture(text, m, 2) + capture(text, m, 4)
		if !known(id) {
			continue
		}
		before := escape(text[at:m[0]], max(left, 0))
		add(markup(before))
		if m[1]-m[0] > left {
			return concat(parts)
		}
		add(markup(text[m[0]:m[1]]))
		at = m[1]
	}
	if rest := text[at:]; rest != "" && left > 0 {
		add(markup(escape(rest, left)))
	}
	return concat(parts)
}

func capture(s string, m []int, at int) string {
	if m[at] < 0 {
		return ""
	}
	return s[m[at]:m[at+1]]
}

func concat(parts []markup) markup {
	var b strings.Builder
	for _, p := range parts {
		b.WriteString(string(p))
	}
	return markup(b.String())
}

// anybody knows every id: for what only one person sees, where a mention calls
// nobody.
func anybody(string) bool { return true }

// clock is a moment in the reader's own time; base is a moment near which the
// day goes without saying.
func clock(t, base time.Time) markup {
	if t.IsZero() {
		return "an unknown time"
	}
	form, fallback := "{time}", t.UTC().Format("15:04 UTC")
	if d := t.Sub(base); d > 12*time.Hour || d < -12*time.Hour {
		form, fallback = "{date_short_pretty} {time}", t.UTC().Format("2006-01-02 15:04 UTC")
	}
	return markup(fmt.Sprintf("<!date^%d^%s|%s>", t.Unix(), form, fallback))
}

// link is a link of our own making.
func link(url, label string) markup {
	if url == "" {
		return quote(label, roomName)
	}
	return markup("<" + url + "|" + string(quote(label, roomName)) + ">")
}

// roundly is a duration as people say it.
func roundly(d time.Duration) string {
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case d < 2*time.Hour:
		return fmt.Sprintf("%d min", int(d.Round(time.Minute).Minutes()))
	}
	return fmt.Sprintf("%d h", int(d.Round(time.Hour).Hours()))
}

func count(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return fmt.Sprintf("%d %ss", n, word)
}
