/** What an audit says of a comparison with an earlier log or time: verdict, facts, tables. */
import type { Newness } from '../analysis/audit/answer.ts';
import type { LogAudit } from '../pipeline/audit.ts';
import { counted, duration, isoTime } from '../report/numbers.ts';
import type { Fact, Verdict } from '../report/report.ts';
import type { Table } from '../report/table.ts';
import {
  IDLE_COLUMNS,
  NEW_CLIENT_COLUMNS,
  NEW_HOST_COLUMNS,
  NEW_REFUSAL_COLUMNS,
  NEW_SERVICE_COLUMNS,
  RULE_COLUMNS,
  timeText,
} from './audit-columns.ts';
import { cut, frame } from './audit-tables.ts';

type Compared = LogAudit & { readonly newness: Newness };

export function isCompared(audit: LogAudit): audit is Compared {
  return audit.newness !== null;
}

/** `New since old.log (2 d): 3 services, …`. */
export function newnessVerdict({ newness, before, sinceMs, notes }: Compared): Verdict {
  const { firstMs, lastMs } = newness.before;
  const span =
    firstMs !== null && lastMs !== null && lastMs > firstMs
      ? ` (${duration(lastMs - firstMs)})`
      : '';
  const past =
    sinceMs !== null
      ? timeText(sinceMs)
      : before.length > 1
        ? `${before.length} logs`
        : (before[0] ?? '');
  const { serviceCount, clientCount, hostCount, rules, refusedCount, idleCount } = newness;
  const parts = [
    ...(serviceCount > 0 ? [counted(serviceCount, 'service')] : []),
    ...(clientCount > 0 ? [`${counted(clientCount, 'inside client')} of known services`] : []),
    ...(hostCount > 0 ? [counted(hostCount, 'host')] : []),
    ...(rules.length > 0 ? [counted(rules.length, 'rule')] : []),
    ...(refusedCount > 0 ? [counted(refusedCount, 'refused conversation')] : []),
  ];
  const idle = idleCount > 0 ? `; ${counted(idleCount, 'service')} used no more` : '';
  const news = parts.length === 0 ? 'nothing' : parts.join(', ');
  const missing = notes.some((note) => note.missing);
  const isQuiet = parts.length === 0 && !missing;
  return {
    severity: isQuiet ? 'ok' : 'warning',
    text: `New since ${past}${span}: ${news}${idle}`,
  };
}

export function newnessFacts({ newness, before, linesBefore, sinceMs }: Compared): Fact[] {
  const { firstMs, lastMs, events } = newness.before;
  const name = before.length === 0 ? 'before' : 'earlier log';
  const times =
    firstMs === null || lastMs === null
      ? undefined
      : `${name} from ${isoTime(firstMs)} to ${isoTime(lastMs)}`;
  return [
    { key: 'before', value: before },
    { key: 'sinceMs', value: sinceMs },
    { key: 'linesBefore', value: linesBefore },
    { key: 'eventsBefore', value: events },
    { key: 'firstMsBefore', value: firstMs, ...(times === undefined ? {} : { text: times }) },
    { key: 'lastMsBefore', value: lastMs },
    { key: 'newServices', value: newness.serviceCount },
    { key: 'newClients', value: newness.clientCount },
    {
      key: 'newOutsideClients',
      value: newness.strangers,
      ...(newness.strangers > 0
        ? { text: `${counted(newness.strangers, 'new outside client')} of known services` }
        : {}),
    },
    { key: 'newHosts', value: newness.hostCount },
    {
      key: 'newNoiseHosts',
      value: newness.noiseHosts,
      ...(newness.noiseHosts > 0
        ? { text: `${counted(newness.noiseHosts, 'further new host')} in noise alone` }
        : {}),
    },
    { key: 'newRules', value: newness.rules.length },
    { key: 'newRefusals', value: newness.refusedCount },
    { key: 'idleServices', value: newness.idleCount },
  ];
}

export function newnessTables({ newness }: Compared, most: number): Table[] {
  const { services, serviceCount, clients, clientCount, hosts, hostCount } = newness;
  const { rules, refused, refusedCount, idle, idleCount } = newness;
  return [
    cut(
      frame('newServices', 'newService', 'NEW SERVICES', NEW_SERVICE_COLUMNS),
      ...([services, most, serviceCount] as const),
    ),
    cut(
      frame('newRefusals', 'newRefusal', 'NEWLY REFUSED', NEW_REFUSAL_COLUMNS),
      ...([refused, most, refusedCount] as const),
    ),
    cut(
      frame('newClients', 'newClient', 'NEW CLIENTS INSIDE OF KNOWN SERVICES', NEW_CLIENT_COLUMNS),
      ...([clients, most, clientCount] as const),
    ),
    cut(
      frame('newHosts', 'newHost', 'NEW HOSTS', NEW_HOST_COLUMNS),
      ...([hosts, most, hostCount] as const),
    ),
    cut(frame('newRules', 'newRule', 'NEW RULES', RULE_COLUMNS), rules, most),
    cut(
      frame('idleServices', 'idleService', 'USED BEFORE, NO MORE', IDLE_COLUMNS),
      ...([idle, most, idleCount] as const),
    ),
  ];
}
