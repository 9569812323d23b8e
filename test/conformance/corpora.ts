/** Where the public captures with known results are, when they are there. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const FOLDER = fileURLToPath(new URL('../../../shared/corpora/', import.meta.url));

/** The folder of one corpus, or undefined (a clone without the corpora). */
export function corpus(name: string): string | undefined {
  const path = `${FOLDER}${name}`;
  if (existsSync(path)) return path;
  if (process.env.PORTREEVE_LAB === 'required') throw new Error(`missing corpus: ${path}`);
  process.stderr.write(`skipped: no corpus at ${path}\n`);
  return undefined;
}
