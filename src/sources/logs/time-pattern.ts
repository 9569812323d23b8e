/**
 * Stamps by a pattern as strftime(3) has it, for logs that somebody describes: `%d/%b/%Y:%H:%M:%S %z`.
 *
 *   %Y year   %m month   %b month's English name   %d, %e day   %H hour   %I hour of 12   %p AM or PM
 *   %M minute   %S second   %f fraction of a second   %z zone (+02:00, +0200, Z)   %s seconds since 1970
 *   %% a percent sign; a blank stands for one or more
 */

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const KNOWN = 'YmbdeHIpMSfzs%';
/** What a pattern must have between its parts to be a time. */
const DATE: readonly (readonly string[])[] = [['Y'], ['m', 'b'], ['d', 'e']];

/** What is wrong with a pattern, in one sentence; undefined when it can be read. */
export function patternFault(pattern: string): string | undefined {
  const letters: string[] = [];
  for (let at = 0; at < pattern.length; at++) {
    if (pattern[at] !== '%') continue;
    const letter = pattern[++at] ?? '';
    if (letter === '' || !KNOWN.includes(letter))
      return `%${letter} is none of %${[...KNOWN].join(' %')}.`;
    letters.push(letter);
  }
  if (letters.includes('s')) return undefined;
  const missing = DATE.find((any) => !any.some((letter) => letters.includes(letter)));
  if (missing !== undefined) return `It has no %${missing[0]}: a time needs year, month and day.`;
  return undefined;
}

/**
 * Reads `text` by the pattern: ms since 1970; NaN when it does not fit or is no time that there is.
 * @param offsetMs ms east of UTC of a stamp that names no zone
 */
export function readByPattern(text: string, pattern: string, offsetMs: number): number {
  const parts = { Y: 1970, m: 1, d: 1, H: 0, M: 0, S: 0, f: 0 };
  let zoneMs = offsetMs;
  let afternoon = -1;
  let epochMs = Number.NaN;
  let at = 0;
  for (let index = 0; index < pattern.length; index++) {
    const mark = pattern[index]!;
    if (mark === ' ') {
      const from = at;
      while (text[at] === ' ') at++;
      if (at === from) return Number.NaN;
      continue;
    }
    if (mark !== '%' || pattern[index + 1] === '%') {
      if (mark === '%') index++;
      if (text[at++] !== mark) return Number.NaN;
      continue;
    }
    const letter = pattern[++index]!;
    const rest = text.slice(at);
    const found = SHAPES[letter]!.exec(rest)?.[0];
    if (found === undefined) return Number.NaN;
    at += found.length;
    const value = Number(found);
    if (letter === 'b') parts.m = MONTHS.indexOf(found.toLowerCase()) + 1;
    else if (letter === 'e' || letter === 'd') parts.d = value;
    else if (letter === 'I') parts.H = value % 12;
    else if (letter === 'p') afternoon = found.toLowerCase() === 'pm' ? 12 : 0;
    else if (letter === 'f') parts.f = Number(`0.${found}`) * 1000;
    else if (letter === 'z') zoneMs = zoneOf(found);
    else if (letter === 's') epochMs = value * 1000;
    else parts[letter as 'Y' | 'm' | 'H' | 'M' | 'S'] = value;
  }
  if (at !== text.length) return Number.NaN;
  if (!Number.isNaN(epochMs)) return epochMs + parts.f;
  return civil(parts, afternoon, zoneMs);
}

const SHAPES: Readonly<Record<string, RegExp>> = {
  Y: /^\d{4}/,
  m: /^\d{1,2}/,
  b: new RegExp(`^(?:${MONTHS.join('|')})`, 'i'),
  d: /^\d{1,2}/,
  e: /^ ?\d{1,2}/,
  H: /^\d{1,2}/,
  I: /^\d{1,2}/,
  p: /^[ap]m/i,
  M: /^\d{2}/,
  S: /^\d{2}/,
  f: /^\d{1,9}/,
  z: /^(?:Z|[+-]\d{2}:?\d{2})/,
  s: /^\d{1,11}/,
};

function zoneOf(text: string): number {
  if (text === 'Z') return 0;
  const minutes = Number(text.slice(1, 3)) * 60 + Number(text.slice(-2));
  return (text[0] === '-' ? -1 : 1) * minutes * 60_000;
}

/** NaN for what no calendar and no clock has; a leap second counts as the next one. */
function civil(
  { Y, m, d, H, M, S, f }: Readonly<Record<'Y' | 'm' | 'd' | 'H' | 'M' | 'S' | 'f', number>>,
  afternoon: number,
  zoneMs: number,
): number {
  const hour = afternoon > 0 ? (H % 12) + afternoon : H;
  if (m < 1 || m > 12 || hour > 23 || M > 59 || S > 60) return Number.NaN;
  const ms = Date.UTC(Y, m - 1, d, hour, M, S);
  // The day must be one of that month.
  if (new Date(Date.UTC(Y, m - 1, d)).getUTCDate() !== d) return Number.NaN;
  return ms + f - zoneMs;
}
