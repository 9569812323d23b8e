/**
 * What people ask `explain`: `1433`, `135-139/tcp`, `udp/138`, `22,80`, or the name of a service,
 * ours or IANA's.
 */
import { entriesOnPorts, entryNamed, isWide, type PortQuery } from '../catalog/entries.ts';
import type { EntrySummary } from '../catalog/entry.ts';
import { servicePorts } from '../catalog/services.ts';
import { PortRangeError, parsePortRange } from '../net/port-range.ts';

const TRANSPORTS = ['tcp', 'udp', 'sctp', 'dccp'];

/** What one argument asks for. */
export interface Answer {
  readonly entries: readonly EntrySummary[];
  /** Asked for and in no entry of its own. Long ranges are not listed port by port. */
  readonly unlisted: readonly PortQuery[];
  /** Ports of long ranges that have no entry. */
  readonly passedOver: number;
}

/** Ranges up to this long are answered port by port. */
const PORT_BY_PORT = 16;

/**
 * Reads one argument. Undefined: it is the name of nothing known. Throws `PortRangeError` when it
 * begins like a port and is none.
 */
export function answer(text: string): Answer | undefined {
  const queries = portQueries(text);
  if (queries !== undefined) return join(queries.map(answerPorts));
  const entry = entryNamed(text);
  if (entry !== undefined) return { entries: [entry], unlisted: [], passedOver: 0 };
  const registered = servicePorts(text);
  if (registered.length === 0) return undefined;
  return join(
    registered.map(({ transport, port }) => answerPorts({ transport, first: port, last: port })),
  );
}

/** The ports meant by `22,80/tcp` and the like; undefined when the text is a name. */
function portQueries(text: string): PortQuery[] | undefined {
  const parts = text.trim().toLowerCase().split('/');
  const [first = '', second] = parts;
  const transport = TRANSPORTS.includes(first) ? first : second;
  const ports = TRANSPORTS.includes(first) ? second : first;
  if (ports === undefined || !/^\d/.test(ports) || /[a-z]/.test(ports)) return undefined;
  if (parts.length > 2) throw new PortRangeError(text, 'one slash at most, like 53/udp');
  if (transport !== undefined && !TRANSPORTS.includes(transport)) {
    throw new PortRangeError(text, `the transport is one of ${TRANSPORTS.join(', ')}`);
  }
  return ports.split(',').map((part) => ({
    ...parsePortRange(part),
    ...(transport === undefined ? {} : { transport }),
  }));
}

function answerPorts(query: PortQuery): Answer {
  const { first, last, transport } = query;
  const entries = entriesOnPorts(query);
  const unlisted: PortQuery[] = [];
  let passedOver = 0;
  for (let port = first; port <= last; port++) {
    const own = entries.some(({ ports }) =>
      ports.some(
        (each) =>
          port >= each.first &&
          port <= each.last &&
          !isWide(each.last - each.first) &&
          (transport === undefined || transport === each.transport),
      ),
    );
    if (own) continue;
    if (last - first < PORT_BY_PORT) unlisted.push({ ...query, first: port, last: port });
    else passedOver++;
  }
  return { entries, unlisted, passedOver };
}

/** All answers as one, every entry and port once. */
export function join(answers: readonly Answer[]): Answer {
  const unlisted = new Map<string, PortQuery>();
  for (const query of answers.flatMap((each) => each.unlisted)) {
    unlisted.set(`${query.first}/${query.transport ?? ''}`, query);
  }
  return {
    entries: [...new Set(answers.flatMap(({ entries }) => entries))],
    unlisted: [...unlisted.values()],
    passedOver: answers.reduce((sum, each) => sum + each.passedOver, 0),
  };
}
