import { type LinktorError, toLinktorError } from '../../../lib/errors';
import type { JobListener, OutboxJob } from '../../../lib/outbox/index';
import { accountIds } from '../account/choose';
import { accountOf } from '../account/config-node';
import type { OutboxService } from '../account/outbox-service';
import type { Action } from '../define';
import type { Planned } from '../evaluate';
import { fenced } from '../fence';
import { toPort } from '../message';
import { outputsOf } from '../outputs';
import type { Msg, RED, RunningNode, Stored } from '../red';
import type { Shared } from '../shared';
import type { Status } from '../status';
import { described, mountAction } from './mount-action';
import { applyOutcome, ResultTarget } from './result';

/** Mount an action whose messages may wait in the outbox, and continue them after a restart of the process. */
export function mountKept(
  red: RED,
  node: RunningNode,
  definition: Planned<Action>,
  stored: Stored,
  shared: Shared,
): void {
  let sentAt: number | undefined;
  const boxes = new Outboxes(red, node);
  const show = (status: Status) => {
    const count = boxes.pending;
    if (count > 0) status.show('in_outbox', { count }, ['count']);
    else if (sentAt !== undefined) status.show('sent_at', { at: sentAt }, ['at']);
    else status.clear();
  };
  const report = fenced((problem: LinktorError, msg: Msg) => node.error(problem, msg));
  const status = mountAction(red, node, definition, stored, shared, show);
  const target = new ResultTarget(red, node, stored, definition.fields.result?.property ?? 'payload');
  const failed = (job: OutboxJob, problem: LinktorError) => {
    const msg = messageOf(job);
    status.show(definition.statusOf?.(problem) ?? problem.code, { at: Date.now() });
    if (stored.errorOutput !== true) return report(problem, msg);
    const port = outputsOf(definition, (name) => stored[name]).length;
    node.send(toPort(port, { ...msg, error: described(problem, node) }));
  };
  const sent = async (job: OutboxJob, result: Record<string, unknown>) => {
    const msg = messageOf(job);
    await applyOutcome(target, msg, { result });
    node.send(toPort(0, msg));
    sentAt = Date.now();
    show(status);
  };
  const problem = (found: LinktorError) => {
    status.show(found.code);
    report(found, {});
  };
  if (definition.mayReplace?.(stored)) for (const id of accountIds(stored)) resumeSubstitutes(red, id);
  boxes.open(accountIds(stored), shared, { sent, failed }, { changed: () => show(status), problem });
}

function resumeSubstitutes(red: RED, id: string): void {
  try {
    accountOf(red, { config: id }).substitutes().resume();
  } catch {
    // Problems of the account are reported with the first message.
  }
}

interface Told {
  /** another number of messages waits */
  changed(): void;
  problem(found: LinktorError): void;
}

/** The outboxes of the accounts that a node may use. */
class Outboxes {
  readonly #red: RED;
  readonly #node: RunningNode;
  /** by account */
  readonly #open = new Map<string, { outbox: OutboxService; release(): void }>();

  constructor(red: RED, node: RunningNode) {
    this.#red = red;
    this.#node = node;
  }

  get pending(): number {
    const counts = [...this.#open.values()].map(({ outbox }) => outbox.pending(this.#node.id));
    return counts.reduce((sum, count) => sum + count, 0);
  }

  open(ids: readonly string[], { flowStart, accountChanges }: Shared, listener: JobListener, told: Told): void {
    const [, ...others] = ids;
    const releases = new Set<() => void>();
    const register = (id: string) => {
      try {
        this.#register(id, listener, told);
      } catch (thrown) {
        const problem = toLinktorError(thrown);
        // Other problems of the account are reported with the first message.
        if (problem.code === 'storage') releases.add(flowStart.whenStarted(() => told.problem(problem)));
      }
    };
    for (const id of ids) register(id);
    // Node-RED itself restarts this node with its own account only.
    for (const id of others) releases.add(accountChanges.watch(id, () => register(id)));
    this.#node.on('close', (_removed, done) => {
      for (const release of releases) release();
      for (const { release } of this.#open.values()) release();
      done();
    });
  }

  #register(id: string, listener: JobListener, told: Told): void {
    const outbox = accountOf(this.#red, { config: id }).outbox();
    const known = this.#open.get(id);
    if (known?.outbox === outbox) return;
    known?.release();
    this.#open.delete(id);
    if (outbox) this.#open.set(id, { outbox, release: outbox.register(this.#node.id, listener, () => told.changed()) });
  }
}

/** Return the stored message, with the facts of its outbox job. */
function messageOf({ id, queued, attempts, carried, dropped }: OutboxJob): Msg {
  const before = typeof carried.linktor === 'object' ? carried.linktor : {};
  return {
    ...carried,
    outbox: { id, queued: new Date(queued).toISOString(), attempts },
    ...(dropped.length > 0 && { linktor: { ...before, dropped } }),
  };
}
