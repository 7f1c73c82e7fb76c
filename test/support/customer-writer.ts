import type { Cluster } from './cluster';
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
      this.total++;
      const ahead = began + (count * 1000) / perSecond - Date.now();
      if (ahead > 0) await pause(ahead);
    }
  }

  /** Wait until all have come, and compare. A fault counts in the first judgement that finds it. */
  async judge(seconds = 60): Promise<Judgement> {
    const come = () => new Set(this.#numbers().map(({ place, number }) => `${place} ${number}`)).size;
    await until('all messages', () => come() >= this.total, seconds).catch(() => undefined);
    const seen = new Map<string, Map<number, string>>();
    const last = new Map<string, number>();
    const judgement: Judgement = { lost: 0, doubled: 0, disordered: 0, details: [] };
    const find = (what: Exclude<keyof Judgement, 'details'>, detail: string) => {
      if (this.#judged.has(detail)) return;
      this.#judged.add(detail);
      judgement[what]++;
      judgement.details.push(detail);
    };
    for (const { place, number, at } of this.#numbers()) {
      const own = seen.get(place) ?? new Map<number, string>();
      seen.set(place, own);
      const first = own.get(number);
      const before = last.get(place) ?? 0;
      if (first !== undefined) find('doubled', `${place} ${number}: by ${first}, and again by ${at}`);
      else if (number < before) find('disordered', `${place} ${number}: by ${at}, after ${before}`);
      own.set(number, at);
      last.set(place, Math.max(before, number));
    }
    for (const [place, count] of this.#written) {
      const own = seen.get(place);
      for (let number = 1; number <= count; number++) if (!own?.has(number)) find('lost', `${place} ${number}: lost`);
    }
    return judgement;
  }

  #numbers(): { place: string; number: number; at: string }[] {
    return this.#cluster.notes('said').flatMap(({ conversationId: place = '', text, at }) => {
      const [, number] = /^n (\d+)$/.exec(text) ?? [];
      return number === undefined ? [] : [{ place, number: Number(number), at }];
    });
  }
}
