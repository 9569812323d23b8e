/** Faults of an input as a whole: it cannot be opened or read, is empty, or is no capture. */
import { CompressionFault } from './compression.ts';
import type { FaultDetails } from './fault.ts';
import { type CaptureForm, describeStranger } from './recognise.ts';

type Compression = 'gzip' | 'zstd';

const WHOLE = { layer: 'input', offset: 0, record: 0, ends: true } as const;

/**
 * @param within the compression in which there is nothing; undefined: the file itself has no octet
 */
export function emptyFault(within: Compression | undefined): FaultDetails {
  return {
    ...WHOLE,
    code: 'empty-input',
    required: 24,
    available: 0,
    what:
      within === undefined ? 'the input is empty' : `there is nothing within the ${within} file`,
    why: 'nothing was written to it, not even the header a capture without packets has',
    do: 'check that the capture was started with the rights it needs',
  };
}

/** Of a folder; `why` says what is in it instead. */
export function noCaptures(why: string): FaultDetails {
  return {
    ...WHOLE,
    code: 'no-captures',
    what: 'this folder holds no captures',
    why,
    do: 'check the path',
  };
}

/** What the input is instead, where its first octets tell, and how to make a capture of it. */
export function strangerFault(
  head: Uint8Array,
  form: CaptureForm | undefined,
  within: Compression | undefined,
): FaultDetails {
  if (within !== undefined && form !== undefined) {
    return {
      ...WHOLE,
      code: 'unsupported-format',
      what: `this is ${form} within ${within}`,
      why: 'only one layer of compression is unwrapped',
      do: `unpack the outer one first: ${within} -dc FILE | portreeve … -`,
    };
  }
  const stranger = describeStranger(head);
  return {
    ...WHOLE,
    code: stranger.known ? 'unsupported-format' : 'not-a-capture',
    what: `this is ${stranger.what}${within === undefined ? '' : ` within ${within}`}`,
    why: 'it does not begin as pcap or pcapng do, nor as these within gzip or zstd',
    do: stranger.do,
  };
}

const OPEN_REMEDIES: Readonly<Record<string, string>> = {
  ENOENT: 'check the path',
  EACCES: 'ask its owner for the right to read it, or run as a user who has it',
  EMFILE: 'raise the limit of open files (ulimit -n), or give fewer files at once',
};

/** By the system's error code, with the remedy where there is a usual one. */
export function openFault(error: NodeJS.ErrnoException): FaultDetails {
  const code = error.code ?? '';
  return {
    ...WHOLE,
    code: 'cannot-open',
    what: code === 'ENOENT' ? 'there is no such file' : 'the file cannot be opened',
    why: `the system says ${code === '' ? error.message : code}`,
    do: OPEN_REMEDIES[code] ?? 'check the path and its permissions',
  };
}

/** `offset`: octets of the capture read before the error. */
export function readFault(error: Error, offset: number): FaultDetails {
  if (!(error instanceof CompressionFault)) {
    return {
      ...WHOLE,
      code: 'cannot-read',
      offset,
      what: 'reading stopped before the end',
      why: `the system says ${(error as NodeJS.ErrnoException).code ?? error.message}`,
      do: 'check the disk or the connection the file lies on, then try again',
    };
  }
  const truncated = error.code === 'truncated-compression';
  return {
    ...WHOLE,
    layer: error.layer,
    code: error.code,
    offset: error.offset,
    what: truncated ? `the ${error.layer} file is cut short` : `the ${error.layer} file is damaged`,
    why: error.message,
    do: 'what was unpacked before this point is kept; copy the file again if its original is sound',
  };
}
