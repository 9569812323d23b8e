/**
 * What the documentation shows must exist: every link leads to a file and a heading, and the option
 * parser takes every command line in README.md, docs/ and the examples of the help texts.
 */
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { Command, CommanderError } from 'commander';
import { describe, expect, it } from 'vitest';
import { PLATFORMS } from '../src/acl/platforms.ts';
import { allEntries, allRoles } from '../src/catalog/entries.ts';
import { COMMANDS, DEFAULT_COMMAND } from '../src/cli/command-table.ts';
import { logFormats } from '../src/sources/logs/formats.ts';
import { LINK_TYPES } from '../src/wire/link.ts';
import { DETECTORS } from '../src/wire/payload/detectors.ts';
import { argumentsOf, FENCE, PAGES, ROOT, readPage, shellLines } from './builders/pages.ts';

const files = (folder: string, end: string) =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(end))
    .map((name) => join(folder, name));

describe('links', () => {
  it.each(PAGES)('of %s lead somewhere', (page) => {
    const text = readPage(page).replace(FENCE, '');
    const dead = [...text.matchAll(/\]\(([^)\s]+)\)/g)]
      .map(([, link]) => link!)
      .filter((link) => !/^[a-z]+:/.test(link) && !leads(page, link));
    // Pages are also named in running text, without a link.
    const named = [...text.matchAll(/\b((?:docs|bench|src|test|examples)\/[\w./-]+\.\w+)\b/g)]
      .map(([, path]) => path!)
      .filter((path) => !existsSync(join(ROOT, path)));
    expect([...dead, ...named]).toEqual([]);
  });

  it('of comments in the sources to pages lead somewhere', () => {
    const dead = ['src', 'test', 'bench', 'scripts']
      .flatMap((folder) => [...files(folder, '.ts'), ...files(folder, '.mjs')])
      .flatMap((file) =>
        [...readPage(file).matchAll(/\b((?:docs|bench)\/[\w./-]+\.md)\b/g)]
          .filter(([, path]) => !existsSync(join(ROOT, path!)))
          .map(([path]) => `${file}: ${path}`),
      );
    expect(dead).toEqual([]);
  });
});

function leads(page: string, link: string): boolean {
  const [path = '', heading] = link.split('#');
  const target = path === '' ? page : relative(ROOT, resolve(ROOT, dirname(page), path));
  if (!existsSync(join(ROOT, target))) return false;
  return heading === undefined || headings(readPage(target)).has(heading);
}

/** The names that a page's headings are linked by. */
function headings(text: string): Set<string> {
  const titles = [...text.replace(FENCE, '').matchAll(/^#+ (.*)$/gm)].map(([, title]) => title!);
  return new Set(
    titles.map((title) =>
      title
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, '')
        .replace(/ /g, '-'),
    ),
  );
}

/** Parses without running. Undefined: taken; else what is wrong. */
async function refusal(argv: readonly string[]): Promise<string | undefined> {
  const [first = ''] = argv;
  const named = first !== '' && !first.startsWith('-');
  const name = named ? first : DEFAULT_COMMAND;
  const entry = COMMANDS.find((each) => each.name === name);
  if (entry === undefined) return first === 'help' ? undefined : `no command ${name}`;
  const command = new Command(name).helpOption('-h, --help');
  (await entry.load()).configure(command);
  const commands = [command, ...command.commands];
  for (const each of commands) {
    each.exitOverride().configureOutput({ writeOut: () => {}, writeErr: () => {} });
    each.action(() => {});
  }
  try {
    await command.parseAsync(named ? argv.slice(1) : [...argv], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    // `policy learn` or `capture -r` in a sentence names the command or option; it is no example.
    const bare =
      argv.length <= (command.commands.length > 0 ? 2 : 1) || argv.at(-1)!.startsWith('-');
    const lacking = /(?:missing|Missing)(?:Argument|MandatoryOptionValue)$/.test(error.code);
    if (error.exitCode !== 0 && !(bare && lacking)) return error.message;
  }
  return undefined;
}

const commandLines = (page: string) =>
  shellLines(page)
    .map(argumentsOf)
    .filter((argv) => !argv.includes('…'));

describe('numbers in README.md', () => {
  const text = readPage('README.md').replace(/\s+/g, ' ');

  it.each([
    [
      'payloads, whatever the port: N protocols',
      new Set(DETECTORS.map(({ protocol }) => protocol)).size,
    ],
    ['explains**: N services', allEntries().length],
    ['and N server roles', allRoles().length],
    ['raw IP, N link types in all', LINK_TYPES.size],
    ['written for N platforms', PLATFORMS.length],
    ['in N formats and', logFormats().length],
  ])('are those of the code: %s', (sentence, count) => {
    const [before = '', behind = ''] = sentence.split('N');
    const numbers = [...new Set(text.match(/\d+/g))];
    const said = numbers.filter((number) => text.includes(`${before}${number}${behind}`));
    expect(said).toEqual([String(count)]);
  });
});

describe('command lines', () => {
  const pages = [...PAGES, ...files('test/e2e/help', '.txt')].filter(
    (page) => commandLines(page).length > 0,
  );

  it('are found', () => {
    expect(pages).toEqual(expect.arrayContaining(['README.md', 'docs/scan.md', 'docs/policy.md']));
    expect(pages.flatMap(commandLines).length).toBeGreaterThan(150);
  });

  it.each(pages)('of %s are understood', async (page) => {
    const wrong: string[] = [];
    for (const argv of commandLines(page)) {
      const why = await refusal(argv);
      if (why !== undefined) wrong.push(`portreeve ${argv.join(' ')}: ${why}`);
    }
    expect(wrong).toEqual([]);
  });
});
