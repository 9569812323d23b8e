/** Misuse that the option parser found, in our words. */
import type { Command, CommanderError } from 'commander';
import { nearest } from '../net/nearest.ts';
import type { Problem } from '../report/text.ts';

/** @param argv the arguments, beginning with the command */
export function misuse(error: CommanderError, root: Command, argv: readonly string[]): Problem {
  const { command, path } = commandAsked(root, argv);
  const help = `portreeve ${path.join(' ')} --help shows options and examples`;
  const [what = '', suggestion = ''] = error.message.replace(/^error: /, '').split('\n');
  const found = (problem: string, guess: string | undefined): Problem => ({
    what: problem,
    ways: [...(guess === undefined ? [] : [`${guess}, if that is what you meant`]), help],
  });
  if (error.code === 'commander.excessArguments' && command.commands.length > 0) {
    const name = argv[path.length] ?? '';
    const guess = nearest(
      name,
      command.commands.map((each) => each.name()),
    );
    const asked = path.join(' ');
    return found(
      `there is no command “${asked} ${name}”`,
      guess === undefined ? undefined : `portreeve ${asked} ${guess}`,
    );
  }
  // A mistyped option is why the one that is needed is missing.
  const stray =
    error.code === 'commander.missingMandatoryOptionValue' ? strayOption(command, argv) : undefined;
  if (stray !== undefined) {
    const known = [...command.options.flatMap(({ long }) => long ?? []), '--help'];
    return found(`unknown option '${stray}'`, nearest(stray, known));
  }
  return found(what, /^\(Did you mean (.+)\?\)$/.exec(suggestion)?.[1]);
}

/** The command or subcommand that the arguments begin with. */
function commandAsked(
  root: Command,
  argv: readonly string[],
): { readonly command: Command; readonly path: readonly string[] } {
  let command = root;
  const path: string[] = [];
  for (const word of argv) {
    const next = command.commands.find((each) => each.name() === word);
    if (next === undefined) break;
    path.push(word);
    command = next;
  }
  return { command, path };
}

function strayOption(command: Command, argv: readonly string[]): string | undefined {
  const known = new Set(command.options.map(({ long }) => long));
  return argv
    .map((word) => word.replace(/=.*/s, ''))
    .find((word) => word.startsWith('--') && word !== '--' && !known.has(word));
}
