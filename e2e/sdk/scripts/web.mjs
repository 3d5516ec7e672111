// The Web API client: answers, and each kind of error that it knows. The faults
// have been set by the Go side.
import assert from 'node:assert/strict';
import { ErrorCode, WebAPIHTTPError, WebAPIPlatformError, WebAPIRateLimitedError, WebClient } from '@slack/web-api';
import { appToken, curtain, logger, slackApiUrl, step, token } from './play.mjs';

const client = new WebClient(token, { slackApiUrl, logger });
const hasty = new WebClient(token, { slackApiUrl, logger, rejectRateLimitedCalls: true, retryConfig: { retries: 0 } });
const plain = (text) => ({ type: 'plain_text', text });

/** refused expects Slack's refusal, and returns the answer. */
async function refused(call, code) {
  let data;
  await assert.rejects(call, (err) => {
    assert.ok(err instanceof WebAPIPlatformError, String(err));
    assert.equal(err.code, ErrorCode.PlatformError);
    assert.equal(err.data.error, code);
    assert.equal(err.data.ok, false);
    data = err.data;
    return true;
  });
  return data;
}

async function refusals() {
  await refused(new WebClient('xoxb-wrong', { slackApiUrl, logger }).auth.test(), 'invalid_auth');
  await refused(new WebClient(undefined, { slackApiUrl, logger }).auth.test(), 'not_authed');
  await refused(new WebClient(appToken, { slackApiUrl, logger }).auth.test(), 'not_allowed_token_type');
  await refused(client.apps.connections.open(), 'not_allowed_token_type');
  await refused(client.chat.postMessage({ channel: 'C02RANDOM', text: 'x' }), 'not_in_channel');
  await refused(client.chat.postMessage({ channel: 'C04CLOSED', text: 'x' }), 'channel_not_found');
  await refused(client.chat.postMessage({ channel: 'C06OLD', text: 'x' }), 'is_archived');
  await refused(client.chat.postMessage({ channel: 'C01OPS', text: '' }), 'no_text');
  await refused(client.views.open({ trigger_id: '1.2.x', view: { type: 'modal', title: plain('t'), blocks: [] } }), 'invalid_trigger_id');
  await refused(client.apiCall('pullfix.none'), 'unknown_method');

  const scope = await refused(client.conversations.open({ users: 'U01ANN' }), 'missing_scope');
  assert.equal(scope.needed, 'im:write');
  assert.ok(scope.provided.split(',').includes('chat:write'));
  assert.ok(scope.response_metadata.scopes.includes('chat:write'), 'scopes from the header');

  const header = { type: 'header', text: plain('x'.repeat(151)) };
  const blocks = await refused(client.chat.postMessage({ channel: 'C01OPS', text: 'x', blocks: [header] }), 'invalid_blocks');
  assert.deepEqual(blocks.response_metadata.messages, [
    '[ERROR] must be less than 151 characters [json-pointer:/blocks/0/text/text]',
  ]);
  assert.equal(blocks.errors.length, 1);

  const modal = await refused(client.views.open({ trigger_id: 'x', view: { type: 'modal', title: plain('x'.repeat(25)), blocks: [] } }), 'invalid_arguments');
  assert.match(modal.response_metadata.messages[0], /^\[ERROR\] must be less than 25 characters \[json-pointer:\/view\/title\/text\]$/);
}

async function faults() {
  const started = Date.now();
  const { user } = await client.users.info({ user: 'U05GINA' });
  assert.ok(Date.now() - started >= 1000, 'Retry-After was not honoured');
  assert.equal(user.is_restricted, true);

  await assert.rejects(hasty.conversations.info({ channel: 'C01OPS' }), (err) => {
    assert.ok(err instanceof WebAPIRateLimitedError, String(err));
    assert.equal(err.retryAfter, 7);
    return true;
  });
  await assert.rejects(hasty.usergroups.list(), (err) => {
    assert.ok(err instanceof WebAPIHTTPError, String(err));
    assert.equal(err.statusCode, 503);
    return true;
  });
}

async function answers() {
  const me = await client.auth.test();
  assert.equal(me.user_id, 'U00PULLFIX');
  assert.equal((await client.conversations.info({ channel: 'C05PARTNER' })).channel.is_ext_shared, true);
  const { usergroups } = await client.usergroups.list({ include_users: true });
  assert.deepEqual(usergroups.find((g) => g.handle === 'platform').users, ['U02BOB', 'U03CAROL']);
  assert.deepEqual((await client.usergroups.users.list({ usergroup: 'S01PLATFORM' })).users, ['U02BOB', 'U03CAROL']);

  const metadata = { event_type: 'pullfix_incident', event_payload: { id: 'i-1' } };
  const text = 'a & b <tag> "quotes" ✓ 你好';
  const root = await client.chat.postMessage({ channel: 'C01OPS', text, metadata });
  const { permalink } = await client.chat.getPermalink({ channel: 'C01OPS', message_ts: root.ts });
  assert.match(permalink, /^https:\/\/acme\.slack\.com\/archives\/C01OPS\/p\d+$/);
  const reply = await client.chat.postMessage({ channel: 'C01OPS', thread_ts: root.ts, text: 'reply' });
  await client.chat.postEphemeral({ channel: 'C01OPS', user: 'U01ANN', text: 'for you alone' });
  await client.filesUploadV2({ channel_id: 'C01OPS', thread_ts: root.ts, filename: 'report.md', title: 'Report', content: '# report\n' });
  const gone = await client.chat.postMessage({ channel: 'C01OPS', text: 'gone' });
  assert.equal((await client.chat.delete({ channel: 'C01OPS', ts: gone.ts })).ts, gone.ts);

  const thread = await client.conversations.replies({ channel: 'C01OPS', ts: root.ts, include_all_metadata: true });
  assert.equal(thread.messages.length, 3);
  assert.equal(thread.messages[0].text, text);
  assert.deepEqual(thread.messages[0].metadata, metadata);
  assert.equal(thread.messages[1].ts, reply.ts);
  const pages = [];
  for await (const page of client.paginate('conversations.history', { channel: 'C01OPS', limit: 1 })) {
    pages.push(...page.messages.map((m) => m.ts));
  }
  assert.deepEqual(pages, [root.ts]);
  return root.ts;
}

/** crowd posts more at once than Slack takes, and has to be patient. */
async function crowd() {
  const started = Date.now();
  for (let n = 1; n <= 7; n++) {
    await client.chat.postMessage({ channel: 'C03SECRET', text: `message ${n}` });
  }
  assert.ok(Date.now() - started >= 1000, 'seven messages at once were taken');
}

await refusals();
step('refused');
await faults();
step('recovered');
step('answered', { root: await answers() });
await crowd();
step('patient');
await curtain();
