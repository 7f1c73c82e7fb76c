import type { Cluster, Note } from './cluster';
import { until } from './red';

const pause = (milliseconds: number) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds));

export interface Judgement {
  lost: number;
  doubled: number;
  disordered: number;
  /** what was doubled or out of order */
  details: string[];
}

/** Writes messages of customers, numbered per conversation, and compares what flows were given. */
export class CustomerWriter {
  readonly #cluster: Cluster;
  readonly #conversations: string[] = [];
  readonly #written = new Map<string, number>();
  /** faults of earlier judgements */
  readonly #judged = new Set<string>();
  #isEnding = false;
  #running: Promise<void> | undefined;
  total = 0;
  /** what is being done to the instances; the details of a judgement name it */
  during = 'the start';
  readonly #during = new Map<string, string>();

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  async open(count: number): Promise<void> {
    for (let index = 0; index < count; index++) {
      const contact = { name: `Customer ${index}`, phone: `+55119${String(index).padStart(8, '0')}` };
      this.#conversations.push(await this.#cluster.shop.customerWrites(contact, 'hello'));
    }
    await until('the first messages', () => this.#cluster.notes('said').length >= count, 30);
  }

  start(perSecond: number, most = Number.POSITIVE_INFINITY): void {
    this.#running = this.#write(perSecond, most);
  }

  async finish(): Promise<void> {
    await this.#running;
  }

  async end(): Promise<void> {
    this.#isEnding = true;
    await this.#running;
  }

  async #write(perSecond: number, most: number): Promise<void> {
    const began = Date.now();
    for (let count = 0; count < most && !this.#isEnding; count++) {
      const conversationId = this.#conversations[count % this.#conversations.length] as string;
      const number = (this.#written.get(conversationId) ?? 0) + 1;
      await this.#cluster.shop.ask('POST', '/_sandbox/messages', { conversationId, text: `n ${number}` });
      this.#written.set(conversationId, number);
      this.#during.set(`${conversationId} ${number}`, `${this.during} (${clock(Date.now())})`);
      this.total++;
      const ahead = began + (count * 1000) / perSecond - Date.now();
      if (ahead > 0) await pause(ahead);
    }
  }

  /** @returns a function that tells whether flows have been given all that has been written so far */
  mark(): () => boolean {
    const written = new Map(this.#written);
    return () => {
      const told = new Set(this.#numbers().map(({ place, number }) => `${place} ${number}`));
      return [...written].every(([place, count]) => {
        for (let number = count; number > 0; number--) if (!told.has(`${place} ${number}`)) return false;
        return true;
      });
    };
  }

  /** Wait until all have come, and compare. A fault counts in the first judgement that finds it. */
  async judge(seconds = 60): Promise<Judgement> {
    await until('all messages', this.mark(), seconds).catch(() => undefined);
    const seen = new Map<string, Map<number, Note>>();
    const last = new Map<string, number>();
    const judgement: Judgement = { lost: 0, doubled: 0, disordered: 0, details: [] };
    const find = (what: Exclude<keyof Judgement, 'details'>, detail: string) => {
      if (this.#judged.has(detail)) return;
      this.#judged.add(detail);
      judgement[what]++;
      judgement.details.push(detail);
    };
    for (const { place, number, note } of this.#numbers()) {
      const own = seen.get(place) ?? new Map<number, Note>();
      seen.set(place, own);
      const first = own.get(number);
      const before = last.get(place) ?? 0;
      if (first !== undefined) find('doubled', `${this.#name(place, number)}: ${by(first)}, and again ${by(note)}`);
      else if (number < before) find('disordered', `${this.#name(place, number)}: ${by(note)}, after ${before}`);
      own.set(number, note);
      last.set(place, Math.max(before, number));
    }
    for (const [place, count] of this.#written) {
      const own = seen.get(place);
      for (let number = 1; number <= count; number++)
        if (!own?.has(number)) find('lost', `${this.#name(place, number)}: lost`);
    }
    return judgement;
  }

  #name(place: string, number: number): string {
    return `${place} ${number}, written during ${this.#during.get(`${place} ${number}`)}`;
  }

  #numbers(): { place: string; number: number; note: Note }[] {
    return this.#cluster.notes('said').flatMap((note) => {
      const [, number] = /^n (\d+)$/.exec(note.text) ?? [];
      return number === undefined ? [] : [{ place: note.conversationId ?? '', number: Number(number), note }];
    });
  }
}

const by = ({ at, when }: Note) => `by ${at} (${clock(when)})`;
const clock = (at: number) => new Date(at).toISOString().slice(11, 23);
