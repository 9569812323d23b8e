/** `portreeve explain`: what a port is for, whether it is a risk, and how to close it. */
import { type Command, Option } from 'commander';
import { allEntries, allRoles, entriesWith, roleNamed } from '../catalog/entries.ts';
import { type EntrySummary, RISKS, type Risk } from '../catalog/entry.ts';
import { nearest } from '../net/nearest.ts';
import { PortRangeError } from '../net/port-range.ts';
import { unitTies } from '../pipeline/units.ts';
import { FINDINGS, USAGE } from './exit-codes.ts';
import { type Answer, answer, join } from './explain-queries.ts';
import { explainReport } from './explain-report.ts';
import { roleReport } from './explain-roles.ts';
import { Failure } from './failure.ts';
import { addOutputOptions, type OutputOptions, writeReport } from './output.ts';

const EXAMPLES = `Examples:
  portreeve explain 1433               what it is, its risk, how to close it
  portreeve explain rdp udp/138        by name; several at once
  portreeve explain 135-139/tcp        a range of one transport
  portreeve explain --risk high        everything of that risk or a higher one
  portreeve explain --search backup    entries in which all of the words occur
  portreeve explain --role domain-controller   ports of a server role
  portreeve explain ssh --here         with the units this machine has for it
`;

const NOTES = `
What an entry says is about the service that the port is known for. What really
runs there, \`portreeve sockets\` and \`portreeve assess\` show.
Exit codes: 0 done, 1 no entry has these words or that risk, 2 wrong usage or
nothing known by that name.
`;

interface ExplainOptions {
  readonly risk?: Risk;
  readonly search?: readonly string[];
  readonly role?: string;
  readonly roles?: boolean;
  readonly here?: boolean;
}

export function configure(command: Command): void {
  command
    .addHelpText('before', EXAMPLES)
    .addHelpText('after', NOTES)
    .argument('[what...]', 'ports (80, 135-139, 53/udp) or names (rdp, ms-sql-s)')
    .addOption(new Option('--risk <level>', 'of this risk or a higher one').choices([...RISKS]))
    .option('--search <word...>', 'entries in which all of the words occur')
    .option('--role <name>', 'how a server role shows in its ports')
    .option('--roles', 'list the server roles')
    .option('--here', 'how to stop the units of these services that this machine has');
  addOutputOptions(command);
  command.action(run);
}

async function run(
  what: readonly string[],
  options: OutputOptions & ExplainOptions,
): Promise<void> {
  const { risk, search, role, roles } = options;
  const byRole = role !== undefined || roles === true;
  const byPort = what.length > 0 || risk !== undefined || search !== undefined;
  if (byRole && byPort) {
    throw new Failure(USAGE, {
      what: 'one answer cannot be both about ports and about roles',
      ways: ['ask for --role or --roles alone'],
    });
  }
  if (byRole) {
    const found = role === undefined ? allRoles() : [findRole(role)];
    return writeReport(roleReport(found, role !== undefined), options);
  }
  if (!byPort) {
    throw new Failure(USAGE, {
      what: 'nothing to explain was named',
      ways: ['portreeve explain 1433', 'portreeve explain --help shows all ways to ask'],
    });
  }
  const answer = select(what, search, risk);
  await writeReport(explainReport(answer, options.here ? unitTies : undefined), options);
  if (answer.entries.length === 0 && (search !== undefined || risk !== undefined)) {
    process.exitCode = FINDINGS;
  }
}

/** What the arguments name, or everything; of that, what has the words and the risk. */
function select(
  what: readonly string[],
  search: readonly string[] | undefined,
  risk: Risk | undefined,
): Answer {
  const asked = what.length === 0 ? undefined : join(what.map(read));
  let entries: readonly EntrySummary[] = asked?.entries ?? allEntries();
  if (search !== undefined) {
    const having = new Set(entriesWith(search));
    entries = entries.filter((entry) => having.has(entry));
  }
  if (risk !== undefined) {
    const least = RISKS.indexOf(risk);
    entries = entries.filter(({ riskLevel }) => RISKS.indexOf(riskLevel) >= least);
  }
  const narrowed = search !== undefined || risk !== undefined;
  if (asked !== undefined && !narrowed) return asked;
  return { entries, unlisted: [], passedOver: 0 };
}

function read(text: string): Answer {
  let found: Answer | undefined;
  try {
    found = answer(text);
  } catch (error) {
    if (!(error instanceof PortRangeError)) throw error;
    throw new Failure(USAGE, {
      what: error.message,
      ways: ['write 80, 135-139, 53/udp or 22,80,443/tcp'],
    });
  }
  if (found !== undefined) return found;
  const role = roleNamed(text);
  if (role !== undefined) {
    throw new Failure(USAGE, {
      what: `“${text}” is a server role, no service`,
      ways: [`portreeve explain --role ${role.id}`],
    });
  }
  const guess = nearest(text.toLowerCase(), sameLengthFirst(text, allEntries()));
  throw new Failure(USAGE, {
    what: `nothing is known by the name “${text}”`,
    ways: [
      ...(guess === undefined ? [] : [`portreeve explain ${guess}, if that is what you meant`]),
      'portreeve explain --search with a word looks through all texts',
    ],
  });
}

/** Of words equally near, one of the same length is the likelier (letters swapped). */
function sameLengthFirst(
  typed: string,
  named: readonly { readonly id: string; readonly aliases: readonly string[] }[],
): string[] {
  const difference = (word: string) => Math.abs(word.length - typed.length);
  const names = named.flatMap(({ id, aliases }) => [id, ...aliases]);
  return names.sort((a, b) => difference(a) - difference(b));
}

function findRole(name: string): ReturnType<typeof allRoles>[number] {
  const role = roleNamed(name);
  if (role !== undefined) return role;
  const guess = nearest(name.toLowerCase(), sameLengthFirst(name, allRoles()));
  throw new Failure(USAGE, {
    what: `there is no server role “${name}”`,
    ways: [
      ...(guess === undefined
        ? []
        : [`portreeve explain --role ${guess}, if that is what you meant`]),
      'portreeve explain --roles lists them',
    ],
  });
}
