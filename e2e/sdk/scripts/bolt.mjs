// An app made with Bolt, in Socket Mode: a command, buttons, modals, an event.
import assert from 'node:assert/strict';
import { App } from '@slack/bolt';
import { appToken, curtain, logger, slackApiUrl, step, token, watched } from './play.mjs';

const app = new App({ token, appToken, socketMode: true, logger, clientOptions: { slackApiUrl } });

const plain = (text) => ({ type: 'plain_text', text });
const mrkdwn = (text) => ({ type: 'mrkdwn', text });

const incident = (text) => [
  { type: 'header', text: plain(text) },
  { type: 'section', block_id: 'what', text: mrkdwn('`shop/web-1` cannot pull'), accessory: {
    type: 'static_select', action_id: 'tag', placeholder: plain('Tag'),
    options: ['1.4.2', '1.4.3'].map((tag) => ({ text: plain(tag), value: tag })),
  } },
  { type: 'actions', block_id: 'decide', elements: [
    { type: 'button', action_id: 'approve', style: 'primary', text: plain('Approve'), value: 'i-1' },
    { type: 'overflow', action_id: 'more', options: [{ text: plain('Close'), value: 'close' }, { text: plain('Reject'), value: 'reject' }] },
  ] },
];

const reason = (hint) => ({
  type: 'modal', callback_id: 'reason', private_metadata: 'i-1', notify_on_close: true,
  title: plain('Approve'), submit: plain('Approve'), close: plain('Cancel'),
  blocks: [
    { type: 'input', block_id: 'why', label: plain('Why'), hint: plain(hint), element: { type: 'plain_text_input', action_id: 'text' } },
    { type: 'input', block_id: 'how', optional: true, label: plain('How'), element: {
      type: 'radio_buttons', action_id: 'way', options: ['now', 'later'].map((way) => ({ text: plain(way), value: way })),
    } },
    { type: 'input', block_id: 'who', optional: true, label: plain('Tell'), element: {
      type: 'checkboxes', action_id: 'all', options: [{ text: plain('everybody'), value: 'everybody' }],
    } },
    { type: 'actions', block_id: 'help', elements: [{ type: 'button', action_id: 'explain', text: plain('Explain'), value: 'x' }] },
  ],
});

const explanation = { type: 'modal', callback_id: 'explanation', title: plain('Explain'), blocks: [{ type: 'section', text: mrkdwn('…') }] };

app.command('/pullfix', watched(async ({ command, ack, respond, client }) => {
  assert.deepEqual(Object.keys(command).sort(), [
    'api_app_id', 'channel_id', 'channel_name', 'command', 'is_enterprise_install', 'response_url', 'team_domain',
    'team_id', 'text', 'token', 'trigger_id', 'user_id', 'user_name',
  ]);
  assert.equal(command.command, '/pullfix');
  assert.equal(command.channel_name, 'ops');
  assert.equal(command.user_name, 'ann');
  if (command.text === 'help') {
    await ack();
    step('help');
    return;
  }
  assert.equal(command.text, 'diagnose shop web-1');
  await ack({ response_type: 'ephemeral', text: 'I am looking' });
  await respond({ response_type: 'in_channel', text: 'by response_url' });
  const root = await client.chat.postMessage({ channel: command.channel_id, text: 'looking', blocks: incident('Looking') });
  assert.equal(root.message.text, 'looking');
  const reply = await client.chat.postMessage({
    channel: command.channel_id, thread_ts: root.ts, reply_broadcast: true, text: 'see the thread',
  });
  assert.equal(reply.message.thread_ts, root.ts);
  const updated = await client.chat.update({ channel: root.channel, ts: root.ts, text: 'found', blocks: incident('Found') });
  assert.equal(updated.ts, root.ts);
  step('posted', { root: root.ts, reply: reply.ts });
}));

app.action('approve', watched(async ({ ack, action, body, client }) => {
  await ack();
  assert.equal(action.type, 'button');
  assert.equal(action.value, 'i-1');
  assert.equal(action.block_id, 'decide');
  assert.equal(body.container.message_ts, body.message.ts);
  assert.equal(body.message.text, 'found');
  const opened = await client.views.open({ trigger_id: body.trigger_id, view: reason('for the record') });
  assert.equal(opened.view.callback_id, 'reason');
  await assert.rejects(client.views.open({ trigger_id: body.trigger_id, view: reason('again') }),
    (err) => err.data.error === 'exchanged_trigger_id');
  const updated = await client.views.update({ view_id: opened.view.id, hash: opened.view.hash, view: reason('it is kept') });
  assert.notEqual(updated.view.hash, opened.view.hash);
  await assert.rejects(client.views.update({ view_id: opened.view.id, hash: opened.view.hash, view: reason('too late') }),
    (err) => err.data.error === 'hash_conflict');
  step('opened', { user: body.user.id, view: opened.view.id });
}));

app.action('explain', watched(async ({ ack, body, client }) => {
  await ack();
  assert.equal(body.container.type, 'view');
  const pushed = await client.views.push({ trigger_id: body.trigger_id, view: explanation });
  assert.equal(pushed.view.previous_view_id, body.view.id);
  assert.equal(pushed.view.root_view_id, body.view.id);
  step('pushed', { view: pushed.view.id });
}));

app.action('tag', watched(async ({ ack, action, body, respond }) => {
  await ack();
  assert.equal(action.selected_option.value, '1.4.3');
  assert.equal(body.state.values.what.tag.selected_option.value, '1.4.3');
  await respond({ replace_original: false, response_type: 'ephemeral', text: 'you chose 1.4.3' });
  step('chosen');
}));

app.action('more', watched(async ({ ack, action, respond }) => {
  await ack();
  assert.equal(action.selected_option.value, 'close');
  await respond({ replace_original: true, text: 'closed' });
  step('closed');
}));

app.view('reason', watched(async ({ ack, view, body }) => {
  const { why, how, who } = view.state.values;
  assert.equal(view.private_metadata, 'i-1');
  if (why.text.value === 'no') {
    assert.equal(how.way.selected_option, null);
    assert.deepEqual(who.all.selected_options, []);
    await ack({ response_action: 'errors', errors: { why: 'say more' } });
    step('complained');
    return;
  }
  assert.equal(how.way.selected_option.value, 'later');
  assert.deepEqual(who.all.selected_options.map((o) => o.value), ['everybody']);
  await ack();
  step('accepted', { user: body.user.id, why: why.text.value });
}));

app.view({ callback_id: 'reason', type: 'view_closed' }, watched(async ({ ack, body }) => {
  await ack();
  step('cancelled', { cleared: String(body.is_cleared) });
}));

app.event('app_mention', watched(async ({ event, context }) => {
  assert.equal(context.botUserId, 'U00PULLFIX');
  step('mentioned', { text: event.text });
}));

await app.start();
step('started');
await curtain();
await app.stop();
