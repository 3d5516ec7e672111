package browser_test

import (
	"context"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/google/go-cmp/cmp"

	"github.com/pullfix/pullfix/sandbox/slack"
)

// texts are about what text means, and what it never may.
func texts() []scenario {
	return []scenario{
		{name: "hostile text is text", run: hostile},
		{name: "mrkdwn", run: mrkdwn},
		{name: "typed text is escaped", run: typedText},
		{name: "drawers agree with the list", run: drawers},
	}
}

func hostile(v *visit) {
	v.open(slack.Ann)
	v.app.post(slack.Ops, "hostile.json", nil)
	v.see("#messages h3", "<b>header</b> &lt;!here&gt; <!channel>")
	v.see("#messages .message", "<!channel> &lt;b&gt; <img src=x onerror=alert(1)> <@U01ANN>")
	v.see("#messages .message", "<javascript:alert(1)|press me> <https://evil.example|Approve>")
	v.see("#messages button", "<i>Go</i> <!here>")
	found := ask[string](v, `[...document.querySelectorAll('#messages img, #messages script, #messages b, #messages i, #messages .content a')].map((e) => e.outerHTML).join()`)
	if found != "" {
		v.t.Errorf("outside text became %s", found)
	}
	mentions := ask[[]string](v, `[...document.querySelectorAll('#messages .mention')].map((e) => e.innerText)`)
	if diff := cmp.Diff([]string{"@everyone"}, mentions); diff != "" { // which was not escaped, in a code block
		v.t.Error(diff)
	}
	if title := ask[string](v, "document.title"); !strings.HasPrefix(title, "ops") {
		v.t.Errorf("the title is %q", title)
	}
	v.fits()
}

// mrkdwn compares what the page makes of texts, as a simple notation.
func mrkdwn(v *visit) {
	v.open(slack.Ann)
	v.load("/page/mrkdwn.js", "/page/people.js")
	tests := []struct{ text, want string }{
		{"*b* _i_ ~s~ `c`", "<strong>b</strong> <em>i</em> <del>s</del> <code>c</code>"},
		{"*_both_* snake_case_name 2*3*4 * no *", "<strong><em>both</em></strong> snake_case_name 2*3*4 * no *"},
		{"*a\nb*", "*a<br>b*"},
		{"`*not bold* &amp;lt;`", "<code>*not bold* &amp;lt;</code>"},
		{"&lt;!channel&gt; &amp;amp; &quot;", "&lt;!channel&gt; &amp;amp; &amp;quot;"},
		{"<!channel> <!here|here> <!everyone>", "<span>@channel</span> <span>@here</span> <span>@everyone</span>"},
		{"<@U02BOB> <@U02BOB|x> <@U99NOBODY|nobody> <@evil>", "<span>@Bob Baker</span> <span>@Bob Baker</span> <span>@nobody</span> &lt;@evil&gt;"},
		{"<#C01OPS> <!subteam^S01PLATFORM>", "<span>#ops</span> <span>@platform</span>"},
		{"*<https://x.test/?a=1&amp;b=2|l *x*>*", `<strong><a href="https://x.test/?a=1&amp;b=2">l *x*</a></strong>`},
		{"<https://x.test> <mailto:a@x.test>", `<a href="https://x.test/">https://x.test</a> <a href="mailto:a@x.test">a@x.test</a>`},
		{"<javascript:alert(1)|x> <data:text/html,x> <x>", "&lt;javascript:alert(1)|x&gt; &lt;data:text/html,x&gt; &lt;x&gt;"},
		{"see https://x.test/a, or not", `see <a href="https://x.test/a">https://x.test/a</a>, or not`},
		{"a < b and c > d <", "a &lt; b and c &gt; d &lt;"},
		{"&gt; q\n> r\ns", "<blockquote>q<br>r</blockquote>s"},
		{"x\n>>> y\nz", "x<blockquote>y<br>z</blockquote>"},
		{"a\n```\n*c* &lt;d&gt;\n e\n```\nb", "a<pre>*c* &lt;d&gt;\n e</pre>b"},
		{"`<https://x.test|l>`", `<code><a href="https://x.test/">l</a></code>`},
		{"<!date^0^{date_num}|then> <!date^x^{time}|then> <!date^0^nothing|then> `<!date^0^{time}|then>`", "<time>1970-01-01</time> then then <code>then</code>"},
		{"<!date^0^{date_num}^https://x.test|then>", `<a href="https://x.test/"><time>1970-01-01</time></a>`},
		{":eyes: :Image: 10:30:20 :nosuchthing:", "👀 :Image: 10:30:20 :nosuchthing:"},
		{"```a``` `` ` *", "<pre>a</pre> `` ` *"},
	}
	for _, tt := range tests {
		v.t.Run(tt.text, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, drawnAs(v, tt.text)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// load imports parts of the page into the variable loaded, with the state and
// the list of drawn types beside it.
func (v *visit) load(paths ...string) {
	v.t.Helper()
	ctx, cancel := context.WithTimeout(v.tab, patience)
	defer cancel()
	script := `(async () => {
		globalThis.loaded = await Promise.all(` + quoted(paths) + `.map((p) => import(p)));
		globalThis.seen = await (await fetch('/control/state?user=U01ANN')).json();
		globalThis.list = await (await fetch('/page/drawn.json')).json();
		return true;
	})()`
	if _, err := chromedp.Run(ctx, chromedp.Evaluate[bool](script, chromedp.EvalAwaitPromise)); err != nil {
		v.t.Fatalf("loading %q: %v", paths, err)
	}
}

// drawnAs is the text in the page's hands, with the attributes that matter.
func drawnAs(v *visit, text string) string {
	return ask[string](v, `(() => {
		const box = document.createElement('div');
		box.append(loaded[0].mrkdwn(`+quoted(text)+`, new loaded[1].People(seen, { people: [] })));
		for (const e of box.querySelectorAll('*')) for (const a of [...e.attributes]) if (a.name !== 'href') e.removeAttribute(a.name);
		return box.innerHTML;
	})()`)
}

// typedText checks that what a person types is escaped, as Slack's client does.
func typedText(v *visit) {
	v.open(slack.Ann)
	v.send("a <b> & <!channel> *bold* @here")
	v.see("#messages .message", "a <b> & <!channel> bold @here")
	m := v.Messages(slack.Ops, slack.Ann)[0]
	if want := "a &lt;b&gt; &amp; &lt;!channel&gt; *bold* <!here>"; m.Text != want {
		v.t.Errorf("sent %q, want %q", m.Text, want)
	}
}

// drawers checks that the page compares its drawers with the list at all: with
// one type more, it would not start.
func drawers(v *visit) {
	v.open(slack.Ann)
	v.load("/page/blocks.js")
	wrong := ask[[]string](v, `(() => {
		const more = structuredClone(list);
		more.block.push('carousel');
		more.input.pop();
		return [...loaded[0].disagreements(list), ...loaded[0].disagreements(more)];
	})()`)
	if diff := cmp.Diff([]string{"block", "input"}, wrong); diff != "" {
		v.t.Error(diff)
	}
}
