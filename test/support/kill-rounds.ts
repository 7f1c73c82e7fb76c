import type { Sandbox } from '../../sandbox';
import { type Listener, until } from './red';
import { Restartable } from './restartable';

/** The moments at which the process is killed; {@link judged} defines the accepted outcomes. */
export const killSteps = [
  'asking',
  'waiting',
  'answered while down',
  'answering',
  'emitted',
  'form: first question',
  'form: between two questions',
  'form: second question',
  'form: last answer',
] as const;
export type KillStep = (typeof killSteps)[number];

/** An answer may be lost while it is emitted, and a question while it is sent. */
const mayBeLost: ReadonlySet<KillStep> = new Set(['asking', 'answering', 'form: last answer']);

export interface KillReport {
  /** kills at each step */
  rounds: Record<KillStep, number>;
  /** descriptions of answers that were lost where none may be lost, or emitted twice */
  faults: string[];
  /** the one documented loss: between the deletion of a record and its output */
  lost: number;
}

/** characters of Node-RED's output in a failure */
const MAX_SHOWN_OUTPUT = 2000;

const QUESTIONS: Record<'ask' | 'form', string[]> = { ask: ['How many?'], form: ['First?', 'Second?'] };

/** Nodes that ask, connected to a listener outside Node-RED, which survives every kill. */
function flowFor(sandbox: Sandbox, listener: Listener): object[] {
  const place = { z: 'tab', x: 100, y: 100 };
  const post = (id: string, path: string) => ({
    ...{ id, type: 'http request', ...place, method: 'POST', url: `${listener.url}/${path}/{{conversationId}}` },
    ...{ ret: 'txt', wires: [[]] },
  });
  const credentials = { apiKey: 'sandbox-key' };
  const fields = [
    { key: 'first', question: 'First?', kind: 'number', required: true },
    { key: 'second', question: 'Second?', kind: 'number', required: true },
  ];
  return [
    { id: 'tab', type: 'tab', label: 'test' },
    { id: 'account', type: 'linktor-config', baseUrl: sandbox.url, signIn: 'apiKey', discoverInterval: 1, credentials },
    { id: 'in', type: 'linktor-message-in', ...place, config: 'account', conversations: 'all', wires: [['others']] },
    post('others', 'others'),
    { id: 'do-ask', type: 'inject', ...place, props: [], wires: [['ask']] },
    { id: 'do-form', type: 'inject', ...place, props: [], wires: [['form']] },
    {
      ...{ id: 'ask', type: 'linktor-ask', ...place, config: 'account', kind: 'number', question: 'How many?' },
      ...{ questionType: 'str', wires: [['out'], [], []] },
    },
    {
      ...{ id: 'form', type: 'linktor-form', ...place, config: 'account', fields: JSON.stringify(fields) },
      wires: [['out'], [], []],
    },
    post('out', 'answer'),
  ];
}

/** Repeatedly kills a process with questions at every step of their life cycle. */
export class KillRounds {
  readonly #world: Restartable;
  readonly #conversations = new Map<KillStep, string>();
  readonly report: KillReport = {
    rounds: Object.fromEntries(killSteps.map((step) => [step, 0])) as Record<KillStep, number>,
    faults: [],
    lost: 0,
  };
  #serial = 1;

  private constructor(world: Restartable) {
    this.#world = world;
  }

  static async start(): Promise<KillRounds> {
    const world = await Restartable.start(flowFor);
    await world.shop.heard();
    return new KillRounds(world);
  }

  end(): Promise<void> {
    return this.#world.end();
  }

