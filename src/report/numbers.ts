/**
 * Numbers as people read them, always in one fixed form: English digit groups, SI units (1 kB =
 * 1000 octets, as in link speeds and disk sizes; never 1024), a blank before the unit, UTC times.
 * Machines get the exact number instead.
 */

const NOT_A_NUMBER = 'n/a';
const SCALES = ['', 'k', 'M', 'G', 'T', 'P', 'E'];

/** `1,204,331`. Rounds to a whole number. */
export function count(value: number): string {
  if (!Number.isFinite(value)) return NOT_A_NUMBER;
  const whole = Math.round(value);
  // Above 2^53 digits would be invented; toFixed still writes them out rather than an exponent.
  const digits = Math.abs(whole) < 1e21 ? Math.abs(whole).toFixed(0) : String(Math.abs(whole));
  return (whole < 0 ? '-' : '') + digits.replace(/\B(?=(\d{3})+$)/g, ',');
}

/** `1 rule`, `2 rules`: a number with its noun; `many` where an s is not enough. */
export function counted(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** Three digits or fewer before the point and, below 100, one after: `1.4`, `99.9`, `123`. */
function scaled(value: number): { readonly digits: string; readonly scale: string } {
  let size = Math.abs(value);
  let index = 0;
  // 999.5 would round to 1000, and 99.95 to 100.0.
  while (index < SCALES.length - 1 && size >= 999.5) {
    size /= 1000;
    index++;
  }
  const digits = index === 0 && Number.isInteger(size) ? String(size) : brief(size);
  return { digits: (value < 0 ? '-' : '') + digits, scale: SCALES[index]! };
}

function brief(size: number): string {
  return size < 99.95 ? size.toFixed(1) : size.toFixed(0);
}

/** Octets: `999 B`, `1.4 GB` (SI). */
export function bytes(value: number): string {
  if (!Number.isFinite(value)) return NOT_A_NUMBER;
  const { digits, scale } = scaled(value);
  return `${digits} ${scale}B`;
}

/** `12.4k packets/s`. `unit` is a plural or an abbreviation. */
export function rate(perSecond: number, unit: string): string {
  if (!Number.isFinite(perSecond)) return NOT_A_NUMBER;
  const { digits, scale } = scaled(perSecond);
  return `${digits}${scale} ${unit}/s`;
}

/** `4.1 Mbit/s` (SI). */
export function bitRate(bitsPerSecond: number): string {
  if (!Number.isFinite(bitsPerSecond)) return NOT_A_NUMBER;
  const { digits, scale } = scaled(bitsPerSecond);
  return `${digits} ${scale}bit/s`;
}

/** `0.25 ms`, `12 ms`, `1.5 s`, `1 min 05 s`, `2 h 03 min`, `3 d 04 h`. */
export function duration(milliseconds: number): string {
  if (!Number.isFinite(milliseconds)) return NOT_A_NUMBER;
  if (milliseconds < 0) return `-${duration(-milliseconds)}`;
  if (milliseconds === 0) return '0 ms';
  if (milliseconds < 9.995) return `${Number(milliseconds.toFixed(2))} ms`;
  if (milliseconds < 999.5) return `${milliseconds.toFixed(0)} ms`;
  if (milliseconds < 59_950) return `${(milliseconds / 1000).toFixed(1)} s`;
  const seconds = Math.round(milliseconds / 1000);
  if (seconds < 3600) return pair(seconds, 60, 'min', 1, 's');
  if (seconds < 86_400) return pair(seconds, 3600, 'h', 60, 'min');
  return pair(seconds, 86_400, 'd', 3600, 'h');
}

/** Two neighbouring units; what is below the smaller one is cut off. */
function pair(seconds: number, large: number, name: string, small: number, below: string): string {
  const rest = Math.floor((seconds % large) / small);
  return `${Math.floor(seconds / large)} ${name} ${String(rest).padStart(2, '0')} ${below}`;
}

/**
 * `83.1 %` of a whole. Never shows 0.0 % for something or 100.0 % for less than all; `n/a` for a
 * part of nothing.
 */
export function percent(part: number, whole: number): string {
  if (!(whole > 0) || !Number.isFinite(part)) return NOT_A_NUMBER;
  const share = (part / whole) * 100;
  if (part > 0 && share < 0.05) return '<0.1 %';
  if (part < whole && share >= 99.95) return '>99.9 %';
  return `${share.toFixed(1)} %`;
}

/** `2026-11-22T10:30:00.123Z`: UTC, milliseconds always. `timeMs` counts from 1970. */
export function isoTime(timeMs: number): string {
  const date = new Date(timeMs);
  return Number.isNaN(date.getTime()) ? NOT_A_NUMBER : date.toISOString();
}
