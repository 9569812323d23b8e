/** The pages of the documentation, and the command lines that stand on them. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** Paths of all pages, from `ROOT`. */
export const PAGES: readonly string[] = ['', 'docs', 'docs/adr', 'bench'].flatMap((folder) =>
  readdirSync(join(ROOT, folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(folder, name)),
);

export const FENCE = /^```.*\n([\s\S]*?)^```/gm;

/** @param file from `ROOT` */
export function readPage(file: string): string {
  return readFileSync(join(ROOT, file), 'utf8');
}

/**
 * What is typed after `portreeve` in the blocks and spans of a page, or in the examples of a help text,
 * each with the blank before it: ` assess lan.pcap --port 80     one port`.
 */
export function shellLines(page: string): string[] {
  const text = readPage(page);
  const markdown = page.endsWith('.md');
  const blocks = markdown
    ? [...text.matchAll(FENCE)].map(([, block]) => block!)
    : [text.slice(0, text.indexOf('Usage:'))];
  const spans = markdown
    ? [...text.replace(FENCE, '').matchAll(/`([^`]+)`/g)].map(([, span]) =>
        span!.replace(/\\\|/g, '|').replace(/\s*\n\s*/g, ' '),
      )
    : [];
  return [...blocks.flatMap((block) => block.replace(/\\\n\s*/g, ' ').split('\n')), ...spans]
    .flatMap((line) => line.split(/ \| /))
    .flatMap((line) => {
      const [, rest] =
        /^\s*(?:\$ )?(?:sudo (?:setpriv .*)?)?(?:\.\/)?portreeve( .*)?$/.exec(line) ?? [];
      return rest === undefined ? [] : [rest];
    });
}

/** Splits as a shell does, up to a remark (`# …`, or what stands after two spaces) or redirection. */
export function argumentsOf(line: string): string[] {
  const found: string[] = [];
  for (const [, gap, quoted, plain] of line.matchAll(/(\s+)(?:'([^']*)'|(\S+))/g)) {
    if (gap!.length > 1) break;
    if (plain !== undefined && /^(?:#|\d?>)/.test(plain)) break;
    found.push(quoted ?? plain!);
  }
  return found;
}
