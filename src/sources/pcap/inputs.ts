/**
 * From what the user named to the inputs to read: folders become the files in them.
 *
 * Folders are searched to any depth, in order of names. Links to files are followed, links to
 * folders are not (they may lead in circles). Pipes and devices inside a folder are never opened,
 * since that may wait forever; named outright, they are.
 */
import type { Dirent, Stats } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { FaultList, SkippedInput } from './fault.ts';
import { noCaptures, openFault } from './input-faults.ts';

/** One thing to read. */
export interface NamedInput {
  readonly source: string;
  /** The folder it was found in, when it was not named itself: no fault if it is no capture. */
  readonly folder?: string;
}

export interface InputList {
  readonly inputs: NamedInput[];
  readonly skipped: SkippedInput[];
  /** Sum of sizes in octets; undefined when some input has none (standard input, a pipe). */
  bytesTotal: number | undefined;
}

/** Looks at each name; what cannot be looked at becomes a fault. Never rejects. */
export async function listInputs(
  names: readonly string[],
  fileLimit: number,
  faults: FaultList,
): Promise<InputList> {
  const list: InputList = { inputs: [], skipped: [], bytesTotal: 0 };
  for (const name of names) {
    if (name === '-') {
      if (!list.inputs.some(({ source }) => source === '-')) {
        list.inputs.push({ source: '-' });
      }
      list.bytesTotal = undefined;
      continue;
    }
    const stats = await look(name, faults);
    if (stats === undefined) continue;
    if (stats.isDirectory()) await addFolder(name, fileLimit, list, faults);
    else add(list, name, stats);
  }
  return list;
}

function add(list: InputList, source: string, stats: Stats, folder?: string): void {
  list.inputs.push(folder === undefined ? { source } : { source, folder });
  if (!stats.isFile()) list.bytesTotal = undefined;
  else if (list.bytesTotal !== undefined) list.bytesTotal += stats.size;
}

async function look(path: string, faults: FaultList): Promise<Stats | undefined> {
  try {
    return await stat(path);
  } catch (error) {
    faults.add(path, 0, openFault(error as NodeJS.ErrnoException));
    return undefined;
  }
}

async function addFolder(
  folder: string,
  fileLimit: number,
  list: InputList,
  faults: FaultList,
): Promise<void> {
  const before = list.inputs.length;
  const folders = [folder];
  for (let next = folders.pop(); next !== undefined; next = folders.pop()) {
    const deeper: string[] = [];
    for (const entry of await entriesOf(next, faults)) {
      const path = join(next, entry.name);
      if (list.inputs.length >= fileLimit) {
        list.skipped.push({ source: path, why: `more than ${fileLimit} files; the rest is left` });
        return;
      }
      if (entry.isDirectory()) deeper.push(path);
      else await addFound(path, folder, list, faults);
    }
    folders.push(...deeper.reverse());
  }
  if (list.inputs.length === before) faults.add(folder, 0, noCaptures('there are no files in it'));
}

async function addFound(
  path: string,
  folder: string,
  list: InputList,
  faults: FaultList,
): Promise<void> {
  const stats = await look(path, faults);
  if (stats === undefined) return;
  if (stats.isFile()) add(list, path, stats, folder);
  else if (stats.isDirectory()) list.skipped.push({ source: path, why: 'a link to a folder' });
  else list.skipped.push({ source: path, why: 'a pipe, socket or device' });
}

async function entriesOf(folder: string, faults: FaultList): Promise<Dirent[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch (error) {
    faults.add(folder, 0, openFault(error as NodeJS.ErrnoException));
    return [];
  }
}
