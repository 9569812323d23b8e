/**
 * Compiles the registry of MAC address blocks (IEEE's, by way of the package `oui-data`) into the
 * compact table that `src/catalog/vendors.ts` reads. Does nothing when the table is newer.
 *
 * NAMES has a vendor a line. PREFIXES has for each length of prefix (6, 7 and 9 hexadecimal
 * digits) one line of tokens `gap.name` in base 36: the distance from the prefix before, and the
 * vendor's line. Blocks that IEEE shares out further, or whose owner is private, are left out.
 */
import { readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const LENGTHS = [6, 7, 9];
const NOBODY = new Set(['Private', 'IEEE Registration Authority']);

const time = (path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;

export function compileVendors(root) {
  const target = join(root, 'src', 'catalog', 'vendors.generated.ts');
  const registry = fileURLToPath(import.meta.resolve('oui-data'));
  const built = time(target);
  if (built > time(registry) && built > time(fileURLToPath(import.meta.url))) return;
  const draft = `${target}.draft`;
  writeFileSync(draft, emit(JSON.parse(readFileSync(registry, 'utf8'))));
  renameSync(draft, target);
}

function emit(registry) {
  const names = new Map();
  const lines = LENGTHS.map((length) => {
    let last = 0;
    const tokens = [];
    for (const prefix of Object.keys(registry)
      .filter((each) => each.length === length)
      .sort()) {
      if (!/^[\dA-F]+$/.test(prefix)) throw new Error(`oui-data: unexpected key "${prefix}"`);
      const name = registry[prefix].split('\n')[0].replace(/\s+/g, ' ').trim();
      if (name === '' || NOBODY.has(name)) continue;
      if (!names.has(name)) names.set(name, names.size);
      const value = Number.parseInt(prefix, 16);
      tokens.push(`${(value - last).toString(36)}.${names.get(name).toString(36)}`);
      last = value;
    }
    return tokens.join(' ');
  });
  return `// Made by scripts/compile-vendors.mjs from IEEE's registry of MAC address blocks.
export const NAMES =
  ${JSON.stringify([...names.keys()].join('\n'))};
export const PREFIXES =
  ${JSON.stringify(lines.join('\n'))};
`;
}
