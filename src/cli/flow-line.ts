/**
 * A flow as one line of JSON, put together by hand: a capture can hold millions of flows, and
 * building an object with its thirty members for each takes ten times as long. A test holds it
 * against the columns of flow-columns.ts, character by character.
 */
import type { Counters } from '../model/flow.ts';
import type { ListedFlow } from '../pipeline/flows.ts';
import { safeJson } from '../report/escape.ts';
import { meanLength, serviceOf } from './flow-columns.ts';

/** With the line end. Only the locator holds text that others chose. */
export function flowLine(listed: ListedFlow): string {
  const { flow, confirmed, spoken } = listed;
  const { toServer, toClient, direction } = flow;
  return (
    `{"kind":"flow","transport":"${flow.transport}","client":"${flow.client}",` +
    `"clientPort":${flow.clientPort},"server":"${flow.server}","serverPort":${flow.serverPort},` +
    `"vlan":${flow.vlan ?? null},"packetsToServer":${toServer.packets},` +
    `"bytesToServer":${toServer.bytes},"packetsToClient":${toClient.packets},` +
    `"bytesToClient":${toClient.bytes},"firstMs":${flow.firstMs},"lastMs":${flow.lastMs},` +
    `"state":"${flow.state}","history":"${flow.history}","service":${textOrNull(serviceOf(listed))},` +
    `"spoken":${textOrNull(spoken)},` +
    `"direction":{"reason":"${direction.reason}","confidence":"${direction.confidence}"},` +
    `"confirmed":${textOrNull(confirmed)}${lengths(toServer, 'ToServer')}` +
    `${lengths(toClient, 'ToClient')},"retransmitted":${flow.retransmitted},` +
    `"icmpErrors":${flow.icmpErrors},"icmpError":${textOrNull(flow.icmpError ?? null)},` +
    `"innerVlan":${flow.innerVlan ?? null},"tunnel":${textOrNull(flow.tunnel ?? null)},` +
    `"tunnelId":${flow.tunnelId ?? null},"carriedPackets":${flow.carriedPackets},` +
    `"carriedBytes":${flow.carriedBytes},"locator":${safeJson(flow.locator)}}\n`
  );
}

/** Our own words need no escaping. */
function textOrNull(text: string | null): string {
  return text === null ? 'null' : `"${text}"`;
}

function lengths(counters: Counters, suffix: string): string {
  return (
    `,"payloadBytes${suffix}":${counters.payloadBytes},"minLength${suffix}":${counters.minLength},` +
    `"meanLength${suffix}":${meanLength(counters)},"maxLength${suffix}":${counters.maxLength}`
  );
}
