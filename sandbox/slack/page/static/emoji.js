// The emoji that Slack writes as :name:, as far as anybody here uses them.
// A name that is not listed stays as it was typed.

const NAMES = new Map(Object.entries({
  '+1': '👍', '-1': '👎', alarm_clock: '⏰', arrows_counterclockwise: '🔄', bangbang: '‼️', bell: '🔔',
  blue_circle: '🔵', boom: '💥', bug: '🐛', bulb: '💡', clap: '👏', construction: '🚧', eyes: '👀', fire: '🔥',
  fire_engine: '🚒', green_circle: '🟢', hammer_and_wrench: '🛠️', heart: '❤️', heavy_check_mark: '✔️',
  hourglass: '⌛', hourglass_flowing_sand: '⏳', information_source: 'ℹ️', joy: '😂', key: '🔑', large_yellow_circle: '🟡',
  lock: '🔒', mag: '🔍', memo: '📝', no_entry: '⛔', ok_hand: '👌', package: '📦', pager: '📟', point_right: '👉',
  pray: '🙏', question: '❓', raised_hands: '🙌', red_circle: '🔴', rocket: '🚀', rotating_light: '🚨', shrug: '🤷',
  slightly_smiling_face: '🙂', smile: '😄', sob: '😭', stopwatch: '⏱️', tada: '🎉', thinking_face: '🤔',
  thumbsup: '👍', warning: '⚠️', wave: '👋', whale: '🐳', white_check_mark: '✅', wrench: '🔧', x: '❌', zap: '⚡',
}));

// emoji is the picture of a name, or undefined.
export function emoji(name) {
  return NAMES.get(name);
}

// withEmoji replaces :names: that are known in a plain text.
export function withEmoji(text) {
  return text.replace(/:([a-z0-9_+-]+):/g, (whole, name) => emoji(name) ?? whole);
}
