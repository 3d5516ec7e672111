// Moments in the reader's own time.

export function ofTS(ts) {
  return new Date(Number.parseFloat(ts) * 1000);
}

const format = (options) => (date) => new Intl.DateTimeFormat(undefined, options).format(date);

export const clock = format({ hour: 'numeric', minute: '2-digit' });
const long = format({ weekday: 'long', month: 'long', day: 'numeric', year: 'numeric' });
const full = format({ weekday: 'long', month: 'long', day: 'numeric' });

export function sameDay(a, b) {
  return a.toDateString() === b.toDateString();
}

function pretty(otherwise) {
  return (date) => {
    const now = new Date();
    const yesterday = new Date(now.getFullYear(), now.getMonth(), now.getDate() - 1);
    const tomorrow = new Date(now.getFullYear(), now.getMonth(), now.getDate() + 1);
    if (sameDay(date, now)) return 'today';
    if (sameDay(date, yesterday)) return 'yesterday';
    if (sameDay(date, tomorrow)) return 'tomorrow';
    return otherwise(date);
  };
}

function ago(date) {
  const seconds = Math.round((date - Date.now()) / 1000);
  const steps = [['day', 86400], ['hour', 3600], ['minute', 60], ['second', 1]];
  const [unit, size] = steps.find(([, n]) => Math.abs(seconds) >= n) ?? steps.at(-1);
  return new Intl.RelativeTimeFormat(undefined, { numeric: 'auto' }).format(Math.round(seconds / size), unit);
}

const short = format({ month: 'short', day: 'numeric', year: 'numeric' });
const plain = format({ month: 'long', day: 'numeric', year: 'numeric' });

const TOKENS = {
  date_num: (date) => [date.getFullYear(), pad(date.getMonth() + 1), pad(date.getDate())].join('-'),
  date: plain,
  date_short: short,
  date_long: long,
  date_pretty: pretty(plain),
  date_short_pretty: pretty(short),
  date_long_pretty: pretty(long),
  day_divider_pretty: pretty(full),
  time: clock,
  time_secs: format({ hour: 'numeric', minute: '2-digit', second: '2-digit' }),
  ago,
};

function pad(n) {
  return String(n).padStart(2, '0');
}

// dated fills in a format of Slack's date markup; null when there is nothing
// to fill in, and the fallback is to be shown.
export function dated(seconds, text) {
  if (!/^\d{1,12}$/.test(seconds)) return null;
  const date = new Date(Number(seconds) * 1000);
  let filled = false;
  const out = text.replace(/\{([a-z_]+)\}/g, (whole, name) => {
    if (!Object.hasOwn(TOKENS, name)) return whole;
    filled = true;
    return TOKENS[name](date);
  });
  return filled ? out : null;
}

// day is the text of a divider.
export function day(date) {
  const text = pretty(full)(date);
  return text.charAt(0).toUpperCase() + text.slice(1);
}

// when is a moment near today, for a tooltip or a reply count.
export function when(date) {
  return `${pretty(short)(date)} at ${clock(date)}`;
}
