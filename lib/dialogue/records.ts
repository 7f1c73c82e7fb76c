import type { Entry, Ledger, Namespace } from '../ledger';
import { conversationTag, isRival, nodeTag, placeTagsOf, tagsOf } from './awaited';
import type { Dialogue } from './dialogue';

const KINDS = ['ask', 'form'] as const satisfies readonly Namespace[];

/** Nobody changes a dialogue that was read or stored: every change makes a new one. */
const SHARED = { mayShare: true } as const;

/** The dialogues of an account in its ledger. Most reads are promises, even with a synchronous engine. */
export class Records {
  readonly #ledger: Ledger;

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
  }

  /** Resolves when the record is as durable as the engine allows. @throws LinktorError `storage`, `rate_limit` */
  put(dialogue: Dialogue): Promise<void> {
    return this.#ledger.put(dialogue.kind, dialogue.id, dialogue, { ...optionsOf(dialogue), ...SHARED });
  }

  async get({ kind, id }: Pick<Dialogue, 'kind' | 'id'>): Promise<Dialogue | undefined> {
    return (await this.#ledger.get<Dialogue>(kind, id, SHARED))?.value;
  }

  /** @returns the dialogue of this id, of any kind */
  async byId(id: string): Promise<Dialogue | undefined> {
    const found = await Promise.all(KINDS.map((kind) => this.get({ kind, id })));
    return found.find((one) => one !== undefined);
  }

  /** @returns the record after the change; undefined when it has ended meanwhile */
  async change(
    { kind, id }: Pick<Dialogue, 'kind' | 'id'>,
    change: (dialogue: Dialogue) => Dialogue,
  ): Promise<Dialogue | undefined> {
    const changed = (value: Dialogue | undefined) => {
      if (!value) return undefined;
      const next = change(value);
      return { value: next, ...optionsOf(next) };
    };
    return (await this.#ledger.update<Dialogue>(kind, id, changed, SHARED))?.value;
  }

  /** @returns true for exactly one of several concurrent callers */
  end({ kind, id }: Pick<Dialogue, 'kind' | 'id'>): Promise<boolean> {
    return this.#ledger.delete(kind, id);
  }

  async all(): Promise<Dialogue[]> {
    const found = await Promise.all(KINDS.map(async (kind) => this.#ledger.list<Dialogue>(kind)));
    return found.flat().map(({ value }) => value);
  }

  /** Synchronous with a local engine, since it is called for every message. */
  inConversation(conversationId: string): Dialogue[] | Promise<Dialogue[]> {
    const tag = conversationTag(conversationId);
    const asks = this.#ledger.find<Dialogue>('ask', tag, SHARED);
    const forms = this.#ledger.find<Dialogue>('form', tag, SHARED);
    if (Array.isArray(asks) && Array.isArray(forms)) return valuesOf(asks, forms);
    return Promise.all([asks, forms]).then((found) => valuesOf(...found));
  }

  async ofNode(nodeId: string): Promise<Dialogue[]> {
    const found = await Promise.all(KINDS.map(async (kind) => this.#ledger.find<Dialogue>(kind, nodeTag(nodeId))));
    return found.flat().map(({ value }) => value);
  }

  /** @returns the dialogues that the same answer could be meant for */
  async rivalsOf(dialogue: Dialogue): Promise<Dialogue[]> {
    // All are requested before the first is awaited: a shared ledger is a round trip away.
    const asked: (Entry<Dialogue>[] | Promise<Entry<Dialogue>[]>)[] = [];
    for (const tag of placeTagsOf(dialogue)) {
      for (const kind of KINDS) asked.push(this.#ledger.find<Dialogue>(kind, tag, SHARED));
    }
    const found = new Map<string, Dialogue>();
    for (const entries of asked.every(isLocal) ? asked : await Promise.all(asked)) {
      for (const { value } of entries) if (value.id !== dialogue.id) found.set(value.id, value);
    }
    return [...found.values()].filter((one) => isRival(one, dialogue));
  }
}

function isLocal(entries: Entry<Dialogue>[] | Promise<Entry<Dialogue>[]>): entries is Entry<Dialogue>[] {
  return Array.isArray(entries);
}

function valuesOf(...found: Entry<Dialogue>[][]): Dialogue[] {
  const values: Dialogue[] = [];
  for (const entries of found) for (const { value } of entries) values.push(value);
  return values;
}

/** @returns the time of the next reminder, or the deadline */
export function dueOf({ reminders, deadline }: Dialogue): number {
  return Math.min(reminders[0] ?? deadline, deadline);
}

function optionsOf(dialogue: Dialogue): { due: number; tags: string[] } {
  return { due: dueOf(dialogue), tags: tagsOf(dialogue) };
}
