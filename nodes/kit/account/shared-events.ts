import { LinktorError, messageOf, toLinktorError } from '../../../lib/errors';
import { type Ledger, storageProblemOf } from '../../../lib/ledger/index';
import type { Event } from '../../../lib/model';
import { type Delivery, type Realtime, SharedBus } from '../../../lib/realtime/index';
import { laneOf, type SharedStore } from '../../../lib/shared/index';
import { fenced } from '../fence';
import type { Instances } from './instances';
import { type Packed, Publishing, pack } from './publishing';

/** events that only the owner of the conversation's lane tells */
const LOCAL_EVENTS: ReadonlySet<string> = new Set(['conversation.idle']);

export interface SharedEventsParts {
  instances: Instances;
  /** an event is about to be delivered to the flows of this instance */
  onDelivery(delivery: Delivery): void;
  /** lanes come from another instance, or another one has changed who is in charge */
  refresh(): Promise<void>;
  log: { info(text: string): void; warn(text: string): void };
  /** @param act called once, when the flows have started @returns the function that cancels it */
  whenStarted(act: () => void): () => void;
}

/** The events of an account whose instances share them: from the connection of the leader through the lanes to the flows. */
export class SharedEvents {
  readonly bus: SharedBus;
  readonly #parts: SharedEventsParts;
  readonly #cancel: () => void;
  #store: SharedStore | undefined;
  #lead: Publishing | undefined;
  #isClosed = false;

  constructor(parts: SharedEventsParts) {
    const { log } = parts;
    this.#parts = parts;
    this.bus = new SharedBus({
      onDelivery: fenced(parts.onDelivery),
      onError: (error) => log.warn(toLinktorError(error).message),
    });
    this.#cancel = parts.whenStarted(fenced(() => this.#takePart()));
  }

  /** Make the connection of the leader, whose events go into the lanes. @param restart the connection is to be made anew */
  lead(make: (ledger: Ledger) => Realtime, restart: () => void): Realtime {
    const { instances, log } = this.#parts;
    const publishing = new Publishing(instances.lanes, restart);
    this.#lead?.end();
    this.#lead = publishing;
    const realtime = make(publishing.guarding(instances.leadersLedger));
    realtime.observe((delivery) => {
      // It is about this instance.
      if (delivery.event.connection) this.bus.deliver(delivery);
      else if (publishing.put(delivery) === 'refused') log.warn('an event was dropped: it cannot be written as JSON');
    });
    publishing.onFull = () => realtime.reportGap('overflow');
    publishing.accept = (event) => realtime.hand(event, 'webhook');
    publishing.drain();
    return realtime;
  }

  /** Make the connection of an instance that works alone: its events go to its own flows. */
  alone(make: () => Realtime): Realtime {
    const realtime = make();
    let turn = Promise.resolve();
    realtime.observe((delivery) => {
      turn = turn.then(() => this.bus.prepare(delivery)).then(() => this.bus.deliver(delivery));
    });
    return realtime;
  }

  /** The connection of the leader has ended. */
  resign(): void {
    this.#lead?.end();
    this.#lead = undefined;
  }

  /** Hand an event of a webhook to the leader. @throws LinktorError `storage` */
  async handIn(event: Event): Promise<void> {
    const { lanes } = await this.#parts.instances.open();
    if (!(await lanes.handIn(JSON.stringify(event)))) throw laneFull();
  }

  /** Tell an event of our own: in the lane of its conversation, once, whichever instances notice it. */
  announce(event: Event): void {
    this.#announce(event).catch((error: unknown) =>
      this.#parts.log.warn(`the event ${event.name} could not be passed on: ${messageOf(error)}`),
    );
  }

  async #announce(event: Event): Promise<void> {
    const { conversationId = '', name, original } = event;
    const isAlone = this.#parts.instances.alone.isSo;
    if (LOCAL_EVENTS.has(name) || isAlone) {
      if (isAlone || this.#store?.worker?.owns(laneOf(conversationId))) this.bus.announce(event);
      return;
    }
    const { since, from = since } = original as { since?: string; from?: string };
    const keys = from === undefined ? [] : [`a:${name}:${conversationId}:${from}`];
    const { lanes } = await this.#parts.instances.open();
    await lanes.publish(conversationId, keys, pack(this.bus.wrap(event)), true);
  }

  close(): void {
    this.#isClosed = true;
    this.#cancel();
    this.resign();
    this.bus.close();
  }

  #takePart(): void {
    const { instances, log, refresh } = this.#parts;
    instances.open().then(
      (store) => {
        if (this.#isClosed) return;
        this.#store = store;
        instances.takePart(store, {
          prepare: (text) => this.#prepare(text),
          held: () => this.bus.held,
          onGained: refresh,
          onHandedIn: () => this.#lead?.drain(),
          // A store that is away says so by its state.
          onProblem(error) {
            const { message, cause } = toLinktorError(error);
            if (storageProblemOf(error) === undefined) log.warn([message, cause.hint].filter(Boolean).join(' '));
          },
          onChange: () => instances.changed(),
          onOutdated: (isOutdated) => this.#outdated(isOutdated),
        });
      },
      (error: unknown) => log.warn(toLinktorError(error).message),
    );
  }

  /** During a rolling deploy the old instances stop. */
  #outdated(isOutdated: boolean): void {
    const { instances, log } = this.#parts;
    log.info(
      isOutdated
        ? 'another instance has nodes that this one lacks: events wait for it until the same flows are deployed here'
        : 'this instance has all nodes of the newest deploy',
    );
    instances.outdate(isOutdated).catch((error: unknown) => log.warn(toLinktorError(error).message));
  }

  async #prepare(text: string): Promise<() => void> {
    const delivery: Delivery = { ...(JSON.parse(text) as Packed), originalTaken: false };
    // Another instance may have noticed it.
    if (delivery.event.name.startsWith('takeover.')) await this.#parts.refresh();
    await this.bus.prepare(delivery);
    return () => this.bus.deliver(delivery);
  }
}

function laneFull(): LinktorError {
  return new LinktorError('storage', 'Too many events wait in the store that all instances share.', {
    retryable: true,
  });
}
