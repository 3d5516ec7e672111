// What the scenarios share. The Go side starts the workspace and acts as the
// people in it; a scenario is the app. Each line on the standard output tells
// the Go side how far the app is; when the standard input ends, it may go.
import process from 'node:process';

const { SLACK_API_URL, SLACK_BOT_TOKEN, SLACK_APP_TOKEN } = process.env;
export const slackApiUrl = SLACK_API_URL;
export const token = SLACK_BOT_TOKEN;
export const appToken = SLACK_APP_TOKEN;

/** step says that the app got here, and what it saw. */
export function step(name, seen = {}) {
  process.stdout.write(`${JSON.stringify({ step: name, seen })}\n`);
}

/** die ends the scenario at once: an assertion that fails in a listener must not end in an SDK's log. */
export function die(err) {
  process.stderr.write(`${err?.stack ?? err}\n`);
  process.exit(1);
}

/** watched is the listener with failures that are not lost. */
export const watched = (listener) => async (...args) => {
  try {
    await listener(...args);
  } catch (err) {
    die(err);
  }
};

/** curtain waits for the end of the scenario. */
export function curtain() {
  return new Promise((resolve) => {
    process.stdin.on('end', resolve).resume();
  });
}

const say = (...words) => process.stderr.write(`${words.join(' ')}\n`);

/** logger keeps the SDKs' lines off the standard output. */
export const logger = {
  debug() {}, info() {}, warn: say, error: say, setLevel() {}, getLevel: () => 'info', setName() {},
};

process.on('unhandledRejection', die);
