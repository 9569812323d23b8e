/**
 * The files of a policy: `policy.yaml`, the conversations that `learn` found and the journal of
 * what people decided about them (both a JSON object a line). What cannot be read is said with its
 * place.
 */
import { realpathSync, statSync, writeFileSync } from 'node:fs';
import type { DocumentFault } from '../model/document.ts';
import type { Conversation, Decision } from '../policy/conversation.ts';
import type { Policy } from '../policy/intent.ts';
import { plainPolicy } from '../policy/plain-policy.ts';
import { readPolicy } from '../policy/read-policy.ts';
import { parseYaml, writeYaml } from '../sources/documents/yaml.ts';
import { readWholeText, UnreadableFile } from '../sources/whole-file.ts';
import {
  conversationFault,
  decisionFault,
  headFault,
  isObject,
  type PlainObject,
} from './candidate-check.ts';
import { writeWholeText } from './whole-text.ts';

/** A file that is not what it should be; `faults` say where. */
export class PolicyFileError extends Error {
  override readonly name = 'PolicyFileError';
  readonly file: string;
  readonly faults: readonly DocumentFault[];

  constructor(file: string, what: string, faults: readonly DocumentFault[] = []) {
    super(what);
    this.file = file;
    this.faults = faults;
  }
}

/** A file that cannot be written, which is as it was before. */
export class UnwritableFile extends Error {
  override readonly name = 'UnwritableFile';
  readonly file: string;
  /** Of the system, such as `ENOSPC`. */
  readonly code: string;

  constructor(file: string, code: string) {
    super(`cannot write ${file}: ${code}`);
    this.file = file;
    this.code = code;
  }
}

/** The text of a file; `-` is standard input. Undefined when there is none and `optional`. */
export function readText(file: string, optional?: false): string;
export function readText(file: string, optional: boolean): string | undefined;
export function readText(file: string, optional = false): string | undefined {
  try {
    return readWholeText(file);
  } catch (error) {
    if (optional && error instanceof UnreadableFile && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

/**
 * Replaces a file as a whole: whoever reads it sees the old text or the new one. A link stays and
 * its target is replaced; permissions stay. Devices and pipes are written to, never replaced:
 * renaming over /dev/null would take it from the whole machine. Throws `UnwritableFile`.
 */
export function replaceFile(file: string, text: string): void {
  try {
    const known = statSync(file, { throwIfNoEntry: false });
    if (known !== undefined && !known.isFile()) {
      writeFileSync(file, text);
      return;
    }
    const target = known === undefined ? file : realpathSync(file);
    const mode = known === undefined ? 0o644 : known.mode & 0o777;
    writeWholeText(target, text, mode, true);
  } catch (error) {
    throw new UnwritableFile(file, (error as NodeJS.ErrnoException).code ?? String(error));
  }
}

export interface PolicyFile {
  readonly policy: Policy;
  /** As it stands in the file. */
  readonly text: string;
}

/** Throws `PolicyFileError` with every fault, `UnreadableFile`. */
export function readPolicyFile(file: string): PolicyFile {
  const text = readText(file);
  const { root, faults } = parseYaml(text);
  const reading = root === undefined ? { faults } : readPolicy(root);
  if (reading.policy === undefined) {
    throw new PolicyFileError(file, `${file} is not a policy`, reading.faults);
  }
  return { policy: reading.policy, text };
}

/** Keeps comments and the order of what stays the same. */
export function writePolicyFile(file: string, policy: Policy, before: string | undefined): void {
  replaceFile(file, writeYaml(plainPolicy(policy), before));
}

/** What `learn` wrote: zones and names it went by, then the conversations. */
export interface CandidateFile {
  readonly zones: Readonly<Record<string, readonly string[] | 'rest'>>;
  /** Host names by address. */
  readonly names: Readonly<Record<string, string>>;
  readonly inputs: readonly string[];
  readonly conversations: readonly Conversation[];
}

/** A line with what all share, then one for each conversation; each ends with a newline. */
export function candidateText({ conversations, ...head }: CandidateFile): string {
  const lines = [{ kind: 'candidates', version: 1, ...head }, ...conversations];
  return `${lines.map((line) => JSON.stringify(line)).join('\n')}\n`;
}

/** Throws `PolicyFileError` at the first line that is not what `learn` writes, `UnreadableFile`. */
export function readCandidates(file: string): CandidateFile {
  const [head, ...rest] = jsonLines(file, readText(file));
  if (head?.value.kind !== 'candidates' || head.value.version !== 1) {
    throw new PolicyFileError(file, `${file} was not written by “policy learn”`);
  }
  refuse(file, head.line, headFault(head.value));
  for (const { line, value } of rest) refuse(file, line, conversationFault(value));
  const { zones, names, inputs } = head.value as unknown as CandidateFile;
  const conversations = rest.map(({ value }) => value as unknown as Conversation);
  return { zones, names, inputs, conversations };
}

/** Throws where there is something wrong. */
function refuse(file: string, line: number, what: string | undefined): void {
  if (what === undefined) return;
  throw new PolicyFileError(file, `${file} is damaged`, [{ line, column: 1, what }]);
}

interface JsonLine {
  /** From 1. */
  readonly line: number;
  readonly value: PlainObject;
}

function jsonLines(file: string, text: string): JsonLine[] {
  return text.split('\n').flatMap((line, at): JsonLine[] => {
    if (line.trim() === '') return [];
    try {
      const value: unknown = JSON.parse(line);
      if (isObject(value)) return [{ line: at + 1, value }];
    } catch {
      // Said below.
    }
    return refuseLine(file, at + 1);
  });
}

function refuseLine(file: string, line: number): never {
  const fault = { line, column: 1, what: 'The line is not a JSON object.' };
  throw new PolicyFileError(file, `${file} is damaged`, [fault]);
}

/** The journal beside a policy: `policy.yaml` has `policy.journal.ndjson`. */
export function journalOf(policyFile: string): string {
  return `${policyFile.replace(/\.ya?ml$/i, '')}.journal.ndjson`;
}

/** All decisions, oldest first; none when there is no journal yet. */
export function readJournal(file: string): Decision[] {
  const text = readText(file, true);
  if (text === undefined) return [];
  return jsonLines(file, text).map(({ line, value }) => {
    refuse(file, line, decisionFault(value));
    return value as unknown as Decision;
  });
}

/** All decisions, in place of those that are there. Throws `PolicyFileError`. */
export function writeJournal(file: string, decisions: readonly Decision[]): void {
  replaceFile(file, decisions.map((decision) => `${JSON.stringify(decision)}\n`).join(''));
}
