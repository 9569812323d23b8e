/**
 * JSON from PowerShell, osquery and lsof: one object, a list, several lists in a row, one object a
 * line, or a list that was cut off. Objects are found by their braces and each is read on its own,
 * so that one damaged object costs no other.
 */
import { asRecord } from '../json-record.ts';
import { addRecord } from './records.ts';
import type { ForeignFormat, Gathered, Line } from './row.ts';
import { unread } from './row.ts';

const START = /^\s*(?:\[\s*(?:\{.*|\]?)|\{.*|\}\s*[,\]]?.*|\]\s*,?|"\w+"\s*:.*)$/;
/** How often a cut-off outer object is opened to look for whole ones inside. */
const DESCENTS = 3;

export const JSON_RECORDS: ForeignFormat = {
  id: 'json',
  name: 'JSON of PowerShell, osquery or lsof',
  recognises: (line) => START.test(line),
  read(lines, gathered) {
    const text = lines.map((line) => line.text).join('\n');
    let from = 0;
    for (let descent = 0; descent <= DESCENTS; descent++) {
      const open = readObjects(text, from, lines, gathered);
      if (open < 0) return;
      const line = lineAt(text, open, lines);
      if (descent === DESCENTS || text.indexOf('{', open + 1) < 0) {
        unread(gathered, line, 'an object that does not end');
        return;
      }
      from = open + 1;
    }
  },
};

/** Reads each outermost object from `from` on; where one does not end, its offset, else -1. */
function readObjects(
  text: string,
  from: number,
  lines: readonly Line[],
  gathered: Gathered,
): number {
  let depth = 0;
  let start = -1;
  let quoted = false;
  for (let at = from; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (quoted) {
      if (code === 0x5c) at++;
      else if (code === 0x22) quoted = false;
    } else if (code === 0x22) quoted = true;
    else if (code === 0x7b) {
      if (depth++ === 0) start = at;
    } else if (code === 0x7d && depth > 0 && --depth === 0) {
      readObject(text.slice(start, at + 1), lineAt(text, start, lines), gathered);
      start = -1;
    }
  }
  return depth > 0 ? start : -1;
}

function readObject(text: string, line: Line, gathered: Gathered): void {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    unread(gathered, line, 'no valid JSON');
    return;
  }
  addRecord(asRecord(value), line, gathered);
}

/** Offsets only grow, but objects are few beside characters: a search by halves is enough. */
function lineAt(text: string, offset: number, lines: readonly Line[]): Line {
  let starts = LINE_STARTS.get(lines);
  if (starts === undefined) {
    starts = [];
    let at = 0;
    for (const line of lines) {
      starts.push(at);
      at += line.text.length + 1;
    }
    LINE_STARTS.set(lines, starts);
  }
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (starts[middle]! <= offset) low = middle;
    else high = middle - 1;
  }
  const line = lines[low] ?? { number: 1, text };
  return { number: line.number, text: line.text };
}

const LINE_STARTS = new WeakMap<readonly Line[], number[]>();
