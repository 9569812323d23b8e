/** Every log format, in the order in which they are tried. */
import { CiscoAsa } from './cisco-asa.ts';
import type { LogFormat } from './format.ts';
import { netfilter } from './netfilter.ts';

/** New readers: some keep what they learned from a file's first lines. */
export function logFormats(): LogFormat[] {
  return [netfilter, new CiscoAsa()];
}