  /** Kill once, with one question at each step. @param afterMs milliseconds between the last action and the kill */
  async play(afterMs: number): Promise<void> {
    for (const step of killSteps) this.#conversations.set(step, await this.#newConversation());
    for (const step of killSteps) await until('the first message', () => this.#others(step) > 0);
    const of = (step: KillStep) => this.#conversations.get(step) ?? '';
    const begin = (step: KillStep) => this.#begin(step);
    for (const step of killSteps) if (step !== 'asking') await begin(step);
    await this.#answer('emitted');
    await until('the answer', () => this.#outputs('emitted') > 0);
    for (const step of ['form: second question', 'form: last answer'] as const) {
      await this.#answer(step);
      await this.#asked(step, 2);
    }
    const deeds = [begin('asking')].map((one) => one.catch(() => undefined));
    for (const step of ['answering', 'form: between two questions', 'form: last answer'] as const) {
      deeds.push(this.#answer(step));
    }
    await new Promise((resolve) => setTimeout(resolve, afterMs));
    await this.#world.red.program.end('SIGKILL');
    await Promise.all(deeds);
    await this.#answer('answered while down');
    await this.#world.restart();
    await this.#world.shop.heard();
    for (const step of killSteps) await this.#finish(step);
    for (const step of killSteps) this.#judge(step, of(step));
  }

  async #newConversation(): Promise<string> {
    const contact = { name: 'Somebody', phone: `+55119${String(this.#serial++).padStart(8, '0')}` };
    const { json } = await this.#world.shop.ask('POST', '/_sandbox/messages', { contact, text: 'Hello' });
    return String((json.data ?? json).conversationId);
  }

  /** Ask, and wait until the question is open; a question at the step `asking` is only started. */
  async #begin(step: KillStep): Promise<void> {
    const conversationId = this.#conversations.get(step);
    await this.#world.red.inject(step.startsWith('form') ? 'do-form' : 'do-ask', { conversationId });
    if (step !== 'asking') await this.#asked(step, 1);
  }

  async #asked(step: KillStep, count: number): Promise<void> {
    await until(`question ${count} (${step})`, async () => (await this.#questions(step)).length >= count);
  }

  async #questions(step: KillStep): Promise<string[]> {
    const { json } = await this.#world.shop.ask('GET', '/_sandbox/state');
    const sends = json.sends as { conversationId: string; text: string }[];
    return sends.filter((one) => one.conversationId === this.#conversations.get(step)).map(({ text }) => text);
  }

  async #answer(step: KillStep): Promise<void> {
    const conversationId = this.#conversations.get(step);
    await this.#world.shop.ask('POST', '/_sandbox/messages', { conversationId, text: '7' });
  }

  #outputs(step: KillStep): number {
    return this.#world.listener.heard.filter(({ path }) => path === `/answer/${this.#conversations.get(step)}`).length;
  }

  #others(step: KillStep): number {
    return this.#world.listener.heard.filter(({ path }) => path === `/others/${this.#conversations.get(step)}`).length;
  }

  /** Answer until the node emits it, or until the answers bypass the node because no question is open. */
  async #finish(step: KillStep): Promise<void> {
    const others = () => this.#others(step);
    const isOver = () => this.#outputs(step) > 0;
    if (step === 'answered while down') await this.#explained(step, until('the answer', isOver));
    for (let tries = 0; tries < 3 && !isOver(); tries++) {
      const [before, asked] = [others(), (await this.#questions(step)).length];
      await this.#answer(step);
      const hasMoved = async () => isOver() || others() > before || (await this.#questions(step)).length > asked;
      await this.#explained(step, until(`something to come of an answer (${step})`, hasMoved));
      if (others() > before) return;
    }
  }

  /** @throws the error of the wait, with the conversation and the end of Node-RED's output */
  async #explained(step: KillStep, wait: Promise<unknown>): Promise<void> {
    try {
      await wait;
    } catch (error) {
      const id = this.#conversations.get(step);
      const { json } = await this.#world.shop.ask('GET', `/conversations/${id}/messages?limit=50`);
      const said = (json.data as Record<string, unknown>[]).map(
        (one) => `${one.createdAt} ${one.direction} ${one.status} ${one.id}: ${one.text}`,
      );
      const heard = this.#world.listener.heard.flatMap(({ path }) => (path.endsWith(`/${id}`) ? [path] : []));
      const output = this.#world.red.output.slice(-MAX_SHOWN_OUTPUT);
      throw new Error([String(error), ...said.reverse(), ...heard, `Node-RED said:\n${output}`].join('\n'));
    }
  }

  #judge(step: KillStep, conversationId: string): void {
    const { rounds, faults } = this.report;
    rounds[step]++;
    const outputs = this.#outputs(step);
    if (outputs > 1) faults.push(`${step}: ${outputs} answers in ${conversationId}`);
    if (outputs === 0 && !mayBeLost.has(step)) faults.push(`${step}: the answer in ${conversationId} is lost`);
    if (outputs === 0 && step !== 'asking') this.report.lost++;
  }

  /** Check that no question was asked twice. Called after a round. */
  async checkQuestions(): Promise<void> {
    for (const step of killSteps) {
      const asked = await this.#questions(step);
      for (const words of QUESTIONS[step.startsWith('form') ? 'form' : 'ask']) {
        const count = asked.filter((text) => text === words).length;
        if (count > 1) this.report.faults.push(`${step}: "${words}" was asked ${count} times`);
      }
    }
  }
}
