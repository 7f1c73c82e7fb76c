// Durable sends into many conversations, while the server fails and limits, and instances are killed.
import { dice } from './chaos-world';
import { type Cluster, noting } from './cluster';
import { until } from './red';

export interface KilledSendsSettings {
  sends: number;
  conversations: number;
  /** kills, one after the other, each of any instance; the first one is of the leader */
  kills: number;
  /** sends that arrive, or are told as failed, between two kills */
  between: number;
  /** what the server takes */
  limit: { perMinute: number; windowMs: number };
  /** share of the sends that fail at first */
  faulty: number;
  /** seconds for the sends between two kills, and for all that are left after the last one */
  seconds: number;
}

export interface KilledSends {
  stored: number;
  /** what the server has */
  sent: number;
  lost: number;
  doubled: number;
  disordered: number;
  /** codes of those told as failed */
  failed: string[];
  /** calls, and those among them that the server has refused as too many */
  calls: number;
  limited: number;
  kills: number;
}

const SEED = 7;
/** longest time between the return of an instance, or enough sends, and the next kill, in milliseconds */
const MAX_REST_MS = 2000;
/** until the next attempt after an instance has taken nothing, in milliseconds */
const REFUSED_MS = 200;
const pause = (milliseconds: number) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds));

/** The nodes that {@link killedSends} needs in the flow of the cluster, whose outbox is durable. */
export const sendingNodes = [
  { id: 'inject', type: 'inject', props: [], wires: [['send']] },
  { id: 'send', type: 'linktor-send', wires: [['sent']] },
  noting('sent', `{ what: 'sent', text: msg.payload }`),
  { id: 'complete', type: 'complete', scope: ['send'], wires: [['stored']] },
  noting('stored', `{ what: 'stored', text: msg.payload }`),
  { id: 'catch', type: 'catch', scope: ['send'], wires: [['failed']] },
  noting(
    'failed',
    `{ what: 'failed', text: msg.payload, code: msg.error.code + (msg.error.cause?.ambiguous ? ' ambiguous' : '') }`,
  ),
];

/** Send, kill and count. @param onKill told of each kill */
export async function killedSends(
  cluster: Cluster,
  { sends, conversations: places, kills, between, limit, faulty, seconds }: KilledSendsSettings,
  onKill = (_name: string, _sent: number) => {},
): Promise<KilledSends> {
  const luck = dice(SEED);
  const { names, shop } = cluster;
  const conversations: string[] = [];
  for (let index = 0; index < places; index++) {
    const contact = { name: `Customer ${index}`, phone: `+55119${String(index).padStart(8, '0')}` };
    conversations.push(await shop.customerWrites(contact, 'hello'));
  }
  const stored = () => new Set(cluster.notes('stored').map(({ text }) => text));
  const state = async () => (await shop.ask('GET', '/_sandbox/state')).json;
  const arrived = async () => ((await state()).sends as { text: string }[]).map(({ text }) => text);
  const endedOnes = async () => new Set([...(await arrived()), ...cluster.notes('failed').map(({ text }) => text)]);
  const open = async () => {
    const ended = await endedOnes();
    return [...stored()].filter((text) => !ended.has(text)).length;
  };
  const { requests, limited } = (await state()).counts;
  await shop.ask('POST', '/_sandbox/limit', limit);
  const anyone = () => names[Math.floor(luck() * names.length)] as string;

  /** The messages of one conversation, each once the one before it is stored. */
  const chain = async (conversationId: string) => {
    let own = 0;
    for (let number = 1; own < sends / places; number++) {
      const payload = `${conversationId} ${number}`;
      const isTaken = await cluster
        .red(anyone())
        .inject('inject', { conversationId, payload })
        .then(() => true)
        .catch(() => false);
      // One that was killed before it was stored was never promised, and may have been stored.
      if (isTaken) await until('it to be stored', () => stored().has(payload), 5).catch(() => undefined);
      else await pause(REFUSED_MS);
      if (stored().has(payload)) own++;
    }
  };
  let isOver = false;
  const failing = async () => {
    for (let planned = 0; !isOver; await pause(100)) {
      for (const due = (await arrived()).length * faulty; planned < due; planned++) {
        await shop.ask('POST', '/_sandbox/fail', fault(luck()));
      }
    }
  };
  const killing = async () => {
    for (let kill = 0; kill < kills; kill++) {
      // The server's limit is known by the first one.
      const due = places + kill * between;
      await until('sends between the kills', async () => (await endedOnes()).size >= due, seconds);
      // Not always in the midst of what leaves at once after a rest.
      await pause(luck() * MAX_REST_MS);
      const name = kill === 0 ? await cluster.leader() : anyone();
      await cluster.kill(name);
      onKill(name, (await arrived()).length);
      await cluster.restart(name);
    }
  };
  const faults = failing();
  try {
    await Promise.all([killing(), ...conversations.map(chain)]);
    await until('all sends', async () => (await open()) === 0, seconds).catch(() => undefined);
  } finally {
    isOver = true;
    await faults;
  }
  const at = await arrived();
  const last = new Map<string, number>();
  let disordered = 0;
  for (const [place = '', number] of at.map((text) => text.split(' '))) {
    if (Number(number) < (last.get(place) ?? 0)) disordered++;
    last.set(place, Number(number));
  }
  const { counts } = await state();
  return {
    ...{
      stored: stored().size,
      sent: at.length,
      lost: await open(),
      doubled: at.length - new Set(at).size,
      disordered,
    },
    ...{ failed: cluster.notes('failed').map(({ code = '' }) => code), kills },
    ...{ calls: counts.requests - requests, limited: counts.limited - limited },
  };
}

/** A failed send: refused for now, never arrived, or arrived without an answer. */
function fault(chance: number): object {
  const common = { method: 'POST', path: '/conversations/*/messages' };
  if (chance < 0.4) return { ...common, status: 503 };
  return chance < 0.7 ? { ...common, reset: true } : { ...common, after: true };
}
