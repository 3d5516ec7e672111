// Small pictures, drawn as lines on a 20 × 20 grid.

const NS = 'http://www.w3.org/2000/svg';

const PATHS = {
  hash: 'M7.5 3 6 17M14 3l-1.5 14M3.5 7.5h14M2.5 12.5h14',
  lock: 'M5.5 9h9v7.5h-9zM7.5 9V6.5a2.5 2.5 0 0 1 5 0V9',
  shared: 'M8 12l4-4M9 6l1.5-1.5a3.5 3.5 0 0 1 5 5L14 11M11 14l-1.500 1.500a3.500 3.500 0 0 1-5-5L6 9',
  archive: 'M3.500 4h13v3.500h-13zM4.500 7.500v8.500h11V7.500M8 10.500h4',
  person: 'M10 10a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM4.500 16.500a5.500 5.500 0 0 1 11 0',
  close: 'M5 5l10 10M15 5 5 15',
  menu: 'M3.500 5.500h13M3.500 10h13M3.500 14.500h13',
  more: 'M5 10h.01M10 10h.01M15 10h.01',
  down: 'M5.500 8l4.500 4.500L14.500 8',
  arrow: 'M10 4v12M5.500 11.500 10 16l4.500-4.500',
  reply: 'M3.500 5h13v8.500h-7l-3.500 3v-3H3.500zM7 8.200h6M7 10.600h4',
  send: 'M3.500 10 4.500 3.500 17 10 4.500 16.500zM3.500 10H10',
  eye: 'M2.500 10s2.700-5 7.500-5 7.500 5 7.500 5-2.700 5-7.500 5-7.500-5-7.500-5zM10 12a2 2 0 1 0 0-4 2 2 0 0 0 0 4z',
  warn: 'M10 3.500 17.500 16h-15zM10 8v4M10 14h.01',
  file: 'M5.500 2.500h6l3.500 3.500v11.500h-9.500zM11.500 2.500V6H15M8 10h4.500M8 13h4.500',
  guide: 'M10 2.500a5 5 0 0 1 2.800 9.100c-.6.5-.8 1-.8 1.900H8c0-.9-.2-1.400-.8-1.900A5 5 0 0 1 10 2.500zM8.200 16.500h3.600',
  sun: 'M10 13.500a3.500 3.500 0 1 0 0-7 3.500 3.500 0 0 0 0 7zM10 1.800v1.700M10 16.500v1.700M1.800 10h1.700M16.500 10h1.700M4.200 4.200l1.200 1.200M14.600 14.600l1.200 1.200M4.200 15.800l1.200-1.200M14.600 5.400l1.200-1.200',
  moon: 'M16.500 11.600A6.800 6.800 0 0 1 8.400 3.500a6.800 6.800 0 1 0 8.100 8.100z',
  check: 'M4.500 10.500l3.500 3.500 7.500-8',
  bot: 'M3.500 6.500 10 3l6.500 3.500v7L10 17l-6.500-3.500zM3.500 6.500 10 10l6.500-3.500M10 10v7',
  slack: 'M10 3v14M3 10h14M5 5l10 10M15 5 5 15',
};

// icon is a picture that screen readers skip: what it means is said beside it.
export function icon(name) {
  const svg = document.createElementNS(NS, 'svg');
  svg.setAttribute('viewBox', '0 0 20 20');
  svg.setAttribute('class', `icon icon-${name}`);
  svg.setAttribute('aria-hidden', 'true');
  svg.setAttribute('focusable', 'false');
  const path = document.createElementNS(NS, 'path');
  path.setAttribute('d', PATHS[name]);
  svg.append(path);
  return svg;
}
