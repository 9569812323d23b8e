/** Objects of a configuration in JSON or YAML, taken field by field, so that none stays unread. */
import { LineFault } from './line-fault.ts';

export type Fields = Readonly<Record<string, unknown>>;

/** @param what it is, for the fault that is thrown where it is no object (`LineFault`) */
export function fieldsOf(value: unknown, what: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new LineFault(`${what} is not an object.`);
  }
  return value as Fields;
}

/** Throws for the first field that was not taken. */
export function nothingElse(fields: Fields): void {
  const [unread] = Object.keys(fields);
  if (unread !== undefined) throw new LineFault(`“${unread}” is not read.`);
}

/** Throws `LineFault` for anything but a text; an empty one is a text. */
export function textOf(value: unknown, what: string): string {
  if (typeof value !== 'string') throw new LineFault(`“${what}” is not a text.`);
  return value;
}

/** A block, or a list of blocks. */
export function blocksOf(value: unknown, what: string): Fields[] {
  const blocks = Array.isArray(value) ? value : [value];
  return blocks.map((block) => fieldsOf(block, `“${what}”`));
}

/** Throws `LineFault` for anything but a list; one thing alone is none. */
export function listOf(value: unknown, what: string): readonly unknown[] {
  if (!Array.isArray(value)) throw new LineFault(`“${what}” is not a list.`);
  return value;
}

/** A whole number from `min` to `max`, also written as a text, as both languages allow. */
export function wholeOf(value: unknown, what: string, min: number, max: number): number {
  const number = typeof value === 'string' && /^-?\d{1,10}$/.test(value) ? Number(value) : value;
  if (typeof number !== 'number' || !Number.isInteger(number) || number < min || number > max) {
    throw new LineFault(`“${what}” is not a number from ${min} to ${max}.`);
  }
  return number;
}

/** true or false, also written as a text. */
export function truthOf(value: unknown, what: string): boolean {
  if (value === true || value === 'true') return true;
  if (value === false || value === 'false') return false;
  throw new LineFault(`“${what}” is not true or false.`);
}
