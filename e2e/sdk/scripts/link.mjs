// A bare Socket Mode client: the frames as they come, acknowledgements, and
// coming back after each way of losing the connection.
import assert from 'node:assert/strict';
import { SocketModeClient } from '@slack/socket-mode';
import { appToken, curtain, logger, slackApiUrl, step, watched } from './play.mjs';

// The time for a pong is also the pause before a new connection.
const client = new SocketModeClient({ appToken, logger, clientPingTimeout: 1000, clientOptions: { slackApiUrl } });

client.on('ws_message', watched(async (data) => {
  const frame = JSON.parse(data);
  switch (frame.type) {
    case 'hello':
      assert.equal(frame.connection_info.app_id, 'A01PULLFIX');
      assert.ok(frame.num_connections >= 1);
      assert.ok(frame.debug_info.approximate_connection_time > 0);
      step('hello');
      break;
    case 'disconnect':
      assert.ok(frame.debug_info.host);
      step('disconnect', { reason: frame.reason });
      break;
    default:
      assert.deepEqual(Object.keys(frame).sort(), ['accepts_response_payload', 'envelope_id', 'payload', 'type']);
  }
}));

client.on('slash_commands', watched(async ({ ack, body, accepts_response_payload: mayAnswer }) => {
  assert.equal(mayAnswer, true);
  switch (body.text) {
    case 'answer':
      await ack({ text: 'answered' });
      break;
    case 'nothing':
      await ack();
      break;
    case 'silence':
      break;
    case 'flood': // more than Slack takes in a frame
      await ack({ text: 'x'.repeat(21000) });
      break;
    default:
      assert.fail(`command ${body.text}`);
  }
  step('command', { text: body.text });
}));

await client.start();
step('started');
await curtain();
await client.disconnect();
