/**
 * The second half of a log, read and folded apart from the first. What its first lines mean may
 * depend on lines before them, so that it begins with a look at the file's begin and at what stands
 * just before the half; who read the first half judges whether that led to the same.
 */
import { Audit, type AuditOptions, type AuditPart } from '../analysis/audit/audit.ts';
import { FileSpan, lineStart, openForSpans, readSpan } from '../sources/logs/file-span.ts';
import {
  type LineOptions,
  LineReader,
  type LinesPart,
  LONGEST_LINE,
} from '../sources/logs/line-reader.ts';
import type { PartTask } from '../sources/logs/log-reader.ts';

/** Octets that are looked at of the file's begin, and before the half. */
const BEGIN_OCTETS = 64 * 1024;
const BEFORE_OCTETS = 256 * 1024;

/** What is to be read, and with which options. */
export interface HelperTask {
  readonly part: PartTask;
  readonly lines: LineOptions;
  readonly audit: Omit<AuditOptions, 'top' | 'where'>;
  /** Octets looked at of the file's begin, 65,536; and before the half, 262,144. */
  readonly beginOctets?: number;
  readonly beforeOctets?: number;
}

/** What is said about it: with what it begins, and at the end what was read. */
export type HelperMessage =
  | { readonly kind: 'seam'; readonly seam: string | undefined }
  | { readonly kind: 'part'; readonly lines: LinesPart; readonly audit: AuditPart }
  | { readonly kind: 'failed' };

/** Reads the part. Rejects with the system's error. */
export async function readPart(
  task: HelperTask,
  send: (message: HelperMessage) => void,
): Promise<void> {
  const { part, beginOctets = BEGIN_OCTETS, beforeOctets = BEFORE_OCTETS } = task;
  const audit = new Audit({ ...task.audit, top: 0 });
  let counting = false;
  const lines = new LineReader(task.lines, (batch) => {
    if (counting) audit.add(batch);
  });
  const handle = await openForSpans(part.path);
  const read = (from: number, to: number) =>
    readSpan(lines, new FileSpan(handle, from, to), () => true);
  try {
    lines.begin(part.input, part.path, part.referenceMs, part.format);
    const begun = lineStart(handle, beginOctets, LONGEST_LINE);
    const before = lineStart(handle, part.from - beforeOctets, LONGEST_LINE);
    const apart = begun >= 0 && before > begun;
    if (apart) await read(0, begun);
    await read(apart ? before : 0, part.from);
    const seam = lines.seam();
    send({ kind: 'seam', seam });
    if (seam === undefined) return;
    lines.startCounting();
    counting = true;
    const { bytes, start, end, error } = await read(part.from, Number.POSITIVE_INFINITY);
    if (error !== undefined) throw error;
    lines.end(bytes, start, end);
  } finally {
    await handle.close();
  }
  send({ kind: 'part', lines: lines.part(), audit: audit.part() });
}
