/** What a file is by its first octets, within gzip or zstd too, without reading on. */
import { stat } from 'node:fs/promises';
import { type ByteSource, openFile, PrefixedBytes } from './byte-source.ts';
import { GzipBytes } from './gzip-bytes.ts';
import { readHead } from './head.ts';
import { recognise } from './recognise.ts';
import { ZstdBytes } from './zstd-bytes.ts';

/** A file that is open, unwrapped from one layer of compression, from its first octet on. */
export interface OpenedForm {
  readonly source: ByteSource;
  readonly head: Uint8Array;
  /** As `recognise` has it; undefined for what is no capture. */
  readonly form: ReturnType<typeof recognise>;
}

/**
 * Opens a file to look at it. The caller closes the source. Rejects where it cannot be read, and for
 * pipes and folders: what is read of a pipe is gone.
 */
export async function openForm(name: string): Promise<OpenedForm> {
  if (!(await stat(name)).isFile()) throw new TypeError(`${name} is no regular file`);
  const outer = await openFile(name);
  try {
    const head = await readHead(outer);
    const whole = new PrefixedBytes(head, outer);
    const form = recognise(head);
    if (form !== 'gzip' && form !== 'zstd') return { source: whole, head, form };
    const inner = form === 'gzip' ? new GzipBytes(whole) : new ZstdBytes(whole);
    const innerHead = await readHead(inner);
    const source = new PrefixedBytes(innerHead, inner);
    return { source, head: innerHead, form: recognise(innerHead) };
  } catch (error) {
    await outer.close();
    throw error;
  }
}

/** Whether the file is a capture, or cannot be read, which whoever reads captures says best. */
export async function isCapture(name: string): Promise<boolean> {
  try {
    const { source, form } = await openForm(name);
    await source.close();
    return form === 'pcap' || form === 'pcapng';
  } catch {
    return true;
  }
}
